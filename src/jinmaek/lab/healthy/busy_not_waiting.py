"""CPUs that all work, with nobody in the queue."""

from __future__ import annotations

import os
import time

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel.pid_schedstat import parse
from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Worker, start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import NotRead, Readings

WAITING = 0.05
"""Of the time: from there on others want the CPUs too, and somebody does wait."""


def waited(worker: Worker) -> float:
    """Seconds a worker was kept from its CPU. Raises ``NotRead``."""
    try:
        return parse(procfile.read(f"/proc/{worker.pid}/schedstat")).run_delay
    except (procfile.Unreadable, Malformed):
        raise NotRead("/proc/PID/schedstat") from None


def run(bench: Bench, readings: Readings) -> Answer:
    workers = [start(bench, "jm-worker", spin, cpu) for cpu in os.sched_getaffinity(0)]
    for worker in workers:
        worker.hear()
    before, began = readings.before(), time.monotonic()
    then = [waited(worker) for worker in workers]
    change = readings.during() - before
    span = time.monotonic() - began
    kept = max((waited(worker) - was) / span for worker, was in zip(workers, then, strict=True))
    if kept > WAITING:
        text = "others want the CPUs too: a process was kept from its own for {share} of the time"
        return answer(None, text, share=(kept, "ratio"))
    return answer(
        True,
        "the CPUs were idle for {idle} in all, and no process was kept from its own for more than {share} of "
        "the time",
        idle=(change["stat_cpu.idle"], "seconds"),
        share=(kept, "ratio"),
    )


EXPERIMENT = Experiment(
    name="healthy.busy-not-waiting",
    claim="CPUs that are all busy are well used as long as nobody waits for them",
    how="On each CPU one process never sleeps",
    run=run,
    shows=("stat_cpu.idle", "pressure_cpu.some_total", "stat.procs_running"),
    healthy=True,
)
