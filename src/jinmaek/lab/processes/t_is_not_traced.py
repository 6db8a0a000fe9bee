"""T is stopped; a process that is traced shows its own state, or t while it is held."""

from __future__ import annotations

import os
import signal

from jinmaek.lab import calls
from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Line, start, until
from jinmaek.lab.make.work import stay
from jinmaek.lab.readings import Readings
from jinmaek.lab.sentence import say


def trace(line: Line, pid: int) -> None:
    calls.attach(pid)
    line.tell("attached")
    line.wait()
    calls.interrupt(pid)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    traced, stopped = start(bench, "jm-traced", stay), start(bench, "jm-stopped", stay)
    traced.hear()
    stopped.hear()
    readings.before()
    tracer = start(bench, "jm-tracer", trace, traced.pid)
    tracer.hear()
    while_traced = traced.state
    tracer.go_on()
    tracer.hear()
    os.kill(stopped.pid, signal.SIGSTOP)
    until(lambda: stopped.state == "T", 10, say("state {name}", name="T"))
    until(lambda: traced.state in "tT", 10, say("state {name}", name="t"))
    held = traced.state
    readings.during()
    return answer(
        held == "T",
        "a traced process showed {traced} while it slept and {held} while the tracer held it; T was shown "
        "by one that got SIGSTOP and that nobody traced",
        traced=while_traced,
        held=held,
    )


EXPERIMENT = Experiment(
    name="processes.t-is-not-traced",
    chapter=2,
    claim="T is a process whose system calls are traced, as by strace",
    how="One process is traced, first as it sleeps and then held; another gets SIGSTOP",
    run=run,
    usual="does not hold",
    shows=("stat.procs_running",),
)
