"""vm.overcommit_memory=1: every promise is made."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, Needs, answer
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import ask, in_words
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings


def run(bench: Bench, readings: Readings) -> Answer:
    there = figure("MemTotal") + figure("SwapTotal")
    sysctl(bench, "vm.overcommit_memory", 1)
    worker = start(bench, "jm-asker", ask, 2 * there)
    before = readings.before()
    said = worker.next()
    change = readings.during() - before
    return answer(
        said == "granted",
        "one request for {size}, twice of all there is, was {said}; Committed_AS grew by {grown}",
        size=(2 * there, "bytes"),
        said=in_words([said]),
        grown=(change["meminfo.Committed_AS"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="processes.overcommit-always",
    chapter=2,
    claim="With vm.overcommit_memory=1 the kernel promises whatever is asked for",
    how="A process asks for twice of all RAM and swap in one request, and touches nothing",
    run=run,
    needs=Needs(root=True),
    shows=("meminfo.Committed_AS", "meminfo.CommitLimit", "meminfo.MemAvailable", "sys_vm.overcommit_memory"),
)
