"""Names of files that are not there fill the slab."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from jinmaek import procfile
from jinmaek.kernel import slabinfo
from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings, read
from jinmaek.lab.sentence import CannotMake

MOST = 5_500_000
DENTRY = 192
WINDOW = 18.0


def look_for(line: Line, folder: str, begin: int) -> None:
    """Look for names that are not there: quickly at first, then 10,000 a second."""
    for number in range(begin + MOST):
        os.path.exists(f"{folder}/{number:012}")
        if number == begin:
            line.tell("begun")
        if number >= begin and number % 1000 == 0:
            time.sleep(0.1)
    stay(line)


def limits() -> Mapping[str, float]:
    """As on a host on which the names there are now are much: a trend of 18 s and 8 MiB."""
    negative = read(("dentry_state.nr_negative",))["dentry_state.nr_negative"].value or 0
    whole = figure("MemTotal")
    return {
        "kernel.slab-growth.negative": negative * DENTRY * 0.9 / whole,
        "kernel.slab-growth.grown": 8 * MIB / whole,
        "kernel.slab-growth.window": WINDOW,
        "kernel.slab-growth.plenty": 1,
    }


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    # More than all other names, and more than any other cache, so that they are most of what there is.
    begin = int(max(before["dentry_state.nr_dentry"] * 1.3, _largest() / DENTRY)) + 500_000
    if begin > MOST:
        raise CannotMake("other kernel caches are too large here: {size}", size=(_largest(), "bytes"))
    start(bench, "jm-seeker", look_for, bench.folder, begin).hear(60)
    change = readings.during() - before
    return answer(
        change["dentry_state.nr_negative"] > 500_000,
        "{names} names of files that are not there were added, and {slab} to the slab",
        names=(change["dentry_state.nr_negative"], "count"),
        slab=(change["meminfo.Slab"], "bytes"),
    )


def _largest() -> float:
    """Bytes of the largest cache that is not of names."""
    caches = slabinfo.parse(procfile.read("/proc/slabinfo"))
    return max(one.num_objs * one.objsize for one in caches if one.name != "dentry")


EXPERIMENT = Experiment(
    name="conditions.slab-growth",
    claim="Looking for files that are not there fills the kernel's memory",
    how="A process looks for ever new names that do not exist; what is there counts as much, and the trend "
    "is told from 18 s",
    run=run,
    seconds=90,
    span=20.0,
    needs=Needs(root=True, memory=1280 * MIB, files=("/proc/sys/fs/dentry-state", "/proc/slabinfo")),
    shows=("dentry_state.nr_dentry", "dentry_state.nr_negative", "meminfo.Slab", "meminfo.SReclaimable"),
    expects=(Expected("kernel.slab-growth", "dentry"),),
    limits=limits,
)
