"""A cgroup in which idle memory of a program and a file that is read compete for room."""

from __future__ import annotations

import os

from jinmaek.lab.make.process import Line
from jinmaek.lab.make.reading import MIB
from jinmaek.lab.make.work import anonymous, stay, touch

LIMIT = 128 * MIB
PROGRAM = 72 * MIB
FILE = 80 * MIB


def idle_beside_reading(line: Line, path: str, rounds: int) -> None:
    """Take memory and leave it; then read a file over and over."""
    memory = anonymous(PROGRAM)
    touch(memory)
    line.tell("filled")
    line.wait()
    file = os.open(path, os.O_RDONLY)
    for _ in range(rounds):
        at = 0
        while got := os.pread(file, MIB, at):
            at += len(got)
    line.tell("read")
    stay(line)
