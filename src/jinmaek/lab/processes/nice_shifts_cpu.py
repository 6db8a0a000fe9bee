"""NI changes PR, and with it the share of a CPU."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings, count, seconds
from jinmaek.lab.tasks import stat

NICE = 10
WEIGHTS = {0: 1024, NICE: 110}
"""sched_prio_to_weight of kernel/sched/core.c."""
WATCHED = 4.0


def run(bench: Bench, readings: Readings) -> Answer:
    cpu = min(os.sched_getaffinity(0))
    usual, nice = start(bench, "jm-usual", spin, cpu), start(bench, "jm-nice", spin, cpu, NICE)
    usual.hear()
    nice.hear()
    readings.before(
        **{"PR of jm-usual": count(stat(usual.pid).priority), "PR of jm-nice": count(stat(nice.pid).priority)}
    )
    began = [stat(worker.pid) for worker in (usual, nice)]
    time.sleep(WATCHED)
    ended = [stat(worker.pid) for worker in (usual, nice)]
    used = [end.utime - start.utime for start, end in zip(began, ended, strict=True)]
    readings.during(**{"CPU of jm-usual": seconds(used[0]), "CPU of jm-nice": seconds(used[1])})
    ratio = used[0] / used[1] if used[1] else None
    due = WEIGHTS[0] / WEIGHTS[NICE]
    return answer(
        None
        if ratio is None
        else ended[1].priority == ended[0].priority + NICE and due / 2 < ratio < due * 2,
        "PR is {usual} and {nice}; of the same CPU they got {first} and {second}, {ratio} to 1 (by the "
        "weights of the scheduler {due} to 1)",
        usual=ended[0].priority,
        nice=ended[1].priority,
        first=(used[0], "seconds"),
        second=(used[1], "seconds"),
        ratio=(ratio or 0.0, "count"),
        due=(due, "count"),
    )


EXPERIMENT = Experiment(
    name="processes.nice-shifts-cpu",
    chapter=2,
    claim="Every process has priority 20; NI changes it, and the lower PR is, the more it runs",
    how="Two processes that never sleep share one CPU for 4 s, one of them at nice 10",
    run=run,
    shows=("stat.procs_running",),
)
