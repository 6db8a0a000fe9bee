"""VIRT grows when memory is asked for, RES does not."""

from __future__ import annotations

import mmap

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.readings import Readings
from jinmaek.lab.tasks import status

ASKED = 1024 * MIB


def ask(line: Line) -> None:
    line.wait()
    with mmap.mmap(-1, ASKED, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS):
        line.tell("asked")
        line.wait()


def run(bench: Bench, readings: Readings) -> Answer:
    worker = start(bench, "jm-asker", ask)
    before = readings.before(**status(worker.pid, "VmSize", "VmRSS"))
    worker.go_on()
    worker.hear()
    change = readings.during(**status(worker.pid, "VmSize", "VmRSS")) - before
    return answer(
        change["VmSize"] >= ASKED and change["VmRSS"] < ASKED / 100,
        "after asking for {asked}, VmSize (VIRT) grew by {virt} and VmRSS (RES) by {res}",
        asked=(ASKED, "bytes"),
        virt=(change["VmSize"], "bytes"),
        res=(change["VmRSS"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="processes.untouched-malloc",
    chapter=2,
    claim="Memory that is asked for and not touched counts in VIRT, not in RES",
    how="A process maps 1 GiB of memory and writes to none of it",
    run=run,
    shows=("meminfo.MemAvailable", "meminfo.Committed_AS"),
)
