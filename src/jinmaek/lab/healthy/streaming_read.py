"""A file larger than RAM is read through, once."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.reading import MIB
from jinmaek.lab.make.storage import sparse_file
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings


def read(line: Line, path: str) -> None:
    """Read from the beginning to the end, and again: the end of the file is never met while it is watched."""
    file = os.open(path, os.O_RDONLY)
    line.tell("reading")
    at = 0
    while True:
        got = len(os.pread(file, 4 * MIB, at))
        at = at + got if got else 0


def run(bench: Bench, readings: Readings) -> Answer:
    path = sparse_file(bench, figure("MemTotal") * 2)
    before = readings.before()
    start(bench, "jm-stream", read, path).hear()
    change = readings.during() - before
    return answer(
        True,
        "the cache changed by {cached}, and {stolen} pages of it were reclaimed",
        cached=(change["meminfo.Cached"], "bytes"),
        stolen=(change["vmstat.pgsteal_kswapd"], "count"),
    )


EXPERIMENT = Experiment(
    name="healthy.streaming-read",
    claim="Reading more than fits into RAM turns the cache over and hurts nobody",
    how="A file of zeros twice the size of RAM, which takes no disk, is read through",
    run=run,
    seconds=60,
    shows=("meminfo.MemFree", "meminfo.MemAvailable", "meminfo.Cached", "vmstat.pgsteal_kswapd"),
    healthy=True,
)
