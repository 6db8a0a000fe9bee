"""Swap has no more room, and pages still want to go there."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import start_in
from jinmaek.lab.make.storage import swap_file
from jinmaek.lab.make.swapping import work_in_full
from jinmaek.lab.readings import Readings

MOST = 320 * MIB
LIMIT = 80 * MIB
SWAP = 192 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    path, _ = swap_file(bench, SWAP)
    group = cgroups.memory(bench, LIMIT)
    worker = start_in(bench, [group], "jm-swapper", work_in_full, path, MOST)
    worker.hear(60)
    readings.before()
    worker.go_on()
    time.sleep(2)
    during = readings.during()
    used = 1 - during["meminfo.SwapFree"] / during["meminfo.SwapTotal"]
    return answer(
        used > 0.9,
        "{used} of {total} of swap are in use while a process works in it",
        used=(used, "ratio"),
        total=(during["meminfo.SwapTotal"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.swap-full",
    claim="Swap that is full while pages still leave for it is a danger",
    how="In a cgroup of 80 MiB a process takes memory until a swap file of 192 MiB is 95 % full, and works "
    "in it",
    run=run,
    needs=Needs(root=True, memory=384 * MIB, disk=2 * SWAP, cgroups=("memory",)),
    shows=("meminfo.SwapTotal", "meminfo.SwapFree", "vmstat.pswpin", "vmstat.pswpout"),
    expects=(Expected("swap.full", "jm-swapper"),),
    allows=(
        "swap.active",
        "memory.thrashing",
        "cgroup.memory-thrashing",
        "cgroup.memory-near-limit",
        "load.blocked-on-disk",
        "disk.saturated",
    ),
)
