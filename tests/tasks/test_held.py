"""Scans that hold their files: the same as scans that do not, scan after scan."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from tests.tasks.children import (
    LEADERLESS,
    SPIN,
    SYS_EXIT,
    THREADS,
    ZOMBIES,
    agreed,
    child,
    descriptors,
    given_back,
    named,
    state,
    stopped,
    until,
)
from tests.tasks.test_procfs import counted

from jinmaek.root import LIVE, Root
from jinmaek.tasks import procfs
from jinmaek.tasks.held import ROUND, SPARE, Held
from jinmaek.tasks.table import Scan, TaskTable

USER = """
import ctypes, signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", flush=True)
signal.sigwait({signal.SIGUSR1})
ctypes.CDLL(None).setresuid(-1, 4321, -1)
time.sleep(600)
"""
RESTLESS = {"utime", "stime", "minflt", "processor"}


@pytest.fixture
def held() -> Iterator[Held]:
    with Held() as scanner:
        yield scanner


def rows(tasks: TaskTable, processes: set[int]) -> list[dict[str, object]]:
    """All columns of the tasks of these processes, but for what moves while nobody looks."""
    given = {
        name: column
        for name in tasks.__slots__
        if name not in RESTLESS and len(column := getattr(tasks, name)) == len(tasks)
    }
    return [
        {name: column[i] for name, column in given.items()}
        for i, process in enumerate(tasks.tgid)
        if process in processes
    ]


def test_it_tells_what_a_scan_without_tells(held: Held) -> None:
    with ExitStack() as children:
        pids = {
            children.enter_context(child(THREADS, "5")),
            children.enter_context(child(ZOMBIES, "3")),
            leaderless := children.enter_context(child(LEADERLESS, str(SYS_EXIT))),
            stop := children.enter_context(named(b"a) R 1 (\n")),
            children.enter_context(named(b"\xff\xfe", before=lambda: os.nice(3))),
        }
        stopped(stop)
        until(lambda: state(leaderless) == "Z")
        seen = pids | {2}

        def told(found: Scan) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
            threads = rows(found.threads, pids) if found.threads is not None else []
            return rows(found.processes, seen), sorted(threads, key=lambda row: str(row["pid"]))

        def scans() -> list[Scan]:
            return [held.scan(details=True, threads=True) for _ in range(2)]

        plain, (first, again) = agreed(lambda: told(procfs.scan(LIVE, details=True, threads=True)), scans)
        for found in (first, again):
            assert told(found) == plain
            # Where a thread of somebody else waits may not be known.
            assert found.gaps.keys() <= {"waits"}
        assert first.threads is not None
        assert len(rows(first.threads, pids)) == 6 + 1 + 2 + 1 + 1
        without, fewer = agreed(
            lambda: rows(procfs.scan(LIVE, details=False).processes, pids), lambda: held.scan(details=False)
        )
        assert fewer.threads is None
        assert fewer.processes.vm_swap == []
        assert rows(fewer.processes, pids) == without
        assert fewer.processes.pid == sorted(fewer.processes.pid)


def test_every_change_is_seen(held: Held) -> None:
    with named(b"before") as pid, child(THREADS, "1") as threads:
        held.scan(details=False)
        stopped(pid)
        stopped(threads)
        own = Path("/proc/self/comm")
        name = own.read_text()
        own.write_text("renamed")
        os.setpriority(os.PRIO_PROCESS, pid, 7)
        found = held.scan(details=False)
        own.write_text(name)
        i = found.processes.pid.index(pid)
        assert (found.processes.state[i], found.processes.nice[i]) == ("T", 7)
        assert found.processes.comm[found.processes.pid.index(os.getpid())] == "renamed"
        theirs, stops = agreed(
            lambda: counted(procfs.scan(LIVE, details=False), "threads")["T"],
            lambda: counted(held.scan(details=False), "threads")["T"],
        )
        assert stops == theirs
        assert stops >= 3


def test_what_the_stat_file_does_not_tell_is_read_again_in_time(held: Held) -> None:
    if os.geteuid():
        pytest.skip("needs root to become another user")
    with child(USER) as pid:
        held.scan(details=False)
        os.kill(pid, signal.SIGUSR1)
        until(lambda: os.stat(f"/proc/{pid}").st_uid == 4321)
        for _ in range(ROUND):
            found = held.scan(details=False)
        assert found.processes.uid[found.processes.pid.index(pid)] == 4321


@pytest.mark.kernel
def test_a_pid_used_again_is_another_process(held: Held) -> None:
    last = Path("/proc/sys/kernel/ns_last_pid")
    if os.geteuid() or not last.exists():
        pytest.skip("cannot choose a pid here")
    with named(b"old") as pid:
        first = held.scan(details=False)
    for _ in range(50):
        last.write_text(str(pid - 1))
        new = os.fork()
        if new == 0:
            signal.pause()
        if new == pid:
            break
        os.kill(new, signal.SIGKILL)
        os.waitpid(new, 0)
    try:
        assert new == pid
        found = held.scan(details=False).processes
        i, before = found.pid.index(pid), first.processes.pid.index(pid)
        assert found.start_time[i] > first.processes.start_time[before]
        assert (first.processes.comm[before], found.ppid[i]) == ("old", os.getpid())
        assert found.comm[i] != "old"
    finally:
        os.kill(new, signal.SIGKILL)
        os.waitpid(new, 0)


@pytest.mark.parametrize("more", [0, 5])
def test_it_keeps_within_the_limit_of_descriptors(more: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = descriptors()
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (SPARE + more, hard))
        with Held() as held, child(THREADS, "8") as threads:
            for _ in range(3):
                found = held.scan(details=False)
                assert found.processes.num_threads[found.processes.pid.index(threads)] == 9
                assert len(descriptors()) <= len(before) + 1 + more
            with named(b"late") as late:
                assert late in held.scan(details=False).processes.pid
            assert late not in held.scan(details=False).processes.pid
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (SPARE + more, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    given_back(before)


def test_changes_hold_whoever_is_told_otherwise(held: Held) -> None:
    def lines(tasks: TaskTable) -> dict[tuple[int, float], tuple[object, ...]]:
        columns = [column for name in tasks.__slots__ if (column := getattr(tasks, name))]
        identities = zip(tasks.pid, tasks.start_time, strict=True)
        return dict(zip(identities, zip(*columns, strict=True), strict=True))

    assert held.scan(details=False).changes is None
    before = held.scan(details=False)
    for _ in range(5):
        with child(SPIN), child(ZOMBIES, "3"):
            now = held.scan(details=False)
        assert now.changes is not None
        assert now.changes.since == before.time
        places = now.changes.places()
        assert list(places) == sorted(set(places))
        old, new = lines(before.processes), lines(now.processes)
        assert not [at for at, one in enumerate(new) if old.get(one) != new[one] and at not in places]
        assert lines(now.processes.rows(places)).items() <= new.items()
        before = now


def test_what_has_gone_is_let_go(held: Held) -> None:
    def of(pid: int) -> int:
        found = 0
        for file in os.listdir("/proc/self/fd"):
            # The listing has a descriptor of its own, gone by now.
            with suppress(FileNotFoundError):
                found += os.readlink(f"/proc/self/fd/{file}").startswith(f"/proc/{pid}/")
        return found

    before = descriptors()
    held.scan(details=False)
    with child(THREADS, "40") as pid:
        held.scan(details=False)
        assert of(pid) > 40
    for _ in range(20):
        held.scan(details=False)
    assert of(pid) == 0
    held.close()
    given_back(before)
    assert os.getpid() in held.scan(details=False).processes.pid


def test_a_damaged_file_is_a_gap_and_is_let_go(tmp_path: Path) -> None:
    for pid, text in (("10", "10 (x"), ("11", "")):
        (tmp_path / "proc" / pid).mkdir(parents=True)
        (tmp_path / "proc" / pid / "stat").write_text(text)
    before = descriptors()
    with Held(Root(str(tmp_path))) as held:
        for _ in range(2):
            assert {gap.kind for gap in held.scan(details=False).gaps.values()} == {"malformed"}
            given_back(before)


def test_no_processes_at_all(tmp_path: Path) -> None:
    with Held(Root(str(tmp_path))) as held:
        assert {gap.kind for gap in held.scan(details=False).gaps.values()} == {"absent"}


def test_threads_that_come_and_go(held: Held) -> None:
    with child(THREADS, "3") as pid:
        found = held.scan(details=False, threads=True)
        assert found.threads is not None
        tids = [tid for tid, tgid in zip(found.threads.pid, found.threads.tgid, strict=True) if tgid == pid]
        assert sorted(map(str, tids)) == sorted(os.listdir(f"/proc/{pid}/task"))
        assert tids[0] == pid
    gone = held.scan(details=False, threads=True)
    assert gone.threads is not None
    assert pid not in gone.threads.tgid
