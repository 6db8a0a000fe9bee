"""Processes whose memory is forced into swap: a cgroup's limit does it, the host keeps its memory."""

from __future__ import annotations

import mmap
import random
import time

from jinmaek import procfile
from jinmaek.lab.bench import Bench
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, Worker, start_in
from jinmaek.lab.make.storage import swap_file
from jinmaek.lab.make.work import PAGE, anonymous, stay, touch
from jinmaek.lab.sentence import CannotMake

MIB = 1024 * 1024
STEP = MIB // 2
FULL = 0.95
"""Share of a swap file from which on it is full enough."""


def fill(line: Line, size: int) -> None:
    """Take memory and keep it: what does not fit under the limit goes to swap."""
    memory = anonymous(size)
    touch(memory)
    line.tell("filled")
    line.wait()
    sum(memory[page] for page in range(0, size, PAGE))
    line.tell("read")
    stay(line)


def fill_swap(line: Line, path: str, most: int) -> None:
    """Take memory until a swap file is all but full, and keep it."""
    memory, _ = _until_full(path, most)
    line.tell("filled")
    stay(line)
    memory.close()


def work_in_full(line: Line, path: str, most: int) -> None:
    """Take memory until a swap file is all but full, and work in it."""
    memory, size = _until_full(path, most)
    line.tell("filled")
    _work(line, memory, size)


def _until_full(path: str, most: int) -> tuple[mmap.mmap, int]:
    memory, size = anonymous(most), 0
    while size < most and _used(path) < FULL:
        touch(memory, size, size + STEP)
        size += STEP
    return memory, size


def _used(path: str) -> float:
    """Share of a swap file that is in use. Raises ``CannotMake`` where it is not in use as swap."""
    for line in procfile.read("/proc/swaps").splitlines():
        words = line.split()
        if words[0] == path:
            return int(words[3]) / int(words[2])
    raise CannotMake("{path} is not used as swap", path=path)


def work_in(line: Line, size: int) -> None:
    """Touch pages in random order for ever; say how many in a second, each time it is asked."""
    memory = anonymous(size)
    touch(memory)
    line.tell("filled")
    _work(line, memory, size)


def _work(line: Line, memory: mmap.mmap, size: int) -> None:
    chance = random.Random(1)  # noqa: S311 - an order of pages, no secret
    pages = size // PAGE
    line.wait()
    while True:
        done, end = 0, time.monotonic() + 1
        while time.monotonic() < end:
            for _ in range(64):
                memory[chance.randrange(pages) * PAGE] = 1
            done += 64
        line.tell(str(done))


def swapped_out(bench: Bench, size: int, limit: int, *, swap: int, name: str = "jm-swapper") -> Worker:
    """A process of ``size`` bytes, of which at most ``limit`` are in RAM and the rest in a swap file."""
    swap_file(bench, swap)
    group = cgroups.memory(bench, limit)
    worker = start_in(bench, [group], name, fill, size)
    worker.hear(60)
    return worker
