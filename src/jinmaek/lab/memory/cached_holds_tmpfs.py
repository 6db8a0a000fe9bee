"""Not all that counts as cached can be given back."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import cached, fill, forget
from jinmaek.lab.make.storage import tmpfs
from jinmaek.lab.readings import Readings

SIZE = 256 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    folder = tmpfs(bench, 2 * SIZE)
    before = readings.before()
    fill(f"{folder}/file", SIZE)
    forget(f"{folder}/file")
    change = readings.take("file written") - before
    kept = cached(f"{folder}/file")
    readings.during()
    cache, shmem, left = (change[f"meminfo.{name}"] for name in ("Cached", "Shmem", "MemAvailable"))
    return answer(
        kept < SIZE / 2 or shmem < SIZE / 2,
        "a file of {size} in tmpfs changed Cached by {cache}, Shmem by {shmem} and MemAvailable by {left}; "
        "asked to drop it, the kernel kept {kept}: 'used minus buffers and cached' does not see it",
        size=(SIZE, "bytes"),
        cache=(cache, "bytes"),
        shmem=(shmem, "bytes"),
        left=(left, "bytes"),
        kept=(kept, "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.cached-holds-tmpfs",
    chapter=4,
    claim="The line -/+ buffers/cache tells what is really in use: all of buffers and cached can be given "
    "back",
    how="A file of 256 MiB is written to a tmpfs, and the kernel is asked to drop it from the cache",
    run=run,
    usual="does not hold",
    needs=Needs(root=True, memory=SIZE + 64 * MIB),
    shows=("meminfo.MemAvailable", "meminfo.Cached", "meminfo.Shmem", "meminfo.AnonPages"),
)
