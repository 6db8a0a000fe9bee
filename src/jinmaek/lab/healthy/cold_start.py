"""A program whose files have to come from disk first."""

from __future__ import annotations

import mmap
import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.make.work import PAGE
from jinmaek.lab.readings import Readings

FILE = 192 * MIB
"""Every 16th page of it is looked at: 3,072 major faults and some."""


def load(line: Line, path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    memory = mmap.mmap(file, FILE, mmap.MAP_SHARED, mmap.PROT_READ)
    memory.madvise(mmap.MADV_RANDOM)
    line.tell("starting")
    line.wait()
    sum(memory[at] for at in range(0, FILE, 16 * PAGE))
    line.tell("started")
    while True:
        time.sleep(0.1)


def run(bench: Bench, readings: Readings) -> Answer:
    worker = start(bench, "jm-starter", load, written_file(bench, FILE))
    worker.hear()
    before = readings.before()
    worker.go_on()
    change = readings.during() - before
    return answer(
        change["vmstat.pgmajfault"] > 1000,
        "{faults} pages had to be read from disk for it, once",
        faults=(change["vmstat.pgmajfault"], "count"),
    )


EXPERIMENT = Experiment(
    name="healthy.cold-start",
    claim="Page faults that read from disk are no shortage where they happen once, at a start",
    how="A process starts to use a mapped file of 192 MiB that is not in the cache",
    run=run,
    needs=Needs(memory=FILE + 64 * MIB, disk=FILE),
    shows=("vmstat.pgmajfault", "vmstat.workingset_refault_file", "pressure_memory.some_total"),
    healthy=True,
)
