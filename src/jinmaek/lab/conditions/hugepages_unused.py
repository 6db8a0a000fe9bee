"""A pool of huge pages that nobody uses."""

from __future__ import annotations

from collections.abc import Mapping

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.knobs import HUGE, hugepages
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings

SIZE = 1024 * MIB


def limits() -> Mapping[str, float]:
    """As on a host on which 512 MiB are much, and on which what is left now is little."""
    return {
        "memory.hugepages-wasted.unused": SIZE / 2 / figure("MemTotal"),
        "memory.hugepages-wasted.available": 1,
        "memory.hugepages-wasted.plenty": 1,
        "memory.hugepages-wasted.boot": 60,
    }


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    got = hugepages(bench, SIZE // figure("Hugepagesize"))
    change = readings.during() - before
    return answer(
        None if got * figure("Hugepagesize") < SIZE * 0.6 else change["meminfo.HugePages_Free"] == got,
        "{count} huge pages lie unused, and MemAvailable changed by {left}",
        count=got,
        left=(change["meminfo.MemAvailable"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.hugepages-unused",
    claim="Huge pages that are set aside are lost to everybody who does not ask for them",
    how="1 GiB of huge pages is added to the pool and not used; 512 MiB count as much, and what is left as "
    "little",
    run=run,
    needs=Needs(root=True, memory=SIZE + 64 * MIB, files=(HUGE,)),
    shows=("meminfo.HugePages_Total", "meminfo.HugePages_Free", "meminfo.MemAvailable", "meminfo.MemFree"),
    expects=(Expected("memory.hugepages-wasted"),),
    limits=limits,
)
