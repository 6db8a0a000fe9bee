"""Page tables that take more memory than what they map."""

from __future__ import annotations

import mmap

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import NOHUGEPAGE, PAGE, stay
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings
from jinmaek.lab.tasks import status

TABLE = 512 * PAGE
"""Address space of one page of the lowest tables."""
SHARE = 0.022
"""Of RAM: what the rule calls much is 2 %."""
MOST = 1536 * MIB


def read_sparsely(line: Line, tables: int) -> None:
    """Read a byte in each piece of address space with a table of its own: all of it is the zero page."""
    memory = mmap.mmap(-1, tables * TABLE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)
    if NOHUGEPAGE is not None:
        memory.madvise(NOHUGEPAGE)
    sum(memory[at] for at in range(0, len(memory), TABLE))
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    wanted = min(MOST, int(figure("MemTotal") * SHARE))
    before = readings.before()
    worker = start(bench, "jm-sparse", read_sparsely, wanted // PAGE)
    worker.hear(60)
    change = readings.during(**status(worker.pid, "VmRSS", "VmPTE")) - before
    tables = change["meminfo.PageTables"]
    return answer(
        tables > 0.8 * wanted,
        "page tables grew by {tables}, for a process whose VmRSS is {rss}",
        tables=(tables, "bytes"),
        rss=(readings.taken[-1]["VmRSS"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.page-tables",
    claim="Page tables can take more memory than what they map",
    how="A process reads one byte in every 2 MiB of a mapping so large that its page tables take 2.2 % of "
    "RAM",
    run=run,
    needs=Needs(memory=MOST),
    shows=("meminfo.PageTables", "meminfo.AnonPages", "meminfo.MemAvailable"),
    expects=(Expected("kernel.bloat", "jm-sparse"),),
)
