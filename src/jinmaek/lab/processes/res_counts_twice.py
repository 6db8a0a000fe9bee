"""RES counts shared pages in full for each that maps them."""

from __future__ import annotations

import mmap
import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import PAGE, hold, stay
from jinmaek.lab.readings import Quantity, Readings, size
from jinmaek.lab.tasks import rollup, status

SHARED = 192 * MIB
OWN = 128 * MIB
SHARERS = 3


def share(line: Line, path: str) -> None:
    file = os.open(path, os.O_RDWR)
    memory = mmap.mmap(file, SHARED, mmap.MAP_SHARED)
    for page in range(0, SHARED, PAGE):
        memory[page] = 1
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    file = os.memfd_create("jm-shared")
    bench.hold(file)
    os.ftruncate(file, SHARED)
    path = f"/proc/{os.getpid()}/fd/{file}"
    readings.before()
    sharers = [start(bench, "jm-sharer", share, path) for _ in range(SHARERS)]
    holder = start(bench, "jm-holder", hold, OWN)
    for worker in (*sharers, holder):
        worker.hear()
    quantities: dict[str, Quantity] = {}
    for name, worker in (("jm-sharer", sharers[0]), ("jm-holder", holder)):
        quantities[f"{name} VmRSS"] = status(worker.pid, "VmRSS")["VmRSS"]
        quantities[f"{name} Pss"] = size(rollup(worker.pid).Pss)
    during = readings.during(**quantities)
    return answer(
        (during["jm-holder VmRSS"] > during["jm-sharer VmRSS"])
        == (during["jm-holder Pss"] > during["jm-sharer Pss"]),
        "RES is {sharer} for each of {count} processes that share {shared}, and {holder} for one with "
        "{own} of its own; divided among their users (PSS) it is {sharer_pss} and {holder_pss}",
        sharer=(during["jm-sharer VmRSS"], "bytes"),
        count=SHARERS,
        shared=(SHARED, "bytes"),
        holder=(during["jm-holder VmRSS"], "bytes"),
        own=(OWN, "bytes"),
        sharer_pss=(during["jm-sharer Pss"], "bytes"),
        holder_pss=(during["jm-holder Pss"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="processes.res-counts-twice",
    chapter=2,
    claim="Whoever has the highest RES uses most memory",
    how="Three processes share 192 MiB; one holds 128 MiB of its own",
    run=run,
    usual="does not hold",
    needs=Needs(memory=SHARED + OWN + 64 * MIB),
    shows=("meminfo.AnonPages", "meminfo.Shmem"),
)
