"""SHR counts what could be shared, and misses memory that is."""

from __future__ import annotations

import mmap
import os
import signal

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.make.work import PAGE, anonymous, touch
from jinmaek.lab.readings import Readings, size
from jinmaek.lab.tasks import rollup, shared

SIZE = 64 * MIB


def map_alone(line: Line, path: str) -> None:
    line.wait()
    file = os.open(path, os.O_RDONLY)
    with mmap.mmap(file, SIZE, mmap.MAP_SHARED, mmap.PROT_READ) as memory:
        sum(memory[page] for page in range(0, SIZE, PAGE))
        line.tell("mapped")
        line.wait()


def share_with_child(line: Line) -> None:
    line.wait()
    memory = anonymous(SIZE)
    touch(memory)
    if os.fork() == 0:
        signal.pause()
    line.tell("forked")
    line.wait()


def run(bench: Bench, readings: Readings) -> Answer:
    alone = start(bench, "jm-alone", map_alone, written_file(bench, SIZE))
    parent = start(bench, "jm-parent", share_with_child)
    names = {"jm-alone SHR": alone, "jm-parent SHR": parent}
    before = readings.before(**{name: size(shared(worker.pid)) for name, worker in names.items()})
    for worker in names.values():
        worker.go_on()
        worker.hear()
    change = readings.during(**{name: size(shared(worker.pid)) for name, worker in names.items()}) - before
    own = rollup(alone.pid).Private_Clean
    grown, stayed = change["jm-alone SHR"], change["jm-parent SHR"]
    return answer(
        grown < SIZE / 2 and stayed > SIZE / 2,
        "a file mapped by one process alone added {grown} to its SHR, of which {own} are shared with "
        "nobody; {size} of memory shared with a forked child added {stayed} to the SHR of its parent",
        grown=(grown, "bytes"),
        own=(own, "bytes"),
        size=(SIZE, "bytes"),
        stayed=(stayed, "bytes"),
    )


EXPERIMENT = Experiment(
    name="processes.shr-is-not-shared",
    chapter=2,
    claim="SHR is the memory a process shares with other processes",
    how="One process maps a file of 64 MiB that nobody else uses; another fills 64 MiB and forks a child "
    "that shares them",
    run=run,
    usual="does not hold",
    needs=Needs(memory=256 * MIB, disk=2 * SIZE),
    shows=("meminfo.Mapped",),
)
