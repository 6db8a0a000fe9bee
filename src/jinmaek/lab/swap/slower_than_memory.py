"""Working in swap is slower by orders of magnitude."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import start_in
from jinmaek.lab.make.storage import swap_file
from jinmaek.lab.make.swapping import work_in
from jinmaek.lab.readings import Readings, count

SIZE = 160 * MIB
LIMIT = 64 * MIB
SWAP = 512 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    swap_file(bench, SWAP)
    group = cgroups.memory(bench, 2 * SIZE)
    worker = start_in(bench, [group], "jm-swapper", work_in, SIZE)
    worker.hear()
    fast = int(worker.next())
    readings.before(**{"pages touched in a second": count(fast)})
    cgroups.set_memory(group, LIMIT)
    for _ in range(2):
        worker.hear()
    slow = int(worker.hear())
    readings.during(**{"pages touched in a second": count(slow)})
    return answer(
        slow < fast / 3,
        "with all of {size} in RAM a process touched {fast} pages in a second, with {limit} of it {slow}: "
        "{times} times fewer",
        size=(SIZE, "bytes"),
        limit=(LIMIT, "bytes"),
        fast=(fast, "count"),
        slow=(slow, "count"),
        times=(round(fast / max(1, slow)), "count"),
    )


EXPERIMENT = Experiment(
    name="swap.slower-than-memory",
    chapter=5,
    claim="Swap is part of a disk used like memory, so it is much slower, and performance falls",
    how="A process touches pages of its 160 MiB in random order; then its cgroup is limited to 64 MiB",
    run=run,
    needs=Needs(root=True, memory=2 * SIZE, disk=2 * SWAP, cgroups=("memory",)),
    shows=(
        "meminfo.SwapFree",
        "vmstat.pswpin",
        "vmstat.pswpout",
        "vmstat.pgmajfault",
        "pressure_memory.some_total",
    ),
    expects=(Expected("swap.active", "jm-swapper"), Expected("memory.thrashing", "jm-swapper")),
    allows=(
        "cgroup.memory-thrashing",
        "cgroup.memory-near-limit",
        "load.blocked-on-disk",
        "disk.saturated",
        "tuning.vm-misfit",
    ),
)
