"""A program whose files do not fit under its cgroup's limit."""

from __future__ import annotations

import mmap
import os
import random
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.make.work import PAGE
from jinmaek.lab.readings import Readings, count
from jinmaek.lab.tasks import counted

LIMIT = 48 * MIB
FILE = 256 * MIB
WATCHED = 2.0


def look_up(line: Line, path: str) -> None:
    """Read bytes of a mapped file in random order, for ever."""
    file = os.open(path, os.O_RDONLY)
    memory = mmap.mmap(file, FILE, mmap.MAP_SHARED, mmap.PROT_READ)
    memory.madvise(mmap.MADV_RANDOM)
    chance = random.Random(1)  # noqa: S311 - an order of pages, no secret
    line.tell("looking up")
    pages, whole = FILE // PAGE, 0
    while True:
        whole += memory[chance.randrange(pages) * PAGE]


def run(bench: Bench, readings: Readings) -> Answer:
    path = written_file(bench, FILE)
    group = cgroups.memory(bench, LIMIT)
    before = readings.before()
    worker = start_in(bench, [group], "jm-lookup", look_up, path)
    worker.hear()
    time.sleep(2)
    first = counted(worker.pid, "majflt")["majflt"].value or 0
    time.sleep(WATCHED)
    faults = (counted(worker.pid, "majflt")["majflt"].value or 0) - first
    change = readings.during(**{"major faults of jm-lookup": count(faults)}) - before
    return answer(
        faults > 100,
        "{faults} pages had to be read from disk in {time}, {back} of the host's evicted pages came back",
        faults=(faults, "count"),
        time=(WATCHED, "seconds"),
        back=(change["vmstat.workingset_refault_file"], "count"),
    )


EXPERIMENT = Experiment(
    name="conditions.cgroup-thrashing",
    claim="A cgroup's limit can make a program wait for its own files again and again",
    how="A process looks up bytes of a mapped file of 256 MiB in random order, in a cgroup of 48 MiB",
    run=run,
    needs=Needs(root=True, memory=256 * MIB, disk=FILE, cgroups=("memory",)),
    shows=("vmstat.workingset_refault_file", "vmstat.pgmajfault", "pressure_memory.some_total"),
    expects=(Expected("cgroup.memory-thrashing", "jm-lookup"),),
    allows=("memory.thrashing", "load.blocked-on-disk", "disk.saturated", "cgroup.memory-near-limit"),
)
