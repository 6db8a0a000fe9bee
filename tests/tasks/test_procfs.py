"""The pass over all tasks: on this machine with processes made for it, and over trees written by hand."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from tests.tasks.children import (
    LEADERLESS,
    SYS_EXIT,
    THREADS,
    ZOMBIES,
    agreed,
    child,
    named,
    state,
    stopped,
    until,
)

from jinmaek.root import LIVE, Root
from jinmaek.tasks.census import TABLES, Processes, Threads, Waits, Zombies
from jinmaek.tasks.procfs import cgroup_of, scan
from jinmaek.tasks.table import Scan

COUNTED = {table.table for table in TABLES}
DEAR = {"in_iowait", "run_delay", "run_time", "read_bytes", "write_bytes", "cgroup_id"}
"""Columns /proc gives only for one more file each per process."""
STAT = (
    "{pid} ({comm}) {state} {ppid} 1 1 0 -1 4194560 10 0 3 0 250 50 7 8 20 0 {threads} 0 1234 8192 2"
    " 18446744073709551615 1 2 3 4 5 0 0 0 0 0 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 7 0\n"
)
STATUS = "Name:\tx\nUid:\t0\t1000\t0\t0\nThreads:\t1\nRssAnon:\t  8 kB\nVmSwap:\t  4 kB\n"


def write(root: Path, path: str, text: str) -> None:
    file = root / "proc" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def stat(pid: int, state: str = "S", *, comm: str = "x", ppid: int = 1, threads: int = 1) -> str:
    return STAT.format(pid=pid, state=state, comm=comm, ppid=ppid, threads=threads)


def process(
    root: Path, pid: int, state: str = "S", *, comm: str = "x", ppid: int = 1, threads: str = ""
) -> None:
    """A process; ``threads`` are the states of all its threads, the leader's among them."""
    write(root, f"{pid}/stat", stat(pid, state, comm=comm, ppid=ppid, threads=len(threads) or 1))
    for number, letter in enumerate(threads or state):
        tid = pid + number
        write(
            root, f"{pid}/task/{tid}/stat", stat(tid, letter, comm=comm, ppid=ppid, threads=len(threads) or 1)
        )


def counted(found: Scan, table: str) -> dict[object, int]:
    """The count of a table's rows by their label."""
    counts: dict[object, int] = {}
    for row in found.tables[table]:
        match row:
            case Threads():
                counts[row.thread_state] = row.count
            case Processes():
                counts[row.state] = row.count
            case Waits():
                counts[row.wchan] = row.threads
            case Zombies():
                counts[(row.ppid, row.comm)] = row.count
    return counts


def at(found: Scan, pid: int) -> int:
    return found.processes.pid.index(pid)


HOSTILE = [
    b"a) R 1 (\n\x1b[31m",
    b"((((((((((((((("[:15],
    b")))))",
    b" ",
    b"x\ny z\t) S 1",
    b"\xff\xfe\x80bad",
    "진맥 é".encode(),
    b"\\n\\xff",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_read_right(name: bytes) -> None:
    with named(name) as pid:
        found = scan(LIVE, details=True)
        i = at(found, pid)
        assert found.processes.comm[i] == name[:15].decode("utf-8", "backslashreplace")
        assert found.processes.ppid[i] == os.getpid()
        assert found.processes.state[i] == "S"
        assert found.processes.num_threads[i] == 1


def test_zombies_are_counted_by_the_parent_that_does_not_reap() -> None:
    with child(ZOMBIES, "7") as parent:
        found = scan(LIVE, details=False)
        name = found.processes.comm[at(found, parent)]
        assert counted(found, "zombies")[(parent, name)] == 7
        assert counted(found, "processes")["Z"] >= 7


def test_an_exited_leader_with_live_threads_is_no_zombie() -> None:
    def mine(found: Scan) -> Counter[str]:
        """Zombies of this process: earlier tests may have left some."""
        rows = (row for row in found.tables["zombies"] if isinstance(row, Zombies))
        return Counter({row.comm: row.count for row in rows if row.ppid == os.getpid()})

    before = mine(scan(LIVE, details=False))
    with child(LEADERLESS, str(SYS_EXIT)) as pid:
        until(lambda: state(pid) == "Z")
        found = scan(LIVE, details=True)
        i = at(found, pid)
        assert found.processes.state[i] == "S"
        assert found.processes.num_threads[i] == 2
        assert mine(found) <= before


def test_threads_are_counted_one_by_one() -> None:
    with child(THREADS, "20") as pid:

        def others() -> int:
            """How many are stopped while ours are not."""
            os.kill(pid, signal.SIGCONT)
            until(lambda: not any(state(int(tid)) == "T" for tid in os.listdir(f"/proc/{pid}/task")))
            return counted(scan(LIVE, details=False), "threads")["T"]

        def with_ours() -> Scan:
            stopped(pid)
            return scan(LIVE, details=False)

        before, found = agreed(others, with_ours)
        assert counted(found, "threads")["T"] - before == 21
        assert counted(found, "processes")["T"] <= counted(found, "threads")["T"] - 20


def test_columns_are_what_psutil_reads() -> None:
    with named(b"oracle", before=lambda: os.nice(3)) as pid:
        stopped(pid)
        oracle = psutil.Process(pid)
        (memory, times, swap), found = agreed(
            lambda: (oracle.memory_info(), oracle.cpu_times(), oracle.memory_full_info().swap),
            lambda: scan(LIVE, details=True),
        )
        tasks, i = found.processes, at(found, pid)
        assert (tasks.comm[i], tasks.ppid[i], tasks.nice[i]) == (oracle.name(), oracle.ppid(), 3)
        assert (tasks.resident[i], tasks.shared[i], tasks.vsize[i]) == (memory.rss, memory.shared, memory.vms)
        assert (tasks.utime[i], tasks.stime[i]) == (times.user, times.system)
        assert tasks.uid[i] == oracle.uids().effective
        assert tasks.num_threads[i] == oracle.num_threads()
        assert tasks.start_time[i] + psutil.boot_time() == pytest.approx(oracle.create_time(), abs=0.02)
        assert tasks.vm_swap[i] == swap
        assert tasks.rss_anon[i] == memory.rss - memory.shared


def test_the_user_is_the_effective_one() -> None:
    if os.geteuid():
        pytest.skip("needs root to become another user")
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        # A process that changed its user is not dumpable: its files belong to root, its folder does not.
        os.setresuid(0, 12345, 0)
        os.write(writable, b"x")
        signal.pause()
    try:
        os.read(readable, 1)
        found = scan(LIVE, details=False)
        assert found.processes.uid[at(found, pid)] == 12345
        assert found.processes.uid[at(found, os.getpid())] == 0
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(readable)
        os.close(writable)


def test_processes_that_come_and_go_during_the_scan_do_no_harm() -> None:
    done = threading.Event()

    def churn() -> None:
        while not done.is_set():
            subprocess.run(["true"], check=True)

    churning = threading.Thread(target=churn)
    churning.start()
    try:
        for _ in range(30):
            found = scan(LIVE, details=True)
            # Where a thread of somebody else waits may not be known.
            assert found.gaps.keys() <= {"waits"}
            assert os.getpid() in found.processes.pid
    finally:
        done.set()
        churning.join()


def test_details_are_read_only_when_asked_for() -> None:
    assert scan(LIVE, details=False).processes.vm_swap == []
    found = scan(LIVE, details=True).processes
    assert len(found.vm_swap) == len(found.rss_anon) == len(found)
    given = {name: len(getattr(found, name)) for name in found.__slots__}
    assert {name for name, length in given.items() if length != len(found)} == DEAR
    assert {given[name] for name in DEAR} == {0}


def test_its_own_cgroup() -> None:
    paths = [line.split(":", 2)[2] for line in Path("/proc/self/cgroup").read_text().splitlines()]
    assert cgroup_of(LIVE, os.getpid()) in paths
    assert cgroup_of(LIVE, 2**22 + 1) is None


def test_a_tree_without_processes_knows_no_count(tmp_path: Path) -> None:
    write(tmp_path, "meminfo", "MemTotal: 1 kB\n")
    for root in (tmp_path, tmp_path / "nowhere"):
        found = scan(Root(str(root)), details=True)
        assert {name: gap.kind for name, gap in found.gaps.items()} == dict.fromkeys(COUNTED, "absent")
        assert not found.tables
        assert not len(found.processes)


def test_a_tree_without_threads_counts_processes_only(tmp_path: Path) -> None:
    write(tmp_path, "10/stat", stat(10))
    write(tmp_path, "11/stat", stat(11, "Z", ppid=10))
    found = scan(Root(str(tmp_path)), details=False)
    assert {name: gap.kind for name, gap in found.gaps.items()} == {"threads": "absent", "waits": "absent"}
    assert counted(found, "processes") == {"R": 0, "S": 1, "D": 0, "Z": 1, "T": 0, "t": 0, "I": 0}
    assert counted(found, "zombies") == {(10, "x"): 1}
    assert found.processes.resident == [None, None]
    assert found.processes.uid == [None, None]


def test_threads_in_d_are_named_with_the_place_they_wait(tmp_path: Path) -> None:
    process(tmp_path, 10, "S", threads="SDDR", comm="db) D (")
    process(tmp_path, 20, "D", comm="alone")
    write(tmp_path, "10/task/11/wchan", "rwsem_down_read_slowpath")
    write(tmp_path, "10/task/12/wchan", "io_schedule")
    write(tmp_path, "20/wchan", "io_schedule\n")
    found = scan(Root(str(tmp_path)), details=False)
    assert not found.gaps
    assert counted(found, "waits") == {"rwsem_down_read_slowpath": 1, "io_schedule": 2}
    assert {(w.pid, w.tgid, w.comm, w.start_time, w.wchan) for w in found.waiting} == {
        (11, 10, "db) D (", 12.34, "rwsem_down_read_slowpath"),
        (12, 10, "db) D (", 12.34, "io_schedule"),
        (20, 20, "alone", 12.34, "io_schedule"),
    }
    assert counted(found, "threads") == {"R": 1, "S": 1, "D": 3, "Z": 0, "T": 0, "t": 0, "I": 0}
    assert counted(found, "processes") == {"R": 0, "S": 1, "D": 1, "Z": 0, "T": 0, "t": 0, "I": 0}


@pytest.mark.parametrize("told", [None, "0", ""])
def test_an_unknown_place_is_a_gap_and_the_thread_still_waits(tmp_path: Path, told: str | None) -> None:
    process(tmp_path, 10, "D")
    if told is not None:
        write(tmp_path, "10/wchan", told)
    found = scan(Root(str(tmp_path)), details=False)
    assert [w.wchan for w in found.waiting] == [None]
    assert list(found.gaps) == ["waits"]
    assert counted(found, "threads")["D"] == 1


def test_nothing_in_d_is_an_empty_table_and_no_gap(tmp_path: Path) -> None:
    process(tmp_path, 10)
    found = scan(Root(str(tmp_path)), details=False)
    assert found.tables["waits"] == ()
    assert not found.gaps


def test_the_liveliest_thread_speaks_for_an_exited_leader(tmp_path: Path) -> None:
    process(tmp_path, 10, "Z", threads="ZSDS")
    process(tmp_path, 20, "Z", threads="ZSR")
    process(tmp_path, 30, "Z", ppid=77)
    write(tmp_path, "10/task/12/wchan", "io_schedule")
    write(tmp_path, "40/stat", stat(40, "Z", threads=3))
    found = scan(Root(str(tmp_path)), details=False)
    assert found.processes.state == ["D", "R", "Z", "?"]
    assert counted(found, "zombies") == {(77, "?"): 1}
    assert found.gaps["threads"].kind == "absent"


def test_a_tree_tells_users_and_time_by_its_own_files(tmp_path: Path) -> None:
    process(tmp_path, 10)
    write(tmp_path, "10/status", STATUS)
    write(tmp_path, "10/statm", "765 400 372 5 0 123 0\n")
    write(tmp_path, "uptime", "4711.25 100.00\n")
    found = scan(Root(str(tmp_path)), details=True)
    assert found.time == 4711.25
    assert found.processes.uid == [1000]
    assert (found.processes.vm_swap, found.processes.rss_anon) == ([4096], [8192])
    assert found.processes.resident == [400 * os.sysconf("SC_PAGESIZE")]
    assert (found.processes.utime, found.processes.stime) == ([2.5], [0.5])
    assert (found.processes.cutime, found.processes.cstime) == ([0.07], [0.08])


def test_a_process_that_went_away_is_left_out(tmp_path: Path) -> None:
    process(tmp_path, 10)
    (tmp_path / "proc/11").mkdir()
    process(tmp_path, 12, threads="SSS")
    (tmp_path / "proc/12/task/13/stat").unlink()
    found = scan(Root(str(tmp_path)), details=False)
    assert found.processes.pid == [10, 12]
    assert counted(found, "threads")["S"] == 3
    assert not found.gaps


def test_a_damaged_file_makes_every_count_unknown(tmp_path: Path) -> None:
    process(tmp_path, 10)
    write(tmp_path, "11/stat", "11 (x")
    found = scan(Root(str(tmp_path)), details=False)
    assert {name: gap.kind for name, gap in found.gaps.items()} == dict.fromkeys(COUNTED, "malformed")
    assert found.processes.pid == [10]


def as_nobody(prepare: Callable[[], None]) -> dict[str, str]:
    """The gaps of a scan by an unprivileged user, in a child that first does ``prepare`` as root."""
    if os.geteuid():
        pytest.skip("needs root to become another user")
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "it failed"
        try:
            prepare()
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            said = json.dumps({name: gap.kind for name, gap in scan(LIVE, details=True).gaps.items()})
        finally:
            os.write(writable, said.encode())
            os._exit(0)
    os.close(writable)
    with open(readable) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    gaps: dict[str, str] = json.loads(text)
    return gaps


def private_proc(option: str) -> None:
    """Mount /proc again, with ``option``, for this process alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(0x00020000) == 0
    assert libc.mount(b"none", b"/", None, 0x4000 | 0x40000, None) == 0
    assert libc.mount(b"proc", b"/proc", b"proc", 0, option.encode()) == 0


@pytest.mark.kernel
@pytest.mark.parametrize("option", ["hidepid=1", "hidepid=2"])
def test_counts_of_only_some_processes_are_not_given(option: str) -> None:
    assert as_nobody(lambda: private_proc(option)) == dict.fromkeys(COUNTED, "denied")


@pytest.mark.kernel
def test_a_user_without_privilege_sees_all_processes() -> None:
    gaps = as_nobody(lambda: None)
    # A thread that happens to be in D keeps its place to itself.
    assert set(gaps) <= {"waits"}
