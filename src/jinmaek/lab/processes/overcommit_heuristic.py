"""vm.overcommit_memory=0: more may be promised than there is, but not at once."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, Needs, answer
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import ask, in_words
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings

PIECES = 4


def run(bench: Bench, readings: Readings) -> Answer:
    there = figure("MemTotal") + figure("SwapTotal")
    sysctl(bench, "vm.overcommit_memory", 0)
    worker = start(bench, "jm-asker", ask, *[there // 2] * PIECES, there + there // 4)
    before = readings.before()
    pieces = [worker.next() for _ in range(PIECES)]
    whole = worker.next()
    change = readings.during() - before
    return answer(
        pieces == ["granted"] * PIECES and whole == "refused",
        "of RAM and swap, {there} together, {count} requests for half of it each were {pieces}, one for "
        "more than all of it was {whole}; Committed_AS grew by {grown}",
        there=(there, "bytes"),
        count=PIECES,
        pieces=in_words(pieces),
        whole=in_words([whole]),
        grown=(change["meminfo.Committed_AS"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="processes.overcommit-heuristic",
    chapter=2,
    claim="With vm.overcommit_memory=0 the kernel promises more than there is in all, but not in one request",
    how="A process asks for half of RAM and swap four times, then for more than all of it, and touches "
    "nothing",
    run=run,
    needs=Needs(root=True),
    shows=("meminfo.Committed_AS", "meminfo.CommitLimit", "meminfo.MemAvailable", "sys_vm.overcommit_memory"),
)
