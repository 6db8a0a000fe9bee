"""A program that has all but used up its cgroup's memory."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.work import PAGE, anonymous, stay, touch
from jinmaek.lab.readings import Readings, share

LIMIT = 256 * MIB
HELD = 238 * MIB
STEP = 16
"""Pages every time, twenty times a second."""


def grow(line: Line) -> None:
    memory = anonymous(LIMIT - 4 * MIB)
    at = HELD - 8 * MIB
    touch(memory, 0, at)
    line.tell("held")
    while at + STEP * PAGE <= HELD:
        touch(memory, at, at + STEP * PAGE)
        at += STEP * PAGE
        time.sleep(0.05)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    group = cgroups.memory(bench, LIMIT, swap=False)
    readings.before()
    start_in(bench, [group], "jm-grower", grow).hear()
    readings.during(used=share(cgroups.memory_used(group) / LIMIT))
    used = cgroups.memory_used(group) / LIMIT
    return answer(
        used > 0.9,
        "{used} of a limit of {limit} are used, none of it by cache",
        used=(used, "ratio"),
        limit=(LIMIT, "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.cgroup-nearly-full",
    claim="A cgroup can be out of memory while the host has plenty",
    how="A process grows by 1.25 MiB a second in a cgroup of 256 MiB of which it has used nine tenths",
    run=run,
    needs=Needs(root=True, memory=LIMIT + 64 * MIB, cgroups=("memory",)),
    shows=("meminfo.MemAvailable",),
    expects=(Expected("cgroup.memory-near-limit", "jm-grower"),),
)
