"""Processes made for real to be looked at, each gone at the end of its ``with``."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SYS_EXIT = {"x86_64": 60, "i686": 1, "armv7l": 1, "ppc64le": 1, "s390x": 1}.get(platform.machine(), 93)
"""The system call that ends one thread; 93 on every newer architecture."""

NAME = """
import ctypes, sys, time
ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[1]), 0, 0, 0)
print("ready", flush=True)
time.sleep(60)
"""
SPIN = """
print("ready", flush=True)
while True: pass
"""
ZOMBIES = """
import os, sys, time
for _ in range(int(sys.argv[1])):
    if os.fork() == 0: os._exit(0)
time.sleep(0.1)
print("ready", flush=True)
time.sleep(60)
"""
LEADERLESS = """
import ctypes, sys, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
print("ready", flush=True)
ctypes.CDLL(None).syscall(int(sys.argv[1]), 0)
"""
THREADS = """
import sys, threading, time
for _ in range(int(sys.argv[1])): threading.Thread(target=time.sleep, args=(60,)).start()
print("ready", flush=True)
time.sleep(60)
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
    """Stop a process and wait until it is."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: state(pid) == "T")


def state(pid: int) -> str:
    """The state letter the kernel shows for the leader."""
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1].decode()


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that is about to happen."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
