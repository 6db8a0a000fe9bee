"""The look over files that are held, missing, or another process' by the second time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jinmaek.accounts.heap.account import Account, Refused
from jinmaek.accounts.heap.look import look
from jinmaek.root import Root

SMAPS = Path(__file__).parent / "smaps/arenas.txt"
STAT = (
    "5 (le)ak) S 1 1 1 0 -1 4194304 1 0 0 0 7 5 0 0 20 0 {threads} 0 {start} 3133440 379 184"
    + " 0" * 27
    + "\n"
)
STATUS = "Uid:\t{uid}\t{uid}\t0\t0\nRssAnon:\t{anon} kB\nRssShmem:\t0 kB\nVmSwap:\t0 kB\nThreads:\t7\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "proc/5"
    folder.mkdir(parents=True)
    (folder / "stat").write_text(STAT.format(threads=7, start=1000))
    (folder / "status").write_text(STATUS.format(uid=os.getuid(), anon=110912))
    (folder / "cmdline").write_bytes(b"leak\0-x\0")
    (folder / "environ").write_bytes(b"MALLOC_ARENA_MAX=8\0SECRET=x\0")
    shutil.copy(SMAPS, folder / "smaps")
    (folder / "exe").symlink_to("/srv/app/leakc")
    return folder


def looked(folder: Path, meanwhile: Callable[[], object] = lambda: None, sample: int = 1 << 20) -> Account:
    """Of the process; ``meanwhile`` happens between the looks."""
    happened: list[float] = []

    def progress(left: float, grown: int | None) -> None:
        if not happened:
            meanwhile()
        happened.append(left)

    root = Root(str(folder.parents[1]))
    account = look(root, 5, window=0.2, sample=sample, content=False, progress=progress)
    assert happened[-1] == 0
    return account


def gaps(account: Account) -> list[tuple[str, str]]:
    return [(gap.kind, gap.source) for gap in account.gaps]


def test_what_is_missing_is_said(folder: Path) -> None:
    account = looked(folder)
    assert gaps(account) == [("absent", "proc/5/pagemap")]
    assert account.content is None
    assert account.verdict.state == "not growing"
    assert (account.name, account.start_time) == ("le)ak", 10.0)
    assert account.totals.unexplained is not None
    # What the environment says was heeded; nothing else of it was kept.
    assert "MALLOC_ARENA_MAX=2" not in [one.command for one in account.next]


def test_growth_between_the_looks(folder: Path) -> None:
    def grow() -> None:
        text = (folder / "smaps").read_text()
        (folder / "smaps").write_text(text.replace("18444 kB", "20492 kB"))

    account = looked(folder, grow, sample=0)
    assert account.verdict.state == "growing"
    assert account.regions is not None
    assert account.regions[0].kind == "arena"
    assert account.regions[0].growth == 6 * (2 << 20)
    assert not account.gaps


def test_a_lock_held_at_the_first_look_is_refused(folder: Path) -> None:
    (folder / "smaps").unlink()
    os.mkfifo(folder / "smaps")
    with pytest.raises(Refused) as refused:
        looked(folder)
    assert (refused.value.what, refused.value.why) == (
        "proc/5/smaps",
        "lock held: mmap_lock held > 20 ms",
    )
    os.close(os.open(folder / "smaps", os.O_WRONLY | os.O_NONBLOCK))


def test_a_lock_held_at_the_second_look_leaves_what_status_tells(folder: Path) -> None:
    def hold() -> None:
        (folder / "smaps").unlink()
        os.mkfifo(folder / "smaps")
        (folder / "status").write_text(STATUS.format(uid=0, anon=150000))

    account = looked(folder, hold)
    assert ("timed out", "proc/5/smaps") in gaps(account)
    assert account.regions is None
    assert account.content is None
    assert account.totals.last is None
    assert account.verdict.state == "growing"
    assert "which mapping does is not known" in account.verdict.sentence.text
    os.close(os.open(folder / "smaps", os.O_WRONLY | os.O_NONBLOCK))


def test_a_pid_that_is_another_process_by_then(folder: Path) -> None:
    with pytest.raises(Refused) as refused:
        looked(folder, lambda: (folder / "stat").write_text(STAT.format(threads=1, start=2000)))
    assert "it ended during the look" in str(refused.value)


def test_another_program_in_the_same_process(folder: Path) -> None:
    text = SMAPS.read_text().replace("7ffe0b651000", "7ffe0b655000")
    with pytest.raises(Refused) as refused:
        looked(folder, lambda: (folder / "smaps").write_text(text))
    assert "another program (exec)" in str(refused.value)


def test_an_ended_main_thread_maps_nothing(folder: Path) -> None:
    (folder / "smaps").write_text("")
    with pytest.raises(Refused) as refused:
        looked(folder)
    assert "it maps no memory; where its main thread has ended" in str(refused.value)


def test_a_file_that_is_not_the_kernel_s(folder: Path) -> None:
    (folder / "smaps").write_text("what is this\n")
    with pytest.raises(Refused) as refused:
        looked(folder)
    assert str(refused.value).startswith("smaps: line 1: ")
