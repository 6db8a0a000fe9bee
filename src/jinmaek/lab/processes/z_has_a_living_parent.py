"""A zombie is a dead child of a parent that lives."""

from __future__ import annotations

import os
import signal

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Line, start, state, until
from jinmaek.lab.readings import Readings
from jinmaek.lab.sentence import say


def leave_zombie(line: Line) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    line.tell(str(child))
    signal.pause()


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    parent = start(bench, "jm-parent", leave_zombie)
    child = int(parent.hear())
    until(lambda: state(child) == "Z", 10, say("state {name}", name="Z"))
    its_parent = parent.state
    readings.during()
    bench.undo(parent.number)
    until(lambda: state(child) == "X", 10, say("the end of a zombie"))
    readings.after()
    return answer(
        False,
        "the child was Z while its parent lived (in {state}); when the parent was killed, the zombie was "
        "given to another process, which reaped it at once",
        state=its_parent,
    )


EXPERIMENT = Experiment(
    name="processes.z-has-a-living-parent",
    chapter=2,
    claim="Z is a child process whose parent has died",
    how="A process leaves its dead child unreaped; then it is killed itself",
    run=run,
    usual="does not hold",
    shows=("loadavg.nr_threads",),
)
