"""Memory that is available shrinks below a level."""

from __future__ import annotations

import time
from collections.abc import Mapping

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import anonymous, stay, touch
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings, read

BEGIN, END = 1024 * MIB, 1408 * MIB
STEP = MIB
EVERY = 0.05


def grow(line: Line) -> None:
    memory = anonymous(END)
    touch(memory, 0, BEGIN)
    line.tell("held")
    at = BEGIN
    while at < END:
        touch(memory, at, at + STEP)
        at += STEP
        time.sleep(EVERY)
    stay(line)


def limits() -> Mapping[str, float]:
    """The level at which memory counts as low, a little above what is available now."""
    return {"memory.low.available": figure("MemAvailable") / figure("MemTotal") + 0.01}


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    start(bench, "jm-grower", grow).hear()
    began = read(("meminfo.AnonPages",))["meminfo.AnonPages"].value or 0
    change = readings.during() - before
    after = read(("meminfo.AnonPages",))["meminfo.AnonPages"].value or 0
    return answer(
        change["meminfo.AnonPages"] > BEGIN / 2,
        "MemAvailable changed by {left} while a process took memory (AnonPages changed by {taken}, and by "
        "{then} while it was watched)",
        left=(change["meminfo.MemAvailable"], "bytes"),
        taken=(change["meminfo.AnonPages"], "bytes"),
        then=(after - began, "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.memory-low",
    claim="A process that grows takes what is available to all",
    how="A process takes 1 GiB and then 20 MiB a second; memory counts as low from a level just above what "
    "is available then",
    run=run,
    needs=Needs(memory=END + 64 * MIB),
    shows=("meminfo.MemAvailable", "meminfo.AnonPages"),
    expects=(Expected("memory.low", "jm-grower"),),
    limits=limits,
)
