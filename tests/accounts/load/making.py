"""Threads of every kind that make load, each named, bounded and undone on the way out."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.making import removed, running, sh

HOG = "while True: pass"
WRITER = """
import os, time
f = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
while True:
    os.pwrite(f, b"x", 0)
    time.sleep(0.05)
"""
READER = """
import mmap, os
room = mmap.mmap(-1, 1 << 16)
f = os.open(sys.argv[2], os.O_RDONLY | os.O_DIRECT)
size = os.lseek(f, 0, os.SEEK_END)
while True:
    for at in range(0, size - (1 << 16), 1 << 16): os.preadv(f, [room], at)
"""
VFORK = """
import os
opens = (os.POSIX_SPAWN_OPEN, 9, sys.argv[2], os.O_RDONLY, 0)
os.posix_spawn("/bin/true", ["true"], {}, file_actions=[opens])
import time
time.sleep(600)
"""


@contextlib.contextmanager
def cgroup(controller: str, settings: dict[str, str]) -> Iterator[Path]:
    """A cgroup of version 1 with these settings; its processes must be gone when it ends."""
    top = Path("/sys/fs/cgroup") / controller
    if not (top / "cgroup.procs").exists():
        pytest.skip(f"no {controller} controller of cgroup version 1 here")
    group = top / f"jinmaek-load-{os.getpid()}"
    group.mkdir()
    try:
        for name, value in settings.items():
            (group / name).write_text(value)
        yield group
    except OSError as error:
        pytest.skip(f"no {controller} limit here: {error}")
    finally:
        removed(group)


@contextlib.contextmanager
def inside(group: Path, name: str, code: str, *args: str) -> Iterator[int]:
    """A process in a cgroup."""
    with running(name, code, *args) as (process,):
        (group / "cgroup.procs").write_text(str(process.pid))
        yield process.pid


@contextlib.contextmanager
def loop_device(folder: Path, size: int) -> Iterator[Path]:
    """A block device over a file of its own."""
    image = folder / "device"
    with image.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    try:
        device = sh("losetup", "-f", "--show", str(image)).strip()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop device here: {error.stderr.strip()}")
    try:
        yield Path(device)
    finally:
        sh("losetup", "-d", device)


@contextlib.contextmanager
def slow_reader(folder: Path, name: str) -> Iterator[int]:
    """A process that reads from a device which answers five times a second: it waits even on busy CPUs."""
    with loop_device(folder, 64 << 20) as device:
        number = os.stat(device).st_rdev
        limit = {"blkio.throttle.read_iops_device": f"{os.major(number)}:{os.minor(number)} 5"}
        with cgroup("blkio", limit) as group, inside(group, name, READER, str(device)) as pid:
            yield pid


@contextlib.contextmanager
def vfork_parents(folder: Path, name: str, count: int) -> Iterator[list[int]]:
    """Processes that wait in D for a child that cannot go on."""
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    with running(name, VFORK, str(fifo), count=count) as parents:
        try:
            yield [parent.pid for parent in parents]
        finally:
            # Whoever opens it for reading may go on.
            os.close(os.open(fifo, os.O_RDWR | os.O_NONBLOCK))
            os.close(os.open(fifo, os.O_RDWR))
