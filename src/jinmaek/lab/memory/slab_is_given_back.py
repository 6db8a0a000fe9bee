"""The kernel gives its own caches back too."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.storage import ext4
from jinmaek.lab.make.work import anonymous, make_files, stay, touch
from jinmaek.lab.readings import Readings, size

LIMIT = 96 * MIB
PROGRAM = 72 * MIB
FOLDERS, FILES = 120, 200


def make_then_grow(line: Line, folder: str) -> None:
    make_files(folder, FOLDERS, FILES)
    line.tell("made")
    line.wait()
    memory = anonymous(PROGRAM)
    touch(memory)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    folder, _ = ext4(bench, 128 * MIB)
    group = cgroups.memory(bench, LIMIT)
    worker = start_in(bench, [group], "jm-maker", make_then_grow, folder)
    worker.hear()
    before = readings.before(**{"kernel memory of the cgroup": size(cgroups.kernel_memory(group))})
    worker.next()
    change = readings.during(**{"kernel memory of the cgroup": size(cgroups.kernel_memory(group))}) - before
    given = -change["kernel memory of the cgroup"]
    return answer(
        given > 4 * MIB and worker.state != "X",
        "dentries and inodes took {held} of a cgroup of {limit}; when a program in it took {program}, "
        "{given} of them were given back",
        held=(before["kernel memory of the cgroup"], "bytes"),
        limit=(LIMIT, "bytes"),
        program=(PROGRAM, "bytes"),
        given=(given, "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.slab-is-given-back",
    chapter=4,
    claim="The kernel gives back dentries and inodes like the page cache when programs need memory",
    how="In a cgroup of 96 MiB a process makes 24,000 files, then takes 72 MiB for itself",
    run=run,
    needs=Needs(root=True, memory=2 * LIMIT, disk=128 * MIB, tools=("mkfs.ext4",), cgroups=("memory",)),
    shows=("meminfo.SReclaimable", "vmstat.slabs_scanned", "vmstat.oom_kill"),
)
