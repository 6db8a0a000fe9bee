"""Free memory may be in pieces, though buddies are joined whenever both are free."""

from __future__ import annotations

import mmap

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import PAGE, anonymous, touch
from jinmaek.lab.readings import Quantity, Readings, read, size

SIZE = 512 * MIB
FRACTION = 1_000_000
SMALL = 4
"""Blocks below this order are small: a request of that order cannot have them."""


def give_every_other_page_back(line: Line) -> None:
    memory = anonymous(SIZE)
    touch(memory)
    line.tell("filled")
    line.wait()
    for page in range(0, SIZE, 2 * PAGE):
        memory.madvise(mmap.MADV_DONTNEED, page, PAGE)
    line.tell("given back")
    line.wait()


def small_blocks() -> dict[str, Quantity]:
    """Free memory in blocks too small for a request of order 4."""
    names = {f"buddyinfo.free_blocks{{order={order}}}": order for order in range(SMALL)}
    found = read(tuple(names))
    return {
        "free in small blocks": size(
            sum((found[name].value or 0) * (PAGE << order) for name, order in names.items())
        )
    }


def run(bench: Bench, readings: Readings) -> Answer:
    # Freed pages stay in lists of each CPU that buddyinfo does not see, up to a tenth of RAM since 6.7.
    sysctl(bench, "vm.percpu_pagelist_high_fraction", FRACTION)
    worker = start(bench, "jm-holder", give_every_other_page_back)
    worker.hear()
    before = readings.before(**small_blocks())
    worker.next()
    parted = readings.take("every other page free", **small_blocks()) - before
    readings.observe()
    bench.undo(worker.number)
    joined = readings.after(**small_blocks()) - before
    grown, left = parted["free in small blocks"], joined["free in small blocks"]
    return answer(
        grown < SIZE / 8,
        "giving back every other page of {size} left {grown} more in blocks too small for 64 KiB in one "
        "piece; when all of it was free, buddies had been joined again up to {left}",
        size=(SIZE, "bytes"),
        grown=(grown, "bytes"),
        left=(left, "bytes"),
    )


EXPERIMENT = Experiment(
    name="swap.buddies-can-be-parted",
    chapter=5,
    claim="The buddy system manages memory as contiguous areas and so prevents fragmentation",
    how="A process fills 512 MiB and gives every other page back; then it ends",
    run=run,
    usual="does not hold",
    needs=Needs(
        root=True,
        memory=SIZE + 64 * MIB,
        files=("/proc/buddyinfo", "/proc/sys/vm/percpu_pagelist_high_fraction"),
    ),
    shows=("meminfo.MemFree", "buddyinfo.free_blocks{order=0}", "buddyinfo.free_blocks{order=9}"),
)
