"""Much is written at once, and stays under the limits."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.reading import fill
from jinmaek.lab.readings import Readings

SIZE = 384 * MIB


def write(line: Line, path: str) -> None:
    line.tell("writing")
    fill(path, SIZE)
    while True:
        time.sleep(0.1)


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    start(bench, "jm-writer", write, f"{bench.folder}/log").hear()
    time.sleep(0.3)
    change = readings.take("file written") - before
    readings.observe()
    return answer(
        change["meminfo.Dirty"] + change["meminfo.Writeback"] > 0,
        "{dirty} wait to be written, {limit} would slow the writer down",
        dirty=(change["meminfo.Dirty"], "bytes"),
        limit=(readings.taken[-1]["vmstat.nr_dirty_background_threshold"] * 4096, "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.burst-of-writes",
    claim="Dirty pages below the limits are how writing is meant to work",
    how="A process writes 384 MiB to disk as fast as it can, and stops",
    run=run,
    needs=Needs(memory=SIZE + 64 * MIB, disk=SIZE),
    shows=("meminfo.Dirty", "meminfo.Writeback", "vmstat.nr_dirty_background_threshold"),
    healthy=True,
)
