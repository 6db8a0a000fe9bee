"""Files in memory that grow."""

from __future__ import annotations

import time
from collections.abc import Mapping

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.storage import tmpfs
from jinmaek.lab.make.work import stay
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings

SIZE = 1024 * MIB
BEGIN = 384 * MIB
WINDOW = 18.0


def write(line: Line, folder: str) -> None:
    block = bytes(MIB)
    with open(f"{folder}/log", "wb", buffering=0) as file:
        for written in range(0, SIZE - MIB, MIB):
            file.write(block)
            if written == BEGIN:
                line.tell("begun")
            if written >= BEGIN:
                time.sleep(0.1)
    stay(line)


def limits() -> Mapping[str, float]:
    """As on a host on which 256 MiB are much: a trend of 18 s and 64 MiB."""
    whole = figure("MemTotal")
    return {
        "memory.shmem-growth.shmem": 256 * MIB / whole,
        "memory.shmem-growth.grown": 64 * MIB / whole,
        "memory.shmem-growth.window": WINDOW,
    }


def run(bench: Bench, readings: Readings) -> Answer:
    folder = tmpfs(bench, SIZE)
    before = readings.before()
    start(bench, "jm-logger", write, folder).hear()
    change = readings.during() - before
    return answer(
        change["meminfo.Shmem"] > BEGIN / 2,
        "Shmem changed by {shmem}, AnonPages by {anon}",
        shmem=(change["meminfo.Shmem"], "bytes"),
        anon=(change["meminfo.AnonPages"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.shmem-growth",
    claim="Files in tmpfs take memory that no process shows",
    how="A process writes 384 MiB to a tmpfs, then 10 MiB a second; 256 MiB count as much, and the trend "
    "is told from 18 s",
    run=run,
    seconds=90,
    span=20.0,
    needs=Needs(root=True, memory=SIZE),
    shows=("meminfo.Shmem", "meminfo.Cached", "meminfo.AnonPages", "meminfo.MemAvailable"),
    expects=(Expected("memory.shmem-growth"),),
    limits=limits,
)
