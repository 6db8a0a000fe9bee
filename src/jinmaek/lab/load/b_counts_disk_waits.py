"""Column b of vmstat is who waits for a disk."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.cgroups import slow_disk
from jinmaek.lab.make.process import start_in, until
from jinmaek.lab.make.reading import read_directly
from jinmaek.lab.make.storage import block_device
from jinmaek.lab.readings import Readings, count, read
from jinmaek.lab.sentence import say

SIZE = 64 * MIB
COUNT = 3
REQUESTS = 20


def run(bench: Bench, readings: Readings) -> Answer:
    device = block_device(bench, SIZE)
    group = slow_disk(bench, device, reads=REQUESTS)
    before = readings.before()
    workers = [start_in(bench, [group], "jm-reader", read_directly, device, SIZE) for _ in range(COUNT)]
    for worker in workers:
        worker.hear()
    until(lambda: all(worker.state == "D" for worker in workers), 10, say("state {name}", name="D"))
    seen = []
    for _ in range(20):
        time.sleep(0.05)
        seen.append(read(("stat.procs_blocked",))["stat.procs_blocked"].value or 0)
    middle = sorted(seen)[len(seen) // 2]
    readings.during(**{"procs_blocked, median": count(middle)})
    return answer(
        middle - before["stat.procs_blocked"] >= COUNT - 1,
        "{count} processes that read from a slow disk made procs_blocked {middle}",
        count=COUNT,
        middle=(middle, "count"),
    )


EXPERIMENT = Experiment(
    name="load.b-counts-disk-waits",
    chapter=3,
    claim="b in vmstat is the number of processes that wait for I/O",
    how="3 processes read from a device that answers 20 times a second",
    run=run,
    needs=Needs(root=True, cgroups=("io",), disk=2 * SIZE),
    shows=("stat.procs_blocked", "stat.procs_running", "loadavg.load1"),
    expects=(Expected("load.blocked-on-disk", "jm-reader"),),
    allows=("disk.saturated",),
)
