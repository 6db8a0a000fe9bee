"""A request for contiguous memory is served from the lists of large blocks."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.knobs import hugepages
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Quantity, Readings, read, size

COUNT = 128
PAGE = 4096


def large_blocks(huge: int) -> dict[str, Quantity]:
    """Free memory in blocks that hold a huge page."""
    order = (huge // PAGE).bit_length() - 1
    whole = 0.0
    while (found := read((name := f"buddyinfo.free_blocks{{order={order}}}",))[name].value) is not None:
        whole += found * (PAGE << order)
        order += 1
    return {"free in blocks of a huge page": size(whole)}


def run(bench: Bench, readings: Readings) -> Answer:
    huge = figure("Hugepagesize")
    before = readings.before(**large_blocks(huge))
    got = hugepages(bench, COUNT)
    change = readings.take("pool grown", **large_blocks(huge)) - before
    readings.during()
    taken = -change["free in blocks of a huge page"]
    wanted = got * huge
    return answer(
        None if got < COUNT / 2 else abs(taken - wanted) < 0.5 * wanted,
        "{count} huge pages were put aside, {wanted} in all; free memory in blocks of that size and above "
        "shrank by {taken}",
        count=got,
        wanted=(wanted, "bytes"),
        taken=(taken, "bytes"),
    )


EXPERIMENT = Experiment(
    name="swap.hugepages-take-blocks",
    chapter=5,
    claim="When memory is asked for, the kernel takes it from the buddy list that fits best",
    how="128 huge pages are added to the pool, and /proc/buddyinfo is read before and after",
    run=run,
    needs=Needs(root=True, memory=512 * MIB, files=("/proc/sys/vm/nr_hugepages", "/proc/buddyinfo")),
    shows=("meminfo.HugePages_Total", "meminfo.MemFree", "buddyinfo.free_blocks{order=0}"),
)
