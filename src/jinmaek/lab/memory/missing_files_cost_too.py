"""A name that was looked for and is not there is kept as well."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.readings import Readings

COUNT = 100_000


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    found = sum(os.path.exists(f"{bench.folder}/{number}") for number in range(COUNT))
    change = readings.during() - before
    negative, slab = change["dentry_state.nr_negative"], change["meminfo.SReclaimable"]
    return answer(
        found == 0 and negative > 0.8 * COUNT,
        "looking for {count} files that do not exist added {negative} negative dentries; SReclaimable "
        "changed by {slab}",
        count=(COUNT, "count"),
        negative=(negative, "count"),
        slab=(slab, "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.missing-files-cost-too",
    chapter=4,
    claim="dentry remembers folders and the files in them, also that a file is not there",
    how="100,000 files are looked for that do not exist",
    run=run,
    needs=Needs(memory=64 * MIB, files=("/proc/sys/fs/dentry-state",)),
    shows=("dentry_state.nr_dentry", "dentry_state.nr_negative", "meminfo.SReclaimable"),
)
