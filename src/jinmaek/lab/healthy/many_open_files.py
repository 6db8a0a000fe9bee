"""Many files open, well within what is allowed."""

from __future__ import annotations

import os
import resource

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay
from jinmaek.lab.readings import Readings

SHARE = 0.7


def hold(line: Line) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = min(hard, 4096)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(int(allowed * SHARE))]
    stay(line)
    del held


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    worker = start(bench, "jm-proxy", hold)
    worker.hear()
    readings.during()
    held = len(os.listdir(f"/proc/{worker.pid}/fd"))
    return answer(held > 100, "it has {count} descriptors open, and opens no more", count=(held, "count"))


EXPERIMENT = Experiment(
    name="healthy.many-open-files",
    claim="Many open files are no leak",
    how="A process has seven tenths of the files open that it may have",
    run=run,
    shows=("file_nr.allocated", "file_nr.maximum"),
    healthy=True,
)
