"""A leak grows on, a burst comes back."""

from __future__ import annotations

import mmap
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import anonymous, touch
from jinmaek.lab.readings import Readings, size
from jinmaek.lab.tasks import status

STEP = 4 * MIB
EVERY = 0.2
BURST = 128 * MIB
SAMPLES = 40


def leak(line: Line) -> None:
    held: list[mmap.mmap] = []
    line.tell("leaking")
    while len(held) * STEP < 512 * MIB:
        memory = anonymous(STEP)
        touch(memory)
        held.append(memory)
        time.sleep(EVERY)
    line.wait()


def burst(line: Line) -> None:
    line.tell("quiet")
    time.sleep(SAMPLES * EVERY / 3)
    with anonymous(BURST) as memory:
        touch(memory)
        time.sleep(SAMPLES * EVERY / 4)
    line.wait()


def run(bench: Bench, readings: Readings) -> Answer:
    leaker, burster = start(bench, "jm-leaker", leak), start(bench, "jm-burster", burst)
    leaker.hear()
    burster.hear()
    readings.before()
    series: dict[str, list[float]] = {"leak": [], "burst": []}
    for _ in range(SAMPLES):
        for name, worker in (("leak", leaker), ("burst", burster)):
            series[name].append(status(worker.pid, "RssAnon")["RssAnon"].value or 0)
        time.sleep(EVERY)
    readings.during(
        **{"leak, last RssAnon": size(series["leak"][-1]), "burst, last RssAnon": size(series["burst"][-1])}
    )
    leaking, bursting = _shape(series["leak"]), _shape(series["burst"])
    return answer(
        leaking == "grows" and bursting == "returns",
        "of {samples} readings the first process grew in nearly all, by {grown} in the end; the second "
        "rose by {peak} and ended {rest} above where it began",
        samples=SAMPLES,
        grown=(series["leak"][-1] - series["leak"][0], "bytes"),
        peak=(max(series["burst"]) - series["burst"][0], "bytes"),
        rest=(series["burst"][-1] - series["burst"][0], "bytes"),
    )


def _shape(values: list[float]) -> str:
    """``grows`` in every third, ``returns`` to where it began, or neither."""
    third = len(values) // 3
    rises = [values[i + third] - values[i] for i in (0, third)] + [values[-1] - values[2 * third]]
    peak = max(values) - values[0]
    if all(rise > 0.2 * peak for rise in rises):
        return "grows"
    return "returns" if values[-1] - values[0] < 0.1 * peak else "neither"


EXPERIMENT = Experiment(
    name="swap.leak-or-burst",
    chapter=5,
    claim="A graph of memory that rises steadily is a leak, one that shoots up for a moment is demand",
    how="For 8 s one process takes 4 MiB five times a second and another 128 MiB for 2 s",
    run=run,
    needs=Needs(memory=640 * MIB),
    shows=("meminfo.MemAvailable", "meminfo.AnonPages"),
)
