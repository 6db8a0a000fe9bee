"""A pool of huge pages that is used."""

from __future__ import annotations

import mmap

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.knobs import HUGE, hugepages
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay, touch
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings
from jinmaek.lab.sentence import CannotMake

SIZE = 768 * MIB
MAP_HUGETLB = 0x40000
"""asm-generic/mman-common.h: the same on all but alpha, mips, parisc and xtensa."""


def use(line: Line, size: int) -> None:
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB)
    touch(memory)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    huge = figure("Hugepagesize")
    got = hugepages(bench, SIZE // huge)
    if got == 0:
        raise CannotMake("no huge page was to be had")
    start(bench, "jm-database", use, got * huge).hear()
    change = readings.during() - before
    used = change["meminfo.HugePages_Total"] - change["meminfo.HugePages_Free"]
    return answer(
        used == got,
        "{used} of {total} huge pages are used; MemAvailable changed by {left}",
        used=(used, "count"),
        total=(got, "count"),
        left=(change["meminfo.MemAvailable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.hugepages-in-use",
    claim="Memory in huge pages that a program uses is well used, though no RES shows it",
    how="768 MiB of huge pages are added to the pool, and a process uses all of them",
    run=run,
    needs=Needs(root=True, memory=SIZE + 64 * MIB, files=(HUGE,)),
    shows=("meminfo.HugePages_Total", "meminfo.HugePages_Free", "meminfo.MemAvailable"),
    healthy=True,
)
