"""A lab that makes and undoes everything there is to make, again and again, until it is killed.

With a second word it stays as it is once everything is made.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from jinmaek.lab.bench import Bench
from jinmaek.lab.make import cgroups, knobs, storage
from jinmaek.lab.make.process import Line, start, start_in
from jinmaek.lab.make.work import stay

MIB = 1024 * 1024


def write(_: Line, folder: str) -> None:
    """Ends up in D when the file system is frozen."""
    with open(f"{folder}/{os.getpid()}", "wb", buffering=0) as file:
        while True:
            file.write(b"x")
            file.seek(0)


def breed(line: Line) -> None:
    """Children, some dead and some alive, in the group of their parent."""
    for index in range(6):
        if os.fork() == 0:
            if index % 2:
                os._exit(0)
            signal.pause()
    stay(line)


def make_all(bench: Bench) -> None:
    start(bench, "jmk-breeder", breed)
    if os.geteuid() != 0:
        storage.written_file(bench, MIB)
        return
    attempts: tuple[Callable[[], object], ...] = (
        lambda: knobs.sysctl(bench, "vm.swappiness", 61),
        lambda: knobs.sysctl(bench, "vm.dirty_bytes", 512 * MIB),
        lambda: storage.swap_file(bench, 16 * MIB),
        lambda: _in_cgroup(bench),
        lambda: storage.tmpfs(bench, MIB),
        lambda: _frozen(bench),
    )
    for attempt in attempts:
        attempt()


def _in_cgroup(bench: Bench) -> None:
    group = cgroups.memory(bench, 64 * MIB)
    start_in(bench, [group], "jmk-inside", breed)
    frozen = cgroups.cgroup(bench, "freezer", {})
    start_in(bench, [frozen], "jmk-frozen", breed).hear()
    cgroups.freeze(bench, frozen)


def _frozen(bench: Bench) -> None:
    folder, _ = storage.ext4(bench, 16 * MIB)
    for _ in range(2):
        start(bench, "jmk-writer", write, folder)
    storage.frozen(bench, folder)


if __name__ == "__main__":
    while True:
        with Bench(sys.argv[1]) as everything:
            print(everything.folder, flush=True)
            make_all(everything)
            print("made", flush=True)
            if len(sys.argv) > 2:
                signal.pause()
        print("undone", flush=True)
