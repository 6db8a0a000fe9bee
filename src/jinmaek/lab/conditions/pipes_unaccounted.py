"""Memory in no line of /proc/meminfo: what is in pipes."""

from __future__ import annotations

import fcntl
import os
import resource
import time
from collections.abc import Mapping

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings

FIRST, MORE = 640, 320
"""Pipes of a MiB each: at once, and then ten a second."""
WINDOW = 18.0


def fill_pipes(line: Line) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * (FIRST + MORE) + 64,) * 2)
    held = []
    block = bytes(MIB)
    for number in range(FIRST + MORE):
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, MIB)
        os.write(writing, block)
        held.append((reading, writing))
        if number == FIRST:
            line.tell("filled")
        if number >= FIRST:
            time.sleep(0.1)
    stay(line)


def limits() -> Mapping[str, float]:
    """As on a host on which 448 MiB are much: a trend of 18 s and 64 MiB."""
    return {
        "kernel.unaccounted.unaccounted": 448 * MIB / figure("MemTotal"),
        "kernel.unaccounted.window": WINDOW,
        "kernel.unaccounted.grown": 0,
    }


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    start(bench, "jm-pipes", fill_pipes).hear(60)
    change = readings.during() - before
    known = sum(
        change[f"meminfo.{name}"]
        for name in ("MemFree", "AnonPages", "Cached", "Buffers", "Slab", "PageTables")
    )
    return answer(
        -known > FIRST * MIB / 2,
        "{size} are in pipes; all lines of /proc/meminfo together miss {missing} more than before",
        size=((FIRST + MORE) * MIB, "bytes"),
        missing=(-known, "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.pipes-unaccounted",
    claim="Memory can be used that no line of /proc/meminfo shows",
    how="A process fills 640 pipes of a MiB each, then ten more a second; 448 MiB count as much, and the "
    "trend is told from 18 s",
    run=run,
    seconds=90,
    span=20.0,
    needs=Needs(root=True, memory=1024 * MIB),
    shows=(
        "meminfo.MemFree",
        "meminfo.AnonPages",
        "meminfo.Cached",
        "meminfo.Buffers",
        "meminfo.Slab",
        "meminfo.PageTables",
    ),
    expects=(Expected("kernel.unaccounted"),),
    limits=limits,
)
