"""The load average counts who runs and who waits for a CPU."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.counting import CLOSE, counted
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings, count

COUNT = 8
UPDATES = 3


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    for worker in [start(bench, "jm-spinner", spin) for _ in range(COUNT)]:
        worker.hear()
    found = counted(UPDATES)
    readings.during(
        **{"threads counted": count(found.counted), "threads running or waiting": count(found.running)}
    )
    return answer(
        None if not found.steady else found.counted > COUNT - CLOSE and abs(found.others) <= CLOSE,
        "with {count} processes that never sleep the kernel counted {counted} threads at its updates, "
        "where {running} ran or waited for a CPU",
        count=COUNT,
        counted=(found.counted, "count"),
        running=(found.running, "count"),
    )


EXPERIMENT = Experiment(
    name="load.counts-runnable",
    chapter=3,
    claim="Load average is the number of processes that run or wait to run",
    how="The counts behind load1 are recovered from its steps while 8 processes never sleep",
    run=run,
    seconds=45,
    shows=("loadavg.load1", "stat.procs_running"),
)
