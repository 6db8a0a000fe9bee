"""An idle io_uring waiter that counts as waiting for I/O."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.uring import wait_for_pipe
from jinmaek.lab.readings import Readings, read

COUNT = 2


def wait_for_ever(line: Line) -> None:
    reading, _ = os.pipe()
    wait_for_pipe(reading, lambda: line.tell("waiting"))


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    for worker in [
        start(bench, "jm-uring", wait_for_ever) for _ in range(COUNT * len(os.sched_getaffinity(0)))
    ]:
        worker.hear()
    names = ("stat_cpu.iowait", "uptime.uptime")
    first = read(names)
    readings.observe()
    last = read(names)
    change = readings.take("during") - before
    waited = ((last[names[0]].value or 0) - (first[names[0]].value or 0)) / (
        (last[names[1]].value or 0) - (first[names[1]].value or 0) or 1
    )
    return answer(
        None if waited < 0.05 else True,
        "processes that wait for a pipe through io_uring made iowait {waited} CPUs, and procs_blocked "
        "changed by {blocked}; no disk had anything to do for them",
        waited=(waited, "count"),
        blocked=(change["stat.procs_blocked"], "count"),
    )


EXPERIMENT = Experiment(
    name="conditions.iowait-phantom",
    claim="iowait can be high though nobody waits for a disk",
    how="Processes wait for an empty pipe through io_uring",
    run=run,
    needs=Needs(files=("/proc/sys/kernel/io_uring_disabled",)),
    shows=("stat_cpu.iowait", "stat.procs_blocked", "pressure_io.some_total"),
    explains=("cpu.iowait-phantom",),
    healthy=True,
)
