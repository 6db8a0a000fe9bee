"""The load average counts threads in D too, which use no CPU."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.counting import CLOSE, counted
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import start, until
from jinmaek.lab.make.work import sleep_in_vfork
from jinmaek.lab.readings import Readings, count, seconds
from jinmaek.lab.sentence import say
from jinmaek.lab.tasks import cpu_time

COUNT = 10
UPDATES = 3


def run(bench: Bench, readings: Readings) -> Answer:
    fifo = f"{bench.folder}/fifo"
    os.mkfifo(fifo)
    readings.before()
    workers = [start(bench, "jm-waiting", sleep_in_vfork, fifo) for _ in range(COUNT)]
    until(lambda: all(worker.state == "D" for worker in workers), 10, say("state {name}", name="D"))
    began = cpu_time(workers)
    found = counted(UPDATES)
    used = cpu_time(workers) - began
    readings.during(
        **{
            "threads counted": count(found.counted),
            "threads running or waiting": count(found.running),
            "CPU used by those in D": seconds(used),
        }
    )
    return answer(
        None if not found.steady else abs(found.others - COUNT) <= CLOSE,
        "with {count} processes in D the kernel counted {counted} threads at its updates, where {running} "
        "ran or waited for a CPU; those in D used {used} of CPU",
        count=COUNT,
        counted=(found.counted, "count"),
        running=(found.running, "count"),
        used=(used, "seconds"),
    )


EXPERIMENT = Experiment(
    name="load.counts-d",
    chapter=3,
    claim="Processes in D count in the load average, since they will want to run again",
    how="The counts behind load1 are recovered from its steps while 10 processes wait in D",
    run=run,
    seconds=45,
    shows=("loadavg.load1", "stat.procs_running", "stat.procs_blocked"),
    explains=("load.parked-threads",),
)
