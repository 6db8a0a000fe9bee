"""CPUs that all work, with nobody in the queue."""

from __future__ import annotations

import glob
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
ANYBODY = 0.15
"""Threads of all the host in a queue on average: from there on it is not so that nobody waits."""


def waited(worker: Worker) -> float:
    """Seconds a worker was kept from its CPU. Raises ``NotRead``."""
    try:
        return parse(procfile.read(f"/proc/{worker.pid}/schedstat")).run_delay
    except (procfile.Unreadable, Malformed):
        raise NotRead("/proc/PID/schedstat") from None


def queued() -> dict[str, float]:
    """Seconds in which each thread of the host could have run and did not; threads come and go."""
    found = {}
    for path in glob.iglob("/proc/[0-9]*/task/[0-9]*/schedstat"):
        try:
            found[path] = parse(procfile.read(path)).run_delay
        except (procfile.Unreadable, Malformed):
            continue
    return found


def run(bench: Bench, readings: Readings) -> Answer:
    workers = [start(bench, "jm-worker", spin, cpu) for cpu in os.sched_getaffinity(0)]
    for worker in workers:
        worker.hear()
    before, began = readings.before(), time.monotonic()
    then, all_then = [waited(worker) for worker in workers], queued()
    change = readings.during() - before
    span, all_now = time.monotonic() - began, queued()
    kept = max((waited(worker) - was) / span for worker, was in zip(workers, then, strict=True))
    if kept > WAITING:
        text = "others want the CPUs too: a process was kept from its own for {share} of the time"
        return answer(None, text, share=(kept, "ratio"))
    queue = sum(now - all_then[path] for path, now in all_now.items() if path in all_then) / span
    if queue > ANYBODY:
        text = "somebody waits: {threads} threads of all were in a queue on average"
        return answer(None, text, threads=(queue, "count"))
    return answer(
        True,
        "the CPUs were idle for {idle} in all, no process was kept from its own for more than {share} of the "
        "time, and {threads} threads of all were in a queue on average",
        idle=(change["stat_cpu.idle"], "seconds"),
        share=(kept, "ratio"),
        threads=(queue, "count"),
    )


EXPERIMENT = Experiment(
    name="healthy.busy-not-waiting",
    claim="CPUs that are all busy are well used as long as nobody waits for them",
    how="On each CPU one process never sleeps",
    run=run,
    shows=("stat_cpu.idle", "pressure_cpu.some_total", "stat.procs_running"),
    healthy=True,
)
