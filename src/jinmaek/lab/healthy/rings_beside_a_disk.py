"""Idle io_uring waiters on a host whose disk does some work."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.conditions.iowait_phantom import wait_for_ever
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.readings import Readings

FILE = 128 * MIB
RINGS = 2
"""For each CPU."""
PIECE = 256 * 1024


def look_up(line: Line, path: str) -> None:
    """Read a piece from disk 100 times a second, and let the cache forget it."""
    file = os.open(path, os.O_RDONLY)
    line.tell("reading")
    at = 0
    while True:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.pread(file, PIECE, at)
        at = (at + PIECE) % FILE
        time.sleep(0.01)


def run(bench: Bench, readings: Readings) -> Answer:
    path = written_file(bench, FILE)
    before = readings.before()
    for _ in range(RINGS * len(os.sched_getaffinity(0))):
        start(bench, "jm-uring", wait_for_ever).hear()
    start(bench, "jm-reader", look_up, path).hear()
    change = readings.during() - before
    blocked = change["stat.procs_blocked"]
    return answer(
        True if blocked >= RINGS else None,
        "procs_blocked changed by {blocked}; {read} were read from disks",
        blocked=(blocked, "count"),
        read=(change["vmstat.pgpgin"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.rings-beside-a-disk",
    claim="iowait and procs_blocked can be high on a host whose disk has little to do and answers at once",
    how="Two processes for each CPU wait for an empty pipe through io_uring; another reads from disk "
    "100 times a second",
    run=run,
    needs=Needs(disk=FILE, files=("/proc/sys/kernel/io_uring_disabled",)),
    shows=("stat_cpu.iowait", "stat.procs_blocked", "pressure_io.some_total", "vmstat.pgpgin"),
    healthy=True,
)
