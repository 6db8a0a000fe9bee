"""Reading a file uses free memory, and takes none away."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import read_through
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.memory_now import others_moved
from jinmaek.lab.readings import Readings

SIZE = 512 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    path = written_file(bench, SIZE)
    before = readings.before()
    read_through(path)
    change = readings.take("file read") - before
    readings.during()
    cache, free, left = (change[f"meminfo.{name}"] for name in ("Cached", "MemFree", "MemAvailable"))
    return answer(
        None if others_moved(change, SIZE / 4) else cache > 0.8 * SIZE and left > -SIZE / 4,
        "reading a file of {size} changed Cached by {cache}, MemFree by {free} and MemAvailable by {left}",
        size=(SIZE, "bytes"),
        cache=(cache, "bytes"),
        free=(free, "bytes"),
        left=(left, "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.read-fills-cache",
    chapter=4,
    claim="The kernel uses free memory to keep what was read from disk, and it can still be had by programs",
    how="A file of 512 MiB is read from disk once",
    run=run,
    needs=Needs(memory=SIZE, disk=SIZE),
    shows=(
        "meminfo.MemFree",
        "meminfo.MemAvailable",
        "meminfo.Cached",
        "meminfo.Buffers",
        "meminfo.AnonPages",
        "vmstat.pgpgin",
    ),
)
