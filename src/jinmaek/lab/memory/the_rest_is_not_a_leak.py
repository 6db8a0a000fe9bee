"""Memory of no process need not be a leak of the slab."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import fill
from jinmaek.lab.make.storage import tmpfs
from jinmaek.lab.memory_now import others_moved
from jinmaek.lab.readings import Readings

SIZE = 256 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    folder = tmpfs(bench, 2 * SIZE)
    before = readings.before()
    fill(f"{folder}/file", SIZE)
    change = readings.take("file written") - before
    readings.during()
    held, slab = change["meminfo.Shmem"], change["meminfo.Slab"]
    mapped = change["meminfo.AnonPages"] + change["meminfo.Mapped"]
    return answer(
        None if others_moved(change, SIZE / 4) else held < SIZE / 2 or slab > SIZE / 2,
        "a file of {size} in tmpfs took {held} that no process has mapped (their memory changed by "
        "{mapped}), and the slab changed by {slab}: the sum is missing the file, nothing leaks",
        size=(SIZE, "bytes"),
        held=(held, "bytes"),
        mapped=(mapped, "bytes"),
        slab=(slab, "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.the-rest-is-not-a-leak",
    chapter=4,
    claim="When the memory of all processes does not add up to what is used, the slab leaks",
    how="A file of 256 MiB is written to a tmpfs and closed",
    run=run,
    usual="does not hold",
    needs=Needs(root=True, memory=SIZE + 64 * MIB),
    shows=("meminfo.MemAvailable", "meminfo.AnonPages", "meminfo.Mapped", "meminfo.Slab", "meminfo.Shmem"),
)
