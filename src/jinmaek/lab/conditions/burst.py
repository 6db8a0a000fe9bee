"""Demand that shot up, made the host swap, and came back."""

from __future__ import annotations

import time
from collections.abc import Mapping

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.storage import swap_file
from jinmaek.lab.make.work import anonymous, touch
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings
from jinmaek.lab.tasks import status

LIMIT = 320 * MIB
DEMAND = 448 * MIB
SWAP = 384 * MIB
WINDOW = 18.0


def burst(line: Line) -> None:
    line.tell("quiet")
    while True:
        time.sleep(6)
        with anonymous(DEMAND) as memory:
            touch(memory)
            time.sleep(2)
        time.sleep(WINDOW)


def limits() -> Mapping[str, float]:
    """A window of 18 s and a peak of 128 MiB."""
    return {"memory.burst.window": WINDOW, "memory.burst.rise": 128 * MIB / figure("MemTotal")}


def run(bench: Bench, readings: Readings) -> Answer:
    swap_file(bench, SWAP)
    group = cgroups.memory(bench, LIMIT)
    worker = start_in(bench, [group], "jm-burster", burst)
    worker.hear()
    before = readings.before(**status(worker.pid, "RssAnon", "VmSwap"))
    readings.observe()
    during = readings.take("during", **status(worker.pid, "RssAnon", "VmSwap"))
    out = (during - before)["vmstat.pswpout"]
    return answer(
        True if out > 10_000 else None,
        "{pages} pages left for swap, and {held} are held by the process now",
        pages=(out, "count"),
        held=(during["RssAnon"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.burst",
    claim="Demand for memory that comes back is no leak, but may have hurt",
    how="A process takes 448 MiB for 2 s in a cgroup of 320 MiB; the look remembers 18 s",
    run=run,
    seconds=90,
    span=20.0,
    needs=Needs(root=True, memory=DEMAND + 64 * MIB, disk=2 * SWAP, cgroups=("memory",)),
    shows=("meminfo.AnonPages", "meminfo.SwapFree", "vmstat.pswpout"),
    expects=(Expected("memory.burst", "jm-burster"),),
    allows=("memory.thrashing", "swap.active", "cgroup.memory-thrashing", "cgroup.memory-near-limit"),
    limits=limits,
)
