"""Contents of files are Cached; what the file system keeps about them is Buffers."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import cached, fill, read_through
from jinmaek.lab.make.storage import ext4_image, mounted
from jinmaek.lab.make.work import make_files
from jinmaek.lab.readings import Readings

IMAGE = 256 * MIB
CONTENT = 96 * MIB
FOLDERS, FILES = 100, 150


def run(bench: Bench, readings: Readings) -> Answer:
    image = ext4_image(bench, IMAGE)
    folder, _, number = mounted(bench, image)
    fill(f"{folder}/content", CONTENT)
    make_files(folder, FOLDERS, FILES)
    bench.undo(number)  # what was in the cache of it goes with the mount
    folder, _, _ = mounted(bench, image)
    start = readings.before()
    read_through(f"{folder}/content")
    contents = readings.take("file read") - start
    kept = cached(f"{folder}/content")
    between = readings.taken[-1]
    seen = sum(
        os.stat(f"{parent}/{name}").st_size >= 0 for parent, _, names in os.walk(folder) for name in names
    )
    metadata = readings.during() - between
    return answer(
        contents["meminfo.Buffers"] < CONTENT / 10
        and kept > 0.9 * CONTENT
        and metadata["meminfo.Buffers"] > 2 * MIB,
        "reading a file of {size} left {kept} of it in Cached and added {first} to Buffers; looking at "
        "{count} files without reading them added {second} to Buffers",
        size=(CONTENT, "bytes"),
        kept=(kept, "bytes"),
        first=(contents["meminfo.Buffers"], "bytes"),
        count=seen,
        second=(metadata["meminfo.Buffers"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.buffers-are-metadata",
    chapter=4,
    claim="cached is the contents of files; buffers is what the kernel reads to manage the file system",
    how="On a file system of its own a file of 96 MiB is read, then all of 15,000 small files are looked at",
    run=run,
    needs=Needs(root=True, memory=2 * IMAGE, disk=IMAGE, tools=("mkfs.ext4",)),
    shows=("meminfo.Buffers", "meminfo.Cached", "meminfo.SReclaimable"),
)
