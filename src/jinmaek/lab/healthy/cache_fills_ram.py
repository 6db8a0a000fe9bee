"""RAM full of cache."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import MIB, forget
from jinmaek.lab.make.storage import sparse_file
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings

LEFT = 0.08
"""Of RAM that stays free."""


def run(bench: Bench, readings: Readings) -> Answer:
    whole = figure("MemTotal")
    path = sparse_file(bench, 2 * whole)
    before = readings.before()
    room = bytearray(4 * MIB)
    with open(path, "rb", buffering=0) as file:
        # Page by page: for large folios the kernel would reclaim cache long before all memory is in use.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        while figure("MemFree") > whole * LEFT and file.readinto(room):
            pass
    filled = readings.take("filled")
    readings.observe()
    free = filled["meminfo.MemFree"] / whole
    left = filled["meminfo.MemAvailable"] - before["meminfo.MemAvailable"]
    forget(path)
    return answer(
        free < 0.15 and left > -whole * 0.2,
        "{free} of RAM are free, {cached} are cache, and MemAvailable changed by {left}",
        free=(free, "ratio"),
        cached=(filled["meminfo.Cached"], "bytes"),
        left=(left, "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.cache-fills-ram",
    claim="That hardly any memory is free is no shortage where the cache has it",
    how="A file of zeros that takes no disk is read until 8 % of RAM are free",
    run=run,
    seconds=80,
    shows=("meminfo.MemFree", "meminfo.MemAvailable", "meminfo.Cached"),
    needs=Needs(),
    explains=("memory.cache-heavy",),
    healthy=True,
)
