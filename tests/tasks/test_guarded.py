"""A lock held for ever, injected as a FIFO nobody writes to, costs a deadline and is reported."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.tasks import children

from jinmaek.cli.main import main
from jinmaek.root import LIVE, Root
from jinmaek.tasks.guarded import Guard

FORKER = """
import mmap, os
memory = mmap.mmap(-1, 400 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, len(memory), 4096): memory[page] = 1
print("ready", flush=True)
while True:
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
"""
ROLLUP = """1000-2000 ---p 00000000 00:00 0                          [rollup]
Rss:                  12 kB
Pss:                   7 kB
Private_Clean:         1 kB
Private_Dirty:         2 kB
Swap:                  4 kB
SwapPss:               3 kB
"""


def made(tmp_path: Path, pids: Sequence[int], stuck: Sequence[int] = ()) -> Root:
    """A tree of processes; the smaps_rollup of ``stuck`` ones never answers."""
    for pid in pids:
        folder = tmp_path / "proc" / str(pid)
        folder.mkdir(parents=True)
        (folder / "statm").write_text("10 3 1 1 0 1 0\n")
        (folder / "comm").write_text(f"name{pid}\n")
        (folder / "cmdline").write_bytes(b"run\0-x\0")
        if pid in stuck:
            os.mkfifo(folder / "smaps_rollup")
        else:
            (folder / "smaps_rollup").write_text(ROLLUP)
    return Root(str(tmp_path))


def answer(root: Root, pid: int) -> None:
    """Let a reader that waits for a stuck process go on; where none does there is nobody to let go."""
    with contextlib.suppress(OSError):
        os.close(os.open(root.path(f"proc/{pid}/smaps_rollup"), os.O_WRONLY | os.O_NONBLOCK))


def test_a_stuck_process_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2, 3], [2])
    guard = Guard(root, ("smaps_rollup", "cmdline"))
    read = guard.read([(pid, pid) for pid in (1, 2, 3)])
    assert list(read) == [1, 2, 3]
    assert read[1].texts == read[3].texts == (ROLLUP.encode(), b"run\0-x\0")
    missed = read[2].missed
    assert missed is not None
    assert read[2].texts == ()
    gap = missed.gap()
    assert (gap.kind, gap.source, gap.detail) == (
        "timed out",
        "proc/2/smaps_rollup",
        "mmap_lock held > 20 ms",
    )
    answer(root, 2)


def test_a_stuck_process_is_not_tried_again_until_its_reader_is_back(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2], [2])
    guard = Guard(root, ("smaps_rollup",), readers=1)
    for _ in range(3):
        read = guard.read([(2, 2), (1, 1)])
        missed, left = read[2].missed, read[1].missed
        assert missed is not None
        assert (missed.why, missed.detail) == ("lock held", "mmap_lock held > 20 ms")
        assert left is not None
        assert (left.why, left.detail) == ("no reader left", "all 1 readers wait for a lock")
    answer(root, 2)
    (tmp_path / "proc/2/smaps_rollup").unlink()
    (tmp_path / "proc/2/smaps_rollup").write_text(ROLLUP)
    children.until(lambda: guard.read([(2, 2), (1, 1)])[2].missed is None)
    assert guard.read([(2, 2), (1, 1)])[1].missed is None


def test_all_readers_stuck_leaves_the_rest_unread_and_says_so(tmp_path: Path) -> None:
    root = made(tmp_path, range(1, 8), range(1, 7))
    read = Guard(root, ("smaps_rollup",)).read([(pid, pid) for pid in range(1, 8)])
    details = [one.missed.detail for one in read.values() if one.missed]
    assert details == ["mmap_lock held > 20 ms"] * 4 + ["all 4 readers wait for a lock"] * 3
    for pid in range(1, 5):
        answer(root, pid)


def test_the_budget_ends_the_pass(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2, 3], [2])
    guard = Guard(root, ("smaps_rollup",), deadline=1000)
    read = guard.read([(pid, pid) for pid in (1, 2, 3)], budget=1)
    assert read[1].missed is None
    for late in (read[2].missed, read[3].missed):
        assert late is not None
        assert (late.why, late.detail) == ("budget used up", "the budget of 1 s is used up")
    # Its reader has not come back: it is not tried again, and once the deadline is over the lock is held.
    for deadline, why in ((1000, "budget used up"), (0.02, "lock held")):
        guard.deadline = deadline
        time.sleep(0.03)
        read = guard.read([(pid, pid) for pid in (1, 2, 3)], budget=60)
        assert read[3].missed is None
        assert read[2].missed is not None
        assert read[2].missed.why == why
    answer(root, 2)


def test_only_what_is_wanted_is_read_on(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2], [2])
    (tmp_path / "proc/2/cmdline").write_bytes(b"other\0")
    asked = []

    def wanted(folder: str, text: bytes) -> bool:
        asked.append((folder, text))
        return text.startswith(b"run")

    read = Guard(root, ("cmdline", "smaps_rollup"), wanted=wanted).read([(1, 1), (2, 2)])
    assert read[1].texts == (b"run\0-x\0", ROLLUP.encode())
    assert read[2].texts == (b"other\0",)
    assert asked == [(root.path("proc/1"), b"run\0-x\0"), (root.path("proc/2"), b"other\0")]


def test_a_command_line_longer_than_a_page_is_read_whole(tmp_path: Path) -> None:
    root = made(tmp_path, [1])
    for size in (4095, 4096, 4097, 300_000):
        (tmp_path / "proc/1/cmdline").write_bytes(b"x" * size)
        assert Guard(root, ("cmdline",)).read([(1, 1)])[1].texts == (b"x" * size,)


def test_whoever_waits_is_told_how_many_are_left(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2, 3], [2])
    told: list[int] = []
    Guard(root, ("smaps_rollup",), tick=told.append).read([(pid, pid) for pid in (1, 2, 3)])
    assert 1 in told
    answer(root, 2)


def test_gone_absent_and_malformed_are_told_apart(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2])
    (tmp_path / "proc/2/smaps_rollup").unlink()
    (tmp_path / "proc/1/smaps_rollup").unlink()
    (tmp_path / "proc/1/smaps_rollup").mkdir()
    read = Guard(root, ("smaps_rollup",)).read([(pid, pid) for pid in (1, 2, 3)])
    kinds = [one.missed.kind for one in read.values() if one.missed]
    assert kinds == ["malformed", "absent", "gone"]


def test_the_program_ends_although_a_reader_is_stuck(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2], [2])
    command = [sys.executable, "-m", "jinmaek", "smem", "--root", root.base]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60, check=True)
    data = json.loads(done.stdout)
    assert [row["pid"] for row in data["rows"]] == [1]
    assert data["gaps"] == [
        {
            "pid": 2,
            "comm": "name2",
            "kind": "timed out",
            "source": "proc/2/smaps_rollup",
            "detail": "mmap_lock held > 20 ms",
        }
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "1 process not read: 1 lock held: name2 [2]\n"


def test_an_unprivileged_user_is_told_what_was_denied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = made(tmp_path, [1, 2])
    (tmp_path / "proc/2/smaps_rollup").chmod(0)
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    if os.geteuid():
        assert main(["smem", "--root", root.base]) == 0
        assert capsys.readouterr().err == "1 process not read: 1 denied\n"
        return
    child = os.fork()
    if child == 0:
        os.setresuid(65534, 65534, 65534)
        read = Guard(root, ("smaps_rollup",)).read([(1, 1), (2, 2)])
        missed = read[2].missed
        os._exit(0 if read[1].missed is None and missed is not None and missed.kind == "denied" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.kernel
def test_a_large_process_that_forks_in_a_loop() -> None:
    with children.child(FORKER) as pid:
        guard = Guard(LIVE, ("smaps_rollup", "cmdline"))
        outcomes: set[str] = set()

        def look() -> bool:
            reading = guard.read([("forker", pid), ("me", os.getpid())], budget=60)
            assert reading["me"].missed is None
            missed = reading["forker"].missed
            outcomes.add(missed.kind if missed else "read")
            return "read" in outcomes

        children.until(look)
        assert outcomes <= {"read", "timed out"}
