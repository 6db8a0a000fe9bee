"""Touching memory makes the kernel give it, a page fault for each page."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import PAGE, anonymous, touch
from jinmaek.lab.readings import Readings
from jinmaek.lab.tasks import counted, status

SIZE = 256 * MIB


def ask_and_touch(line: Line) -> None:
    memory = anonymous(SIZE)
    line.tell("asked")
    line.wait()
    touch(memory)
    line.tell("touched")
    line.wait()


def run(bench: Bench, readings: Readings) -> Answer:
    worker = start(bench, "jm-toucher", ask_and_touch)
    worker.hear()

    before = readings.before(**status(worker.pid, "VmRSS"), **counted(worker.pid, "minflt"))
    worker.go_on()
    worker.hear()
    change = readings.during(**status(worker.pid, "VmRSS"), **counted(worker.pid, "minflt")) - before
    pages = SIZE // PAGE
    return answer(
        change["VmRSS"] > 0.95 * SIZE and pages <= change["minflt"] < 1.1 * pages,
        "writing to {pages} pages made {faults} page faults, and VmRSS grew by {grown}",
        pages=(pages, "count"),
        faults=(change["minflt"], "count"),
        grown=(change["VmRSS"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="processes.touch-faults-in",
    chapter=2,
    claim="Memory becomes real when it is written to: a page fault maps a page of RAM",
    how="A process maps 256 MiB and then writes one byte into each page",
    run=run,
    needs=Needs(memory=SIZE + 64 * MIB),
    shows=("meminfo.AnonPages", "vmstat.pgfault"),
)
