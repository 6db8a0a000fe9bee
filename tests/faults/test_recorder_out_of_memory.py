"""Recording while memory is exhausted: no second is missed beyond what the kernel stalled, which is recorded.

The host is not filled: a cgroup with a limit stands for it. In it memory is locked until next to nothing can
be reclaimed, files are read over and over in what is left, and processes ask for more than there is and are
killed. The recorder is in the same cgroup, where all it allocates is reclaimed for, or beside it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from tests.faults.making import entering, memory_cgroup, needs_root, running, uncached_file, until

from jinmaek.catalog import ref
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.model import Gap

MIB = 1 << 20
LIMIT = 320 * MIB
SECONDS = float(os.environ.get("JINMAEK_EXHAUSTED_SECONDS", "20"))
LATE = 0.3
"""Seconds by which a sample may be late that waited for nothing: a look takes its time."""

LOCKER = """
import ctypes, mmap, sys, time
libc = ctypes.CDLL(None, use_errno=True)
size = int(sys.argv[2])
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
assert libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(size)) == 0
open(sys.argv[3], "w").close()
time.sleep(3600)
"""
READER = """
import sys
data = bytearray(1 << 20)
while True:
    with open(sys.argv[2], "rb", buffering=0) as file:
        while file.readinto(data):
            pass
"""
ASKER = """
import os, time
parent = os.getpid()
while True:
    pid = os.fork()
    if not pid:
        open("/proc/self/oom_score_adj", "w").write("1000")
        grown = []
        while os.getppid() == parent:
            grown.append(bytearray(8 << 20))
            time.sleep(0.01)
        os._exit(0)
    os.waitpid(pid, 0)
"""


@pytest.fixture
def exhausted(tmp_path: Path) -> Iterator[Path]:
    """A cgroup in which memory is exhausted again and again, for as long as the test takes."""
    needs_root()
    with ExitStack() as undo:
        group = undo.enter_context(memory_cgroup(LIMIT))
        file = undo.enter_context(uncached_file(tmp_path, 400 * MIB))
        locked = tmp_path / "locked"
        join = entering(group)
        undo.enter_context(running("locker", join + LOCKER, str(LIMIT - 120 * MIB), str(locked)))
        until(locked.exists, 120, "memory is locked")
        undo.enter_context(running("reader", join + READER, str(file)))
        undo.enter_context(running("asker", join + ASKER))
        yield group


@pytest.mark.kernel
@pytest.mark.parametrize("inside", [True, False], ids=["in the cgroup", "beside it"])
def test_no_second_is_missed_but_what_the_kernel_stalled(
    exhausted: Path, inside: bool, tmp_path: Path
) -> None:
    folder = str(tmp_path / "recording")
    words = [sys.executable, "-m", "jinmaek", "record", "--recording", folder]
    child = subprocess.Popen(words, stderr=subprocess.PIPE)
    try:
        until(lambda: os.path.exists(f"{folder}/lock"), 120, "the recorder is at work")
        if inside:
            (exhausted / "cgroup.procs").write_text(f"{child.pid}\n")
        time.sleep(SECONDS)
        assert child.poll() is None, "the recorder was killed"
        child.send_signal(signal.SIGTERM)
        assert child.wait(120) == 0
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    with Recording(folder) as recording:
        assert not [one for one in recording.damage if not one.mended]
        past = Past(recording, recording.entries[-1].boot, 0, float("inf"))
        kills = total(past, "vmstat.oom_kill")
        reclaimed = total(past, "vmstat.pgscan_file")
        assert kills[-1] > kills[0], "nobody was killed: memory was not exhausted"
        assert reclaimed[-1] > reclaimed[0]
        assert len(past) >= SECONDS / 2
        waits = [
            *(stalls(past, f"pressure_{name}.some_total") for name in ("memory", "io", "cpu")),
            # What the hypervisor takes is nobody's wait.
            stalls(past, "stat_cpu.steal"),
        ]
        for place, (before, after) in enumerate(pairwise(past.times)):
            late = after - before - 1.0
            if late > LATE:
                # Whatever kept it: the seconds are in the record, beside the sample that came late.
                known = sum(each[place + 1] - each[place] for each in waits)
                assert known >= 0.5 * late, f"{late:.2f} s late at {before:.0f}, and nothing waited"


def total(past: Past, name: str) -> list[float]:
    return [value for points in lines(past, name) for _, value in points if value is not None]


def lines(past: Past, name: str) -> list[Sequence[tuple[float, float | None]]]:
    """One for each subject: each CPU, or the host."""
    found = past.series(ref(name), 0, float("inf"))
    assert not isinstance(found, Gap), f"{name}: {found}"
    return list(found.values())


def stalls(past: Past, name: str) -> list[float]:
    """Seconds of waiting so far, at every sample."""
    found: dict[float, float] = {}
    for points in lines(past, name):
        for at, value in points:
            if value is not None:
                found[at] = found.get(at, 0.0) + value
    assert len(found) == len(past)
    return list(found.values())
