"""The cache is on two lists: what was used more than once is active."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import read_through
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.readings import Readings

SIZE = 256 * MIB
GENERATIONS = "/sys/kernel/mm/lru_gen/enabled"


def run(bench: Bench, readings: Readings) -> Answer:
    path = written_file(bench, SIZE)
    before = readings.before()
    read_through(path)
    once = readings.take("first read") - before
    for _ in range(2):
        read_through(path)
    more = readings.during() - before
    first, then = once["meminfo.Active_file"], more["meminfo.Active_file"]
    return answer(
        None if os.path.exists(GENERATIONS) else then - first < SIZE / 2,
        "a file of {size} added {inactive} to Inactive(file) and {active} to Active(file) when it was read "
        "once, {inactive_then} and {active_then} when it was read three times",
        size=(SIZE, "bytes"),
        inactive=(once["meminfo.Inactive_file"], "bytes"),
        active=(first, "bytes"),
        inactive_then=(more["meminfo.Inactive_file"], "bytes"),
        active_then=(then, "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.cache-is-active-too",
    chapter=4,
    claim="Inactive(file) is what the kernel uses for I/O: buffers and cached belong there",
    how="A file of 256 MiB is read once, then twice more",
    run=run,
    usual="does not hold",
    needs=Needs(memory=SIZE + 64 * MIB, disk=SIZE),
    shows=("meminfo.Active_file", "meminfo.Inactive_file", "meminfo.Cached"),
)
