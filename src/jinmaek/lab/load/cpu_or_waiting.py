"""Two loads of the same height and of opposite kinds."""

from __future__ import annotations

import os

from jinmaek.accounts.load.ticks import PERIOD
from jinmaek.lab.bench import Bench
from jinmaek.lab.counting import counted
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, Worker, start, until
from jinmaek.lab.make.storage import ext4, frozen
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings, count, seconds
from jinmaek.lab.sentence import say
from jinmaek.lab.tasks import cpu_time

COUNT = 6
UPDATES = 1


def write(line: Line, folder: str) -> None:
    """Write without end; ends up in D when nobody may write."""
    with open(f"{folder}/{os.getpid()}", "wb", buffering=0) as file:
        line.tell("writing")
        while True:
            file.write(b"x")
            file.truncate(0)
            file.seek(0)


def run(bench: Bench, readings: Readings) -> Answer:
    folder, _ = ext4(bench, 32 * MIB)
    readings.before()
    spinners = [start(bench, "jm-spinner", spin) for _ in range(COUNT)]
    for worker in spinners:
        worker.hear()
    cpu, spun = _watch(spinners)
    readings.take("load from CPUs", **{"threads counted": count(cpu), "CPU used by them": seconds(spun)})
    for worker in spinners:
        bench.undo(worker.number)
    writers = [start(bench, "jm-writer", write, folder) for _ in range(COUNT)]
    for worker in writers:
        worker.hear()
    thaw = frozen(bench, folder)
    until(lambda: all(worker.state == "D" for worker in writers), 10, say("state {name}", name="D"))
    waiting, wrote = _watch(writers)
    readings.take(
        "load from waiting", **{"threads counted": count(waiting), "CPU used by them": seconds(wrote)}
    )
    bench.undo(thaw)
    return answer(
        None if min(cpu, waiting) < COUNT else spun > 1 and wrote < 0.1,
        "{count} processes each raised the count behind the load average, to {cpu} and to {waiting} "
        "threads; the first used {spun} of CPU in {time}, the second {wrote}: more CPUs would help the "
        "first only",
        count=COUNT,
        cpu=(cpu, "count"),
        waiting=(waiting, "count"),
        spun=(spun, "seconds"),
        wrote=(wrote, "seconds"),
        time=((UPDATES + 0.5) * PERIOD, "seconds"),
    )


def _watch(workers: list[Worker]) -> tuple[float, float]:
    """The threads the kernel counted, and the CPU seconds these used meanwhile."""
    began = cpu_time(workers)
    return counted(UPDATES).counted, cpu_time(workers) - began


EXPERIMENT = Experiment(
    name="load.cpu-or-waiting",
    chapter=3,
    claim="A high load average may be many processes that want a CPU, or many that wait for I/O, and its "
    "height does not tell which",
    how="6 processes that never sleep; then 6 that wait in D on a file system that nobody may write to",
    run=run,
    needs=Needs(root=True, tools=("mkfs.ext4",), disk=64 * MIB),
    seconds=50,
    shows=("loadavg.load1", "stat.procs_running", "stat.procs_blocked"),
)
