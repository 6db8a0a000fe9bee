"""More memory promised than there is, and next to none of it used."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.knobs import value_of
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import ask
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings
from jinmaek.lab.sentence import CannotMake

PIECES = 4


def run(bench: Bench, readings: Readings) -> Answer:
    if value_of("vm.overcommit_memory") == 2:
        raise CannotMake("vm.overcommit_memory is 2 here")
    readings.before()
    worker = start(bench, "jm-reserver", ask, *[figure("MemTotal") // 2] * PIECES)
    said = [worker.next() for _ in range(PIECES)]
    during = readings.during()
    promised = during["meminfo.Committed_AS"] / during["meminfo.CommitLimit"]
    return answer(
        said == ["granted"] * PIECES and promised > 1,
        "{promised} of CommitLimit are promised, and {left} are available",
        promised=(promised, "ratio"),
        left=(during["meminfo.MemAvailable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.large-virt",
    claim="Memory that is promised and not used is no shortage",
    how="A process maps twice the size of RAM and touches none of it",
    run=run,
    shows=("meminfo.Committed_AS", "meminfo.CommitLimit", "meminfo.MemAvailable"),
    healthy=True,
)
