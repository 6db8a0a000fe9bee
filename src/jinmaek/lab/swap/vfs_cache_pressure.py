"""vm.vfs_cache_pressure weighs names and inodes against the page cache."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.reading import forget, read_through
from jinmaek.lab.make.storage import ext4_image, mounted, sparse_file
from jinmaek.lab.make.work import anonymous, make_files, stay, touch
from jinmaek.lab.readings import Readings, size

LIMIT = 128 * MIB
FILE = 40 * MIB
PROGRAM = 80 * MIB
FOLDERS, FILES = 120, 200
LOW, HIGH = 1, 1000


def make_read_grow(line: Line, folder: str, path: str) -> None:
    make_files(folder, FOLDERS, FILES)
    for _ in range(3):
        read_through(path)
    line.tell("made")
    line.wait()
    memory = anonymous(PROGRAM)
    touch(memory)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    path = sparse_file(bench, FILE)
    image = ext4_image(bench, 128 * MIB)
    readings.before()
    low = _kept(bench, readings, image, path, LOW)
    readings.observe()
    high = _kept(bench, readings, image, path, HIGH)
    return answer(
        low > high + 0.1,
        "when a program needed room, {low} of the kernel's own caches in its cgroup stayed at "
        "vfs_cache_pressure {first}, and {high} at {second}",
        low=(low, "ratio"),
        high=(high, "ratio"),
        first=LOW,
        second=HIGH,
    )


def _kept(bench: Bench, readings: Readings, image: str, path: str, pressure: int) -> float:
    """The share of dentries and inodes that is still there when the program has grown."""
    sysctl(bench, "vm.vfs_cache_pressure", pressure)
    folder, _, number = mounted(bench, image)
    group = cgroups.memory(bench, LIMIT, swap=False)
    worker = start_in(bench, [group], "jm-maker", make_read_grow, folder, path)
    worker.hear()
    before = cgroups.kernel_memory(group)
    worker.next()
    after = cgroups.kernel_memory(group)
    phase = "vfs_cache_pressure 1" if pressure == LOW else "vfs_cache_pressure 1000"
    readings.take(
        phase,
        **{
            "kernel memory before": size(before),
            "kernel memory after": size(after),
            "cache of the cgroup": size(cgroups.statistic(group, "file", "cache")),
        },
    )
    bench.undo(worker.number)
    bench.undo(number)
    forget(path)
    return after / before


EXPERIMENT = Experiment(
    name="swap.vfs-cache-pressure",
    chapter=5,
    claim="vm.vfs_cache_pressure decides whether page cache or rather dentries and inodes are given back",
    how="Twice a process makes 24,000 files in a cgroup of 128 MiB, reads a file of 40 MiB three times and "
    "takes 80 MiB: with the setting at 1 and at 1000",
    run=run,
    seconds=60,
    needs=Needs(root=True, memory=2 * LIMIT, disk=256 * MIB, tools=("mkfs.ext4",), cgroups=("memory",)),
    shows=("sys_vm.vfs_cache_pressure", "vmstat.slabs_scanned"),
)
