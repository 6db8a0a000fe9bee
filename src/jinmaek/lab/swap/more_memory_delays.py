"""More memory makes a leak last longer, and no more."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in, until
from jinmaek.lab.make.work import anonymous, touch
from jinmaek.lab.readings import Readings, seconds
from jinmaek.lab.sentence import say

SMALL, LARGE = 48 * MIB, 96 * MIB
STEP = MIB
EVERY = 0.05


def leak(line: Line) -> None:
    held = []
    line.wait()
    while True:
        memory = anonymous(STEP)
        touch(memory)
        held.append(memory)
        time.sleep(EVERY)


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    workers = [
        start_in(bench, [cgroups.memory(bench, limit, swap=False)], "jm-leaker", leak)
        for limit in (SMALL, LARGE)
    ]
    began = time.monotonic()
    for worker in workers:
        worker.go_on()
    lasted = []
    for worker in workers:
        until(lambda worker=worker: worker.state in "ZX", 30, say("the end of a process"))  # type: ignore[misc]
        lasted.append(time.monotonic() - began)
    during = readings.during(
        **{"lasted in 48 MiB": seconds(lasted[0]), "lasted in 96 MiB": seconds(lasted[1])}
    )
    return answer(
        lasted[1] > 1.5 * lasted[0] and (during - before)["vmstat.oom_kill"] >= 2,
        "a leak of {rate} lasted {first} in {small} and {second} in {large}, and was killed in both",
        rate=(STEP / EVERY, "bytes/s"),
        first=(lasted[0], "seconds"),
        small=(SMALL, "bytes"),
        second=(lasted[1], "seconds"),
        large=(LARGE, "bytes"),
    )


EXPERIMENT = Experiment(
    name="swap.more-memory-delays",
    chapter=5,
    claim="Adding memory does not mend a leak, it only puts off when it shows",
    how="The same leak is started in a cgroup of 48 MiB and in one of 96 MiB",
    run=run,
    needs=Needs(root=True, memory=SMALL + LARGE + 64 * MIB, cgroups=("memory",)),
    shows=("vmstat.oom_kill", "meminfo.MemAvailable"),
    expects=(Expected("memory.oom-kill", "jm-leaker"),),
    allows=("cgroup.memory-near-limit", "cgroup.memory-thrashing"),
)
