"""Processes made for real to be looked at, each gone at the end of its ``with``."""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

Told = TypeVar("Told")
Mine = TypeVar("Mine")

SYS_EXIT = {"x86_64": 60, "i686": 1, "armv7l": 1, "ppc64le": 1, "s390x": 1}.get(platform.machine(), 93)
"""The system call that ends one thread; 93 on every newer architecture."""

NAME = """
import ctypes, sys, time
ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[1]), 0, 0, 0)
print("ready", flush=True)
time.sleep(600)
"""
SPIN = """
print("ready", flush=True)
while True: pass
"""
ZOMBIES = """
import os, sys, time
for _ in range(int(sys.argv[1])):
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print("ready", flush=True)
time.sleep(600)
"""
LEADERLESS = """
import ctypes, sys, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
print("ready", flush=True)
ctypes.CDLL(None).syscall(int(sys.argv[1]), 0)
"""
THREADS = """
import sys, threading, time
for _ in range(int(sys.argv[1])): threading.Thread(target=time.sleep, args=(600,)).start()
print("ready", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def child(code: str, *words: str, before: Callable[[], object] | None = None) -> Iterator[int]:
    """The pid of a Python process that has said it is ready; ``before`` runs in it before the program."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, *words],
        stdout=subprocess.PIPE,
        preexec_fn=before,  # noqa: PLW1509
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def named(name: bytes, before: Callable[[], object] | None = None) -> contextlib.AbstractContextManager[int]:
    """A sleeping process with this name."""
    return child(NAME, name.hex(), before=before)


def stopped(pid: int) -> None:
    """Stop a process and wait until all of its threads are."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: all(state(int(tid)) == "T" for tid in os.listdir(f"/proc/{pid}/task")))


def resting(pid: int, seconds: float = 0.1) -> None:
    """Wait until a process and its threads have been asleep for so long, and did nothing meanwhile."""

    def texts() -> list[bytes]:
        return [path.read_bytes() for path in Path(f"/proc/{pid}/task").glob("*/stat")]

    def rested() -> bool:
        before = texts()
        time.sleep(seconds)
        return before == texts() and all(text.rpartition(b") ")[2][:1] != b"R" for text in before)

    until(rested)


def state(pid: int) -> str:
    """The state letter the kernel shows for the leader."""
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1].decode()


def descriptors() -> set[tuple[str, str]]:
    """What this process has open, by number and name; nothing that only waits to be collected."""
    gc.collect()
    found = set()
    for number in os.listdir("/proc/self/fd"):
        # The listing has a descriptor of its own, gone by now.
        with contextlib.suppress(FileNotFoundError):
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
    return found


def given_back(before: set[tuple[str, str]]) -> None:
    """Wait until nothing more is open than before; what earlier tests left behind may have gone."""
    until(lambda: descriptors() <= before)


def agreed(theirs: Callable[[], Told], ours: Callable[[], Mine]) -> tuple[Told, Mine]:
    """What a peer tells and what we tell of the same moment: the peer told the same before and after."""
    for _ in range(100):
        before, mine, after = theirs(), ours(), theirs()
        if before == after:
            break
        time.sleep(0.05)
    return after, mine


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that is about to happen."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
