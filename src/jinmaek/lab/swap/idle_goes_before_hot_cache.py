"""Cache that is in use stays, and idle memory of programs goes to swap instead."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.balance import FILE, LIMIT, idle_beside_reading
from jinmaek.lab.make.process import start_in
from jinmaek.lab.make.storage import swap_file, written_file
from jinmaek.lab.readings import Readings, size
from jinmaek.lab.tasks import status

SWAP = 256 * MIB
ROUNDS = 20


def run(bench: Bench, readings: Readings) -> Answer:
    swap_file(bench, SWAP)
    path = written_file(bench, FILE)
    group = cgroups.memory(bench, LIMIT)
    worker = start_in(bench, [group], "jm-reader", idle_beside_reading, path, ROUNDS)
    worker.hear()
    readings.before(**status(worker.pid, "VmRSS", "VmSwap"))
    worker.next(60)
    left = cgroups.statistic(group, "file", "cache")
    during = readings.during(**status(worker.pid, "VmRSS", "VmSwap"), **{"cache of the cgroup": size(left)})
    return answer(
        during["VmSwap"] < 4 * MIB or left < 16 * MIB,
        "while a file was read over and over in a cgroup of {limit}, {swapped} of a program that did not "
        "use them went to swap, and {left} stayed cache",
        limit=(LIMIT, "bytes"),
        swapped=(during["VmSwap"], "bytes"),
        left=(left, "bytes"),
    )


EXPERIMENT = Experiment(
    name="swap.idle-goes-before-hot-cache",
    chapter=5,
    claim="As long as there is cache to give back, nothing is swapped",
    how="In a cgroup of 128 MiB a process takes 72 MiB, does not use them, and reads a file of 80 MiB 20 "
    "times",
    run=run,
    usual="does not hold",
    needs=Needs(root=True, memory=LIMIT + 64 * MIB, disk=2 * SWAP + FILE, cgroups=("memory",)),
    shows=("vmstat.pswpout", "vmstat.workingset_refault_file"),
)
