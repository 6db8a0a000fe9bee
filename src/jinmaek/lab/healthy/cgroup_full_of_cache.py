"""A cgroup at its memory limit, all of it cache."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.storage import sparse_file
from jinmaek.lab.readings import Readings, share

LIMIT = 192 * MIB
FILE = 8192 * MIB


def read(line: Line, path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    at = 0
    while True:
        got = len(os.pread(file, MIB, at))
        at = at + got if got else 0
        if at == 2 * LIMIT:
            line.tell("full")


def run(bench: Bench, readings: Readings) -> Answer:
    group = cgroups.memory(bench, LIMIT)
    start_in(bench, [group], "jm-backup", read, sparse_file(bench, FILE)).hear()
    used = cgroups.memory_used(group) / LIMIT
    readings.during(**{"used of the limit": share(used)})
    return answer(
        used > 0.95,
        "{used} of {limit} are used, {cache} of it by cache",
        used=(used, "ratio"),
        limit=(LIMIT, "bytes"),
        cache=(cgroups.statistic(group, "file", "cache"), "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.cgroup-full-of-cache",
    claim="A cgroup that reads files is always at its limit, and lacks nothing",
    how="In a cgroup of 192 MiB a process reads a file of zeros of 8 GiB through",
    run=run,
    needs=Needs(root=True, memory=LIMIT + 64 * MIB, cgroups=("memory",)),
    shows=("vmstat.workingset_refault_file", "pressure_memory.some_total"),
    healthy=True,
)
