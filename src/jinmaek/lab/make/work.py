"""What many workers do: use a CPU, take memory, sleep."""

from __future__ import annotations

import mmap
import os
import signal

from jinmaek.lab.make.process import Line
from jinmaek.lab.sentence import Sentence, say

PAGE = os.sysconf("SC_PAGE_SIZE")
NOHUGEPAGE = getattr(mmap, "MADV_NOHUGEPAGE", None)


def spin(line: Line, cpu: int | None = None, nice: int = 0) -> None:
    """Use a CPU until killed; that one, if one is named."""
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
    if nice:
        os.nice(nice)
    line.tell("spinning")
    while True:
        pass


def stay(line: Line) -> None:
    """Do nothing until killed."""
    line.tell("there")
    while True:
        signal.pause()


def anonymous(size: int) -> mmap.mmap:
    """Memory of small pages, not touched yet."""
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if NOHUGEPAGE is not None:
        try:
            memory.madvise(NOHUGEPAGE)
        except OSError:
            return memory  # a kernel without transparent huge pages has none to refuse
    return memory


def touch(memory: mmap.mmap, start: int = 0, end: int | None = None, content: bytes = b"\1") -> None:
    """Write into every page."""
    value = content[0]
    for page in range(start, len(memory) if end is None else end, PAGE):
        memory[page] = value


def hold(line: Line, size: int) -> None:
    """Take memory and keep it."""
    memory = anonymous(size)
    touch(memory)
    stay(line)


def sleep_in_vfork(_: Line, fifo: str) -> None:
    """Wait in D for a child that cannot exec before somebody writes to a FIFO."""
    opens = [(os.POSIX_SPAWN_OPEN, 9, fifo, os.O_RDONLY, 0)]
    os.posix_spawn("/bin/true", ["true"], {}, file_actions=opens)
    signal.pause()


def ask(line: Line, *sizes: int) -> None:
    """Ask for memory of these sizes and touch none of it; say of each whether it was granted."""
    held = []
    for size in sizes:
        line.wait()
        try:
            held.append(mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        except OSError:
            line.tell("refused")
        else:
            line.tell("granted")
    line.wait()


def in_words(said: list[str]) -> Sentence:
    """What came of requests, told by ``ask``."""
    match set(said):
        case kinds if kinds == {"granted"}:
            return say("granted")
        case kinds if kinds == {"refused"}:
            return say("refused")
        case _:
            return say("in part granted, in part refused")


def make_files(folder: str, folders: int, files: int) -> None:
    """So many folders of so many empty files each, written to the disk."""
    for outer in range(folders):
        os.makedirs(f"{folder}/{outer}", exist_ok=True)
        for inner in range(files):
            os.close(os.open(f"{folder}/{outer}/{inner}", os.O_WRONLY | os.O_CREAT))
    os.sync()
