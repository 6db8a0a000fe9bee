"""Recordings made for tests, and what it means that a snapshot is the same."""

from __future__ import annotations

from pathlib import Path

from jinmaek.catalog import tables
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.snapshots import Sampled
from jinmaek.history.recording.writer import Writer, nanoseconds
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.meminfo import Meminfo, parse
from jinmaek.kernel.softnet_stat import Softnet
from jinmaek.model import Gap
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Scanner
from jinmaek.tasks.table import Scan, TaskTable, Waiting

MEMINFO = "MemTotal: 1000 kB\nMemFree: {free} kB\nMemAvailable: {free} kB\nBuffers: 0 kB\nCached: 5 kB\n"
META = {"host": "h", "kernel": "6", "page_size": 4096, "clk_tck": 100, "interval": 1.0, "pid": 1}
BEGAN = 1_700_000_100.0
"""A whole multiple of a block, so that samples from here on are in as few blocks as can be."""


def clocks(snapshot: Snapshot) -> dict[str, int]:
    return {
        "wall": nanoseconds(snapshot.wall),
        "boottime": nanoseconds(snapshot.monotonic),
        "monotonic": nanoseconds(snapshot.monotonic),
        "cpu": 0,
    }


def meminfo(free: int) -> Meminfo:
    return next(iter(parse(MEMINFO.format(free=free))))


def made(second: int, boot: str = "aa-bb", step: float = 1.0) -> Snapshot:
    """A small snapshot with something of everything that changes from second to second."""
    at = 100.0 + second * step
    pids = [1, 2, 10 + second // 7]
    scan = Scan(
        way="procfs",
        time=at,
        processes=TaskTable(
            pid=pids,
            tgid=pids,
            ppid=[0, 1, 1],
            start_time=[0.5, 1.25, 100.0 + second // 7],
            comm=["init", "kid", f"job{second // 7}"],
            state=["S", "DSR"[second % 3], "R"],
            utime=[second / 100, 0.1 + second * 0.3, 1e-9 * second],
            stime=[0.01 * second, 0.0, 0.25],
            cutime=[0.0] * 3,
            cstime=[0.0] * 3,
            minflt=[second, 0, 1],
            majflt=[0] * 3,
            num_threads=[1, 2 + second % 2, 1],
            vsize=[1 << 40, 4096 * second, -1],
            vm_swap=[None, 4096 * (second % 5), None],
        ),
        waiting=(Waiting(2, 2, 1.25, "kid", "io_schedule"),) if second % 3 == 0 else (),
        tables={},
        gaps={"waits": Gap("denied", "proc/PID/wchan")} if second > 4 else {},
        cpu_s=0.001,
    )
    tables: dict[str, tuple[object, ...]] = {
        "meminfo": (meminfo(1000 + 17 * second),),
        "loadavg": (
            Loadavg(load1=0.01 * second, load5=2.5, load15=0.1, nr_running=1, nr_threads=5, last_pid=second),
        ),
    }
    if second % 4 < 2:
        tables["softnet_stat"] = tuple(
            Softnet(cpu=cpu, processed=second * 3, dropped=0, time_squeeze=cpu, backlog_len=None)
            for cpu in range(2 + second % 2)
        )
    gaps = {"swaps": Gap("denied", "proc/swaps")} if second % 2 else {}
    return Snapshot(boot, BEGAN + second * step, at, tables, scan, gaps)


def write(
    folder: Path, count: int, *, first: int = 0, close: bool = True, boot: str = "aa-bb"
) -> list[Snapshot]:
    writer = Writer(str(folder), META)
    snapshots = [made(second, boot) for second in range(first, first + count)]
    for snapshot in snapshots:
        assert writer.add(snapshot, clocks(snapshot))
    if close:
        writer.close()
    return snapshots


def read(folder: Path) -> list[Snapshot]:
    """Every sample of a recording."""
    found = []
    with Recording(str(folder)) as recording:
        for entry in recording.entries:
            block = recording.whole(entry)
            if block is not None:
                sampled = Sampled(block)
                found += [sampled.at(i) for i in range(block.samples)]
    return found


def live(count: int, way: str) -> list[Snapshot]:
    """Every table and every column of tasks of this host, so often."""
    names = list(tables())
    with Scanner(LIVE, "bpf" if way == "bpf" else "procfs") as scanner:
        return [take(LIVE, names, scanner.scan(details=True, usage=True)) for _ in range(count)]


def assert_same(ours: Snapshot, theirs: Snapshot) -> None:
    """All but what sampling has cost."""
    assert ours.boot_id == theirs.boot_id
    assert ours.wall == theirs.wall
    assert ours.monotonic == theirs.monotonic
    assert ours.tables == theirs.tables
    assert [[*map(repr, rows)] for rows in ours.tables.values()] == [
        [*map(repr, theirs.tables[name])] for name in ours.tables
    ]
    assert ours.gaps == theirs.gaps
    assert (ours.tasks is None) == (theirs.tasks is None)
    if ours.tasks is None or theirs.tasks is None:
        return
    for name in TaskTable.__slots__:
        mine, other = getattr(ours.tasks.processes, name), getattr(theirs.tasks.processes, name)
        assert list(map(repr, mine)) == list(map(repr, other)), name
    assert ours.tasks.waiting == theirs.tasks.waiting
    assert ours.tasks.way == theirs.tasks.way
    assert ours.tasks.time == theirs.tasks.time
    assert ours.tasks.gaps == theirs.tasks.gaps
