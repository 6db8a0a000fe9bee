"""Strict overcommit with hardly anything left to promise."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import ask
from jinmaek.lab.memory_now import figure
from jinmaek.lab.processes.overcommit_strict import ratio
from jinmaek.lab.readings import Readings

GIB = 1024 * MIB
ROOM = 120 * GIB
LEFT = 0.06
"""Of the limit, and so many GiB that nobody else comes to harm."""


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    sysctl(bench, "vm.overcommit_ratio", ratio(ROOM))
    sysctl(bench, "vm.overcommit_memory", 2)
    limit = figure("CommitLimit")
    wanted = int(limit * (1 - LEFT)) - figure("Committed_AS")
    worker = start(bench, "jm-asker", ask, wanted)
    said = worker.next()
    during = readings.during()
    promised = during["meminfo.Committed_AS"] / during["meminfo.CommitLimit"]
    return answer(
        said == "granted" and promised > 0.9,
        "{promised} of CommitLimit ({limit}) are promised, and {left} of memory are available",
        promised=(promised, "ratio"),
        limit=(limit, "bytes"),
        left=(during["meminfo.MemAvailable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.commit-nearly-out",
    claim="Promises can run out while most of the memory is free",
    how="With vm.overcommit_memory=2 and a CommitLimit of far more than RAM, a process asks for nearly all "
    "of it",
    run=run,
    needs=Needs(root=True),
    shows=("meminfo.Committed_AS", "meminfo.CommitLimit", "meminfo.MemAvailable"),
    expects=(Expected("memory.commit-exhausted", "jm-asker"),),
)
