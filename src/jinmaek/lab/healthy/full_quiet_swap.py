"""Swap full to the brim, and nobody asks for what is in it."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import start_in
from jinmaek.lab.make.storage import swap_file
from jinmaek.lab.make.swapping import fill_swap
from jinmaek.lab.readings import Readings

MOST = 256 * MIB
LIMIT = 64 * MIB
SWAP = 144 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    path, _ = swap_file(bench, SWAP)
    group = cgroups.memory(bench, LIMIT)
    start_in(bench, [group], "jm-swapper", fill_swap, path, MOST).hear(60)
    time.sleep(1)
    during = readings.during()
    used = 1 - during["meminfo.SwapFree"] / during["meminfo.SwapTotal"]
    return answer(
        used > 0.9,
        "{used} of {total} of swap are in use, with {left} of memory available",
        used=(used, "ratio"),
        total=(during["meminfo.SwapTotal"], "bytes"),
        left=(during["meminfo.MemAvailable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.full-quiet-swap",
    claim="Swap that is full and quiet is full of what nobody uses",
    how="In a cgroup of 64 MiB a process takes memory until a swap file of 144 MiB is 95 % full, and then "
    "sleeps",
    run=run,
    needs=Needs(root=True, memory=256 * MIB, disk=2 * SWAP, cgroups=("memory",)),
    shows=(
        "meminfo.SwapTotal",
        "meminfo.SwapFree",
        "meminfo.MemAvailable",
        "vmstat.pswpin",
        "vmstat.pswpout",
    ),
    explains=("swap.stale",),
    healthy=True,
)
