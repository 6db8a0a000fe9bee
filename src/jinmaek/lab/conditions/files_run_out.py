"""A process that opens files and closes none."""

from __future__ import annotations

import os
import resource
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Expected, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay
from jinmaek.lab.readings import Readings, count

LIMIT = 512
BEGIN = 440
EVERY = 0.2


def leak(line: Line) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(BEGIN)]
    line.tell("leaking")
    while True:
        try:
            held.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            break
        time.sleep(EVERY)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    worker = start(bench, "jm-opener", leak)
    worker.hear()
    first = len(os.listdir(f"/proc/{worker.pid}/fd"))
    readings.observe()
    time.sleep(1)
    then = len(os.listdir(f"/proc/{worker.pid}/fd"))
    change = readings.take("during", **{"descriptors of jm-opener": count(then)}) - before
    return answer(
        then > first or then >= LIMIT,
        "it had {first} descriptors open, then {then}, of {limit}; the host had {host} more",
        first=first,
        then=then,
        limit=LIMIT,
        host=(change["file_nr.allocated"], "count"),
    )


EXPERIMENT = Experiment(
    name="conditions.files-run-out",
    claim="A process that closes no files reaches its limit of descriptors",
    how="A process that may have 512 files open has 440 and opens five more each second",
    run=run,
    shows=("file_nr.allocated",),
    expects=(Expected("process.files-exhausted", "jm-opener"),),
)
