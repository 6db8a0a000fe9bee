"""A writer far ahead of its disk."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.cgroups import throttled
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.storage import ext4
from jinmaek.lab.readings import Readings, share

SIZE = 256 * MIB
DIRTY, BACKGROUND = 24 * MIB, 8 * MIB
WRITES = 512 * 1024
"""Bytes a second the disk takes."""
WATCHED = 3.0


def write(line: Line, folder: str) -> None:
    with open(f"{folder}/file", "wb", buffering=0) as file:
        line.tell("writing")
        file.writelines(bytes(65536) for _ in range(SIZE // 2 // 65536))
    line.wait()


def run(bench: Bench, readings: Readings) -> Answer:
    folder, device = ext4(bench, SIZE)
    throttled(bench, device, "write_bps", WRITES)
    sysctl(bench, "vm.dirty_background_bytes", BACKGROUND)
    sysctl(bench, "vm.dirty_bytes", DIRTY)
    readings.before()
    writer = start(bench, "jm-writer", write, folder)
    writer.hear()
    time.sleep(2)
    seen, samples, end = 0, 0, time.monotonic() + WATCHED
    while time.monotonic() < end:
        seen += writer.state == "D"
        samples += 1
        time.sleep(0.02)
    readings.during(**{"D of jm-writer": share(seen / samples)})
    return answer(
        seen / samples > 0.5,
        "the writer was in D at {seen} of all looks",
        seen=(seen / samples, "ratio"),
    )


EXPERIMENT = Experiment(
    name="conditions.dirty-writer",
    claim="Whoever writes faster than the disk is made to wait when too much is not written yet",
    how="A process writes to a file system on a device that takes half a MiB a second, with vm.dirty_bytes "
    "at 24 MiB",
    run=run,
    seconds=60,
    needs=Needs(root=True, memory=256 * MIB, disk=2 * SIZE, tools=("mkfs.ext4",), cgroups=("io",)),
    shows=("vmstat.nr_dirty", "vmstat.nr_writeback", "vmstat.nr_dirty_threshold", "vmstat.nr_written"),
    expects=(Expected("disk.dirty-stall", "jm-writer"),),
    allows=("load.blocked-on-disk", "disk.saturated"),
)
