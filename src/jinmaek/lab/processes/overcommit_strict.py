"""vm.overcommit_memory=2: promises end at CommitLimit."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import ask, in_words
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings

ROOM = 16 * 1024 * MIB
"""Bytes that others may still be promised meanwhile."""


def ratio(room: int) -> int:
    """The overcommit_ratio at which so many bytes more than now may be promised."""
    wanted = figure("Committed_AS") + room - figure("SwapTotal")
    return wanted * 100 // figure("MemTotal") + 1


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    sysctl(bench, "vm.overcommit_ratio", ratio(ROOM))
    sysctl(bench, "vm.overcommit_memory", 2)
    limit = figure("CommitLimit")
    worker = start(bench, "jm-asker", ask, 64 * MIB, limit)
    small, large = worker.next(), worker.next()
    during = readings.during()
    return answer(
        small == "granted" and large == "refused",
        "with a CommitLimit of {limit}, {small_size} more were {small}, {limit} more were {large}, with "
        "{free} of memory available",
        limit=(limit, "bytes"),
        small_size=(64 * MIB, "bytes"),
        small=in_words([small]),
        large=in_words([large]),
        free=(during["meminfo.MemAvailable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="processes.overcommit-strict",
    chapter=2,
    claim="With vm.overcommit_memory=2 the kernel promises no more than CommitLimit, however much memory "
    "is free",
    how="CommitLimit is set 16 GiB above what is promised now; a process asks for 64 MiB, then for all of "
    "the limit again",
    run=run,
    needs=Needs(root=True),
    shows=("meminfo.Committed_AS", "meminfo.CommitLimit", "meminfo.MemAvailable", "sys_vm.overcommit_memory"),
)
