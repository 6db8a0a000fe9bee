"""Zombies use up the process numbers until nothing can be started."""

from __future__ import annotations

import errno
import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.work import stay
from jinmaek.lab.readings import Readings, count

LIMIT = 50


def fork_until_refused(line: Line) -> None:
    made = 0
    while True:
        try:
            child = os.fork()
        except OSError as error:
            line.tell(f"{made} {error.errno}")
            break
        if child == 0:
            os._exit(0)
        made += 1
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    group = cgroups.pids(bench, LIMIT)
    before = readings.before(**{"pids.current": count(cgroups.figure(group, "pids.current", "pids.current"))})
    worker = start_in(bench, [group], "jm-parent", fork_until_refused)
    made, error = map(int, worker.hear().split())
    change = (
        readings.during(**{"pids.current": count(cgroups.figure(group, "pids.current", "pids.current"))})
        - before
    )
    return answer(
        error == errno.EAGAIN and made == LIMIT - 1,
        "under a limit of {limit}, {made} dead children were enough: the next fork failed with {error}, "
        "and pids.current had grown by {used}",
        limit=LIMIT,
        made=made,
        error=errno.errorcode[error],
        used=(change["pids.current"], "count"),
    )


EXPERIMENT = Experiment(
    name="processes.pids-run-out",
    chapter=2,
    claim="Zombies can use up the process numbers, so that no process can be started any more",
    how="In a cgroup that may have 50, a process forks children that die and are not reaped, until fork "
    "fails",
    run=run,
    needs=Needs(root=True, cgroups=("pids",)),
    shows=("loadavg.nr_threads", "meminfo.MemAvailable"),
)
