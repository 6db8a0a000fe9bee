"""A disk that is asked for more than it can do."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.cgroups import throttled
from jinmaek.lab.make.process import start
from jinmaek.lab.make.reading import read_directly
from jinmaek.lab.make.storage import block_device, device_on
from jinmaek.lab.readings import Readings, read, seconds

SIZE = 64 * MIB
COUNT = 8
REQUESTS = 30
WATCHED = 2.0


def run(bench: Bench, readings: Readings) -> Answer:
    below = block_device(bench, SIZE)
    device = device_on(bench, below)
    # A request that is held back has not reached the disk yet: only the disk on top of it is slow.
    throttled(bench, below, "read_iops", REQUESTS)
    readings.before()
    for worker in [start(bench, "jm-reader", read_directly, device, SIZE) for _ in range(COUNT)]:
        worker.hear()
    time.sleep(1)
    name = device.rpartition("/")[2]
    ios, ticks = (f"diskstats.{column}{{device={name}}}" for column in ("read_ios", "read_ticks"))
    first = read((ios, ticks))
    time.sleep(WATCHED)
    last = read((ios, ticks))
    done = (last[ios].value or 0) - (first[ios].value or 0)
    took = ((last[ticks].value or 0) - (first[ticks].value or 0)) / (done or 1)
    readings.during(**{"time for a read": seconds(took)})
    return answer(
        took > 0.1,
        "{count} processes wait at a disk that answers {done} times in {time}, {took} for each read",
        count=COUNT,
        done=(done, "count"),
        time=(WATCHED, "seconds"),
        took=(took, "seconds"),
    )


EXPERIMENT = Experiment(
    name="conditions.disk-saturated",
    claim="A disk is too slow when its answers take long, not when it is busy",
    how="8 processes read from a device on top of another that answers 30 times a second",
    run=run,
    needs=Needs(root=True, disk=2 * SIZE, cgroups=("io",)),
    shows=("stat.procs_blocked", "pressure_io.some_total", "pressure_io.full_total"),
    expects=(Expected("disk.saturated", "jm-reader"),),
    allows=("load.blocked-on-disk",),
)
