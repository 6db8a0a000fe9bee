"""Every state letter, made and shown."""

from __future__ import annotations

import os
import signal

from jinmaek.lab import calls
from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Line, Worker, start, state, until
from jinmaek.lab.make.work import sleep_in_vfork, spin, stay
from jinmaek.lab.readings import Readings, count
from jinmaek.lab.sentence import say

LETTERS = "SRDTtZ"


def leave_zombie(line: Line) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    line.tell(str(child))
    signal.pause()


def trace(line: Line, pid: int) -> None:
    calls.attach(pid)
    calls.interrupt(pid)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    fifo = f"{bench.folder}/fifo"
    os.mkfifo(fifo)
    readings.before()
    sleeping, running = start(bench, "jm-sleeping", stay), start(bench, "jm-running", spin)
    waiting = start(bench, "jm-waiting", sleep_in_vfork, fifo)
    stopped, traced = start(bench, "jm-stopped", stay), start(bench, "jm-traced", stay)
    parent = start(bench, "jm-parent", leave_zombie)
    for worker in (sleeping, running, stopped, traced):
        worker.hear()
    start(bench, "jm-tracer", trace, traced.pid).hear()
    os.kill(stopped.pid, signal.SIGSTOP)
    dead = int(parent.hear())
    made: dict[str, Worker | int] = dict(
        zip(LETTERS, (sleeping, running, waiting, stopped, traced, dead), strict=True)
    )
    for letter, who in made.items():
        pid = who if isinstance(who, int) else who.pid
        until(lambda pid=pid, letter=letter: state(pid) == letter, 10, say("state {name}", name=letter))  # type: ignore[misc]
    idle = sum(state(int(name)) == "I" for name in os.listdir("/proc") if name.isdecimal())
    readings.during(**{"processes in I": count(idle)})
    return answer(
        True if idle else None,
        "{letters} were made and seen; {idle} threads of the kernel were in I, which no program can be in",
        letters=" ".join(made),
        idle=idle,
    )


EXPERIMENT = Experiment(
    name="processes.states",
    chapter=2,
    claim="A process is in one of the states top shows: S, R, D, T, t, Z, or I",
    how="Processes that sleep, run, wait for a vfork child, are stopped, are held by a tracer and are dead "
    "and not waited for",
    run=run,
    shows=("stat.procs_running", "stat.procs_blocked"),
)
