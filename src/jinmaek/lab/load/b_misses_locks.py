"""Not everybody in D is in column b of vmstat."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.load.cpu_or_waiting import write
from jinmaek.lab.make.process import start, until
from jinmaek.lab.make.storage import ext4, frozen
from jinmaek.lab.readings import Readings, count
from jinmaek.lab.sentence import say

COUNT = 4


def run(bench: Bench, readings: Readings) -> Answer:
    folder, _ = ext4(bench, 32 * MIB)
    workers = [start(bench, "jm-writer", write, folder) for _ in range(COUNT)]
    for worker in workers:
        worker.hear()
    before = readings.before(**{"writers in D": count(sum(worker.state == "D" for worker in workers))})
    thaw = frozen(bench, folder)
    until(lambda: all(worker.state == "D" for worker in workers), 10, say("state {name}", name="D"))
    change = readings.during(**{"writers in D": count(COUNT)}) - before
    bench.undo(thaw)
    return answer(
        change["stat.procs_blocked"] >= COUNT,
        "{count} processes waited in D to write, and procs_blocked changed by {blocked}: only who sleeps "
        "for a disk is counted there, not who waits for a lock or a server",
        count=COUNT,
        blocked=(change["stat.procs_blocked"], "count"),
    )


EXPERIMENT = Experiment(
    name="load.b-misses-locks",
    chapter=3,
    claim="Processes in D are the ones that b in vmstat counts",
    how="4 processes write to a file system; then nobody may write to it",
    run=run,
    usual="does not hold",
    needs=Needs(root=True, tools=("mkfs.ext4",), disk=64 * MIB),
    shows=("stat.procs_blocked", "stat.procs_running", "loadavg.load1"),
    expects=(Expected("load.blocked-on-lock", "jm-writer"),),
)
