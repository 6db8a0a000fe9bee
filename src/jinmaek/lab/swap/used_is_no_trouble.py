"""Swap in use tells of a shortage once, not of one now."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.swapping import swapped_out
from jinmaek.lab.readings import Readings
from jinmaek.lab.tasks import counted

SIZE = 160 * MIB
LIMIT = 48 * MIB
SWAP = 256 * MIB
WATCHED = 3.0


def run(bench: Bench, readings: Readings) -> Answer:
    worker = swapped_out(bench, SIZE, LIMIT, swap=SWAP)
    time.sleep(1)
    before = readings.before(**counted(worker.pid, "majflt"))
    began = time.monotonic()
    time.sleep(WATCHED)
    during = readings.during(**counted(worker.pid, "majflt"))
    change, took = during - before, time.monotonic() - began
    used = during["meminfo.SwapTotal"] - during["meminfo.SwapFree"]
    return answer(
        change["majflt"] > 10,
        "{used} of swap are in use; in {took} its owner waited {faults} times for a page of it, {pages} "
        "pages went in or out, and threads of the host waited for memory for {waited} of the time, with "
        "{left} available",
        used=(used, "bytes"),
        took=(took, "seconds"),
        faults=(change["majflt"], "count"),
        pages=(change["vmstat.pswpin"] + change["vmstat.pswpout"], "count"),
        waited=(change["pressure_memory.some_total"] / took, "ratio"),
        left=(during["meminfo.MemAvailable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="swap.used-is-no-trouble",
    chapter=5,
    claim="That swap is used at all means that the system has a problem with memory",
    how="A process fills 160 MiB in a cgroup of 48 MiB, and then does nothing more",
    run=run,
    usual="does not hold",
    needs=Needs(
        root=True, memory=256 * MIB, disk=2 * SWAP, cgroups=("memory",), files=("/proc/pressure/memory",)
    ),
    shows=(
        "meminfo.SwapTotal",
        "meminfo.SwapFree",
        "meminfo.MemAvailable",
        "vmstat.pswpin",
        "vmstat.pswpout",
        "pressure_memory.some_total",
    ),
    explains=("swap.stale",),
    healthy=True,
)
