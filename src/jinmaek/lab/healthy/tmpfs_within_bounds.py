"""Much in tmpfs, and no more comes."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import fill
from jinmaek.lab.make.storage import tmpfs
from jinmaek.lab.readings import Readings

SIZE = 1536 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    folder = tmpfs(bench, SIZE + MIB)
    before = readings.before()
    fill(f"{folder}/file", SIZE)
    change = readings.during() - before
    return answer(
        change["meminfo.Shmem"] > SIZE * 0.9,
        "Shmem changed by {shmem}, and {left} are available",
        shmem=(change["meminfo.Shmem"], "bytes"),
        left=(readings.taken[-1]["meminfo.MemAvailable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.tmpfs-within-bounds",
    claim="Much memory in tmpfs is no trouble as long as it does not grow",
    how="A file of 1.5 GiB lies in a tmpfs",
    run=run,
    needs=Needs(root=True, memory=SIZE + 64 * MIB),
    shows=("meminfo.Shmem", "meminfo.MemAvailable"),
    healthy=True,
)
