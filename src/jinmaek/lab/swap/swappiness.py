"""vm.swappiness weighs programs against cache."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.balance import FILE, LIMIT, idle_beside_reading
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import start_in
from jinmaek.lab.make.storage import swap_file, written_file
from jinmaek.lab.readings import Readings
from jinmaek.lab.tasks import status

SWAP = 256 * MIB
ROUNDS = 10
LOW, HIGH = 0, 100


def run(bench: Bench, readings: Readings) -> Answer:
    swap_file(bench, SWAP)
    readings.before()
    low = _swapped(bench, readings, LOW)
    readings.observe()
    high = _swapped(bench, readings, HIGH)
    return answer(
        high > low + 4 * MIB,
        "with the same reading beside the same idle program {low} of it went to swap at swappiness "
        "{first}, and {high} at {second}",
        low=(low, "bytes"),
        high=(high, "bytes"),
        first=LOW,
        second=HIGH,
    )


def _swapped(bench: Bench, readings: Readings, swappiness: int) -> float:
    """Bytes of the program in swap after the reading."""
    if cgroups.version("memory") == 1:
        group = cgroups.memory(bench, LIMIT, swappiness=swappiness)
    else:
        sysctl(bench, "vm.swappiness", swappiness)
        group = cgroups.memory(bench, LIMIT)
    path = written_file(bench, FILE)  # its pages are charged to the group that reads them first
    worker = start_in(bench, [group], "jm-reader", idle_beside_reading, path, ROUNDS)
    worker.hear()
    worker.next(60)
    found = status(worker.pid, "VmRSS", "VmSwap")
    phase = "swappiness 0" if swappiness == LOW else "swappiness 100"
    reading = readings.take(phase, **found)
    bench.undo(worker.number)
    return reading["VmSwap"]


EXPERIMENT = Experiment(
    name="swap.swappiness",
    chapter=5,
    claim="vm.swappiness decides whether cache is dropped or memory of processes goes to swap",
    how="Twice a process takes 72 MiB in a cgroup of 128 MiB and reads a file of 80 MiB 10 times: at "
    "swappiness 0 and at 100",
    run=run,
    seconds=60,
    needs=Needs(root=True, memory=2 * LIMIT, disk=2 * SWAP + FILE, cgroups=("memory",)),
    shows=("vmstat.pswpout", "vmstat.workingset_refault_file"),
)
