"""Command lines under a deadline: read once, again where something happened, and who stands in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.tasks.children import child, named
from tests.tasks.test_delta import one, scan_of
from tests.tasks.test_guarded import FORKER

from jinmaek.root import LIVE, Root
from jinmaek.tasks import commands as module
from jinmaek.tasks import procfs
from jinmaek.tasks.commands import Commands


def tree(folder: Path, texts: dict[int, bytes | None]) -> Root:
    """Processes with these command lines; reading one of None waits for ever."""
    for pid, text in texts.items():
        (folder / f"proc/{pid}").mkdir(parents=True)
        (folder / f"proc/{pid}/stat").write_text(f"{pid} (name{pid}) S 1" + " 0" * 38 + "\n")
        (folder / f"proc/{pid}/statm").write_text(f"10 {pid} 0 0 0 0 0\n")
        if text is None:
            os.mkfifo(folder / f"proc/{pid}/cmdline")
        else:
            (folder / f"proc/{pid}/cmdline").write_bytes(text)
    return Root(str(folder))


@contextmanager
def let_go(root: Root, pid: int) -> Iterator[None]:
    """Lets a reader that waits for this process end afterwards."""
    try:
        yield
    finally:
        os.close(os.open(root.path(f"proc/{pid}/cmdline"), os.O_RDWR | os.O_NONBLOCK))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suspects are looked at each time."""
    monkeypatch.setattr(module, "EVERY", 0.0)


def test_words_are_parted_by_spaces_and_read_once(tmp_path: Path) -> None:
    root = tree(tmp_path, {5: b"run\0-x\0\xff\0", 6: b""})
    commands, scan = Commands(root), scan_of(one(5, 1.0), one(6, 1.0))
    commands.read([(5, 1.0), (6, 1.0)], scan)
    assert commands.texts == {(5, 1.0): "run -x \\xff", (6, 1.0): ""}
    (tmp_path / "proc/5/cmdline").write_bytes(b"renamed\0")
    commands.read([(5, 1.0)], scan)
    assert commands.texts[5, 1.0] == "run -x \\xff"
    commands.read([(5, 1.0)], scan, again=[(5, 1.0)])
    assert commands.texts[5, 1.0] == "renamed"
    (tmp_path / "proc/5/cmdline").write_bytes(b"other\0")
    commands.read([(5, 2.0)], scan)
    assert commands.texts[5, 2.0] == "other", "the same pid with another start time is another process"


def test_a_held_lock_is_named_though_nobody_asked_for_its_process(tmp_path: Path) -> None:
    root = tree(tmp_path, {5: b"a\0", 6: None})
    commands = Commands(root, budget=60)
    scan = scan_of(one(5, 1.0, resident=4096), one(6, 1.0, resident=8192, comm="stuck"))
    with let_go(root, 6):
        for _ in range(3):
            commands.read([(5, 1.0)], scan)
            (held,) = commands.locked
            assert (held.pid, held.start_time, held.name) == (6, 1.0, "stuck")
            assert held.gap.detail == "mmap_lock held > 20 ms"
        assert commands.texts[5, 1.0] == "a"


def test_what_the_budget_does_not_reach_is_counted(tmp_path: Path) -> None:
    root = tree(tmp_path, dict.fromkeys(range(10, 40), b"x\0"))
    commands = Commands(root, budget=0.0)
    commands._guard.deadline = 0.0
    (tmp_path / "proc/10/cmdline").unlink()
    os.mkfifo(tmp_path / "proc/10/cmdline")
    with let_go(root, 10):
        commands.read(
            [(pid, 1.0) for pid in range(10, 40)], scan_of(*(one(pid, 1.0) for pid in range(10, 40)))
        )
    assert len(commands.texts) + commands.unread + len(commands.locked) == 30


def test_what_has_gone_is_forgotten(tmp_path: Path) -> None:
    root = tree(tmp_path, dict.fromkeys(range(10, 80), b"x\0"))
    commands = Commands(root, budget=60)
    commands.read([(pid, 1.0) for pid in range(10, 80)], scan_of(*(one(pid, 1.0) for pid in range(10, 80))))
    assert len(commands.texts) == 70
    commands.read([(10, 1.0)], scan_of(one(10, 1.0)), again=[(10, 1.0)])
    assert commands.texts == {(10, 1.0): "x"}


@pytest.mark.kernel
def test_the_command_line_of_this_host() -> None:
    with named(b"other name") as pid:
        scan = procfs.scan(LIVE, details=False)
        start = scan.processes.start_time[scan.processes.pid.index(pid)]
        commands = Commands(LIVE, budget=60)
        commands.read([(pid, start), (2, 0.0)], scan)
        assert commands.texts[pid, start].startswith(sys.executable)
        assert commands.texts.get((2, 0.0), "") == "", "a kernel thread has none"


PATIENT = """
import sys
from jinmaek.cli.main import main
from jinmaek.tasks.commands import Commands
made = Commands.__init__
Commands.__init__ = lambda self, root, budget=0: made(self, root, 60.0)
sys.exit(main())
"""
"""Has as long for command lines as a busy host makes it take."""


def run(*words: str, patient: bool = False) -> subprocess.CompletedProcess[str]:
    program = ("-c", PATIENT) if patient else ("-m", "jinmaek")
    return subprocess.run(
        [sys.executable, *program, *words], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("options", [(), ("-c",)])
def test_top_ends_and_names_who_holds_its_lock_for_ever(tmp_path: Path, options: tuple[str, ...]) -> None:
    root = tree(tmp_path, {5: b"run\0-x\0", 6: None, 7: b""})
    done = run("top", "-b", "--root", root.base, *options, patient=True)
    assert done.returncode == 0
    assert done.stderr == "jinmaek: lock held: name6 [6]: mmap_lock held > 20 ms\n"
    lines = done.stdout.split("\n")
    heads = next(i for i, line in enumerate(lines) if "PID USER" in line)
    shown = {line.split()[0]: line.split(None, 11)[11] for line in lines[heads + 1 :] if line}
    names = {"5": "name5", "6": "name6", "7": "name7"}
    assert shown == (names | {"5": "run -x", "7": "[name7]"} if options else names)
    said = json.loads(run("top", "--json", "--root", root.base, *options, patient=True).stdout)
    assert [one["pid"] for one in said["locked"]] == [6]
    assert {one["pid"]: one["command"] for one in said["processes"]} == (
        {5: "run -x", 6: None, 7: ""} if options else dict.fromkeys((5, 6, 7))
    )


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_diagnose_ends_and_names_who_holds_its_lock_for_ever(tmp_path: Path, lang: str) -> None:
    root = tree(tmp_path, {5: b"run\0", 6: None})
    (tmp_path / "proc/loadavg").write_text("0.00 0.00 0.00 1/9 9\n")
    done = run("diagnose", "--root", root.base, "--lang", lang, patient=True)
    assert "name6 [6]" in done.stdout
    said = json.loads(run("diagnose", "--root", root.base, "--json", patient=True).stdout)
    assert [one["name"] for one in said["locked"]] == ["name6"]
    assert ("proc/6/cmdline", "timed out") in [(gap["source"], gap["kind"]) for gap in said["gaps"]]


@pytest.mark.kernel
def test_a_large_process_that_forks_in_a_loop_delays_nobody() -> None:
    def took() -> float:
        began = time.monotonic()
        for words in (
            ("top", "-b", "-c", "-n3", "-d0.1"),
            ("smem", "-H"),
            ("diagnose", "--for", "1s", "--interval", "500ms"),
        ):
            done = run(*words)
            assert done.returncode == 0, done.stderr
        return time.monotonic() - began

    alone = took()
    with child(FORKER) as pid:
        assert took() < 20 + 5 * alone
        assert str(pid) in run("top", "-b", "-n1", "-p", str(pid)).stdout
