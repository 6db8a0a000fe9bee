"""Swap carries a process over a moment's demand that would have killed it."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in, until
from jinmaek.lab.make.storage import swap_file
from jinmaek.lab.make.work import anonymous, touch
from jinmaek.lab.readings import Readings, count
from jinmaek.lab.sentence import say

LIMIT = 64 * MIB
BURST = 96 * MIB
SWAP = 256 * MIB


def burst(line: Line) -> None:
    line.wait()
    with anonymous(BURST) as memory:
        touch(memory)
        time.sleep(0.5)
    line.tell("over it")
    line.wait()


def run(bench: Bench, readings: Readings) -> Answer:
    swap_file(bench, SWAP)
    before = readings.before()
    without = start_in(bench, [cgroups.memory(bench, LIMIT, swap=False)], "jm-unlucky", burst)
    without.go_on()
    until(lambda: without.state in "ZX", 20, say("the end of a process"))
    killed = readings.take("without swap") - before
    carried = start_in(bench, [cgroups.memory(bench, LIMIT)], "jm-lucky", burst)
    carried.next()
    alive = carried.state not in "ZX"
    swapped = readings.during(**{"processes alive": count(alive)}) - before
    return answer(
        alive and killed["vmstat.oom_kill"] >= 1,
        "a demand of {burst} for a moment in a cgroup of {limit} was killed where nothing may go to swap, "
        "and survived where it may: {pages} pages went there",
        burst=(BURST, "bytes"),
        limit=(LIMIT, "bytes"),
        pages=(swapped["vmstat.pswpout"], "count"),
    )


EXPERIMENT = Experiment(
    name="swap.absorbs-a-burst",
    chapter=5,
    claim="Where demand shoots up for a moment only, swap may be the defence",
    how="A process takes 96 MiB for half a second in a cgroup of 64 MiB, without swap and with it",
    run=run,
    needs=Needs(root=True, memory=256 * MIB, disk=2 * SWAP, cgroups=("memory",)),
    shows=("vmstat.oom_kill", "vmstat.pswpout", "vmstat.pswpin"),
)
