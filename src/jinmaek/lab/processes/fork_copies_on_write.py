"""A fork shares memory until somebody writes."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import anonymous, stay, touch
from jinmaek.lab.readings import Quantity, Readings, size
from jinmaek.lab.tasks import rollup

SIZE = 256 * MIB


def fork(line: Line) -> None:
    memory = anonymous(SIZE)
    touch(memory)
    line.tell("filled")
    line.wait()
    child = os.fork()
    if child == 0:
        line.tell(str(os.getpid()))
        line.wait()
        touch(memory, content=b"\2")
        line.tell("written")
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    parent = start(bench, "jm-forker", fork)
    parent.hear()

    def anonymous_of(*pids: int) -> dict[str, Quantity]:
        parts = [rollup(pid) for pid in pids]
        return {
            "Rss of both": size(sum(part.Rss for part in parts)),
            "Pss_Anon of both": size(sum(part.Pss_Anon or 0 for part in parts)),
        }

    before = readings.before(**anonymous_of(parent.pid))
    child = _child(parent.next(), parent.hear())
    shared = readings.take("forked", **anonymous_of(parent.pid, child)) - before
    parent.go_on()
    parent.hear()
    copied = readings.during(**anonymous_of(parent.pid, child)) - before
    return answer(
        shared["Pss_Anon of both"] < SIZE / 10 and copied["Pss_Anon of both"] > 0.9 * SIZE,
        "forking a process of {size} cost {shared} of memory, though the Rss of both grew by {rss}; when "
        "the child wrote to its pages, it cost {copied}",
        size=(SIZE, "bytes"),
        shared=(shared["Pss_Anon of both"], "bytes"),
        rss=(shared["Rss of both"], "bytes"),
        copied=(copied["Pss_Anon of both"], "bytes"),
    )


def _child(*said: str) -> int:
    """Parent and child tell in any order; the number is the child's."""
    return next(int(line) for line in said if line.isdecimal())


EXPERIMENT = Experiment(
    name="processes.fork-copies-on-write",
    chapter=2,
    claim="fork() is why memory is not given at once: parent and child share it until one of them writes",
    how="A process with 256 MiB forks; then the child writes to all of its pages",
    run=run,
    needs=Needs(memory=2 * SIZE + 64 * MIB),
    shows=("meminfo.AnonPages", "meminfo.Committed_AS"),
)
