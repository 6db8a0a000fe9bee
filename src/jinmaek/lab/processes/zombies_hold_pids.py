"""A zombie costs its number, and next to nothing else."""

from __future__ import annotations

import os
import signal

from jinmaek import procfile
from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Expected, Experiment, answer
from jinmaek.lab.make.process import Line, start, state, until
from jinmaek.lab.readings import Readings, count
from jinmaek.lab.sentence import say

COUNT = 300


def leave_zombies(line: Line, number: int) -> None:
    children = []
    for _ in range(number):
        child = os.fork()
        if child == 0:
            os._exit(0)
        children.append(child)
    line.tell(" ".join(map(str, children)))
    signal.pause()


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before(zombies=count(0))
    parent = start(bench, "jm-parent", leave_zombies, COUNT)
    children = [int(word) for word in parent.hear().split()]
    until(lambda: all(state(pid) == "Z" for pid in children), 20, say("state {name}", name="Z"))
    memory = sum("VmRSS" in procfile.read(f"/proc/{pid}/status") for pid in children)
    numbers = sum(os.path.exists(f"/proc/{pid}") for pid in children)
    change = readings.during(zombies=count(numbers)) - before
    return answer(
        memory == 0 and numbers == COUNT,
        "{count} zombies keep {numbers} process numbers; {memory} of them have memory of their own; the "
        "count of threads in /proc/loadavg changed by {threads}",
        count=COUNT,
        numbers=numbers,
        memory=memory,
        threads=(change["loadavg.nr_threads"], "count"),
    )


EXPERIMENT = Experiment(
    name="processes.zombies-hold-pids",
    chapter=2,
    claim="Zombies use no memory, but each keeps its process number",
    how="A process leaves 300 dead children unreaped",
    run=run,
    shows=("loadavg.nr_threads", "meminfo.AnonPages", "meminfo.KernelStack"),
    expects=(Expected("process.zombies", "jm-parent"),),
)
