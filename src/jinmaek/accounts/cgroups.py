"""Every cgroup with what it holds, what may hold it back and what it did between two readings.

Figures of the kernel are of a cgroup with all below it; ``own`` is what is left of its memory once those
below it are taken off. A limit counts for all below the cgroup that has it: the one with least room is told,
with its owner. Control groups v1 and v2, Documentation/admin-guide/cgroup-{v1/memory,v2}.rst.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from jinmaek.kernel.cgroup_cpu import CgroupCpu
from jinmaek.kernel.cgroup_io import CgroupIo
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.cgroup_pids import CgroupPids
from jinmaek.kernel.cgroup_pressure import CgroupPressure
from jinmaek.sampling import Snapshot

TABLES = ("cgroup_cpu", "cgroup_memory", "cgroup_io", "cgroup_pids", "cgroup_pressure")
STALLS = ("memory", "io", "cpu")
"""Resources in the order in which waiting for them is told."""

Named = TypeVar("Named", CgroupCpu, CgroupMemory, CgroupPids)


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on memory (bytes), and the cgroup that has it."""

    bytes: int
    cgroup: str


@dataclass(frozen=True, slots=True)
class Stall:
    """Shares of the time in which at least one thread, or all that had work, waited for a resource."""

    some: float | None
    full: float | None


@dataclass(frozen=True, slots=True)
class Cgroup:
    """Sizes are bytes, times seconds; rates are per second of the window, None of a single reading."""

    path: str
    depth: int
    threads: int | None
    threads_max: int | None
    memory: int | None
    own: int | None
    """Memory that no cgroup below it is charged with."""
    anon: int | None
    file: int | None
    kernel: int | None
    swap: int | None
    limit: Limit | None
    """The limit with least room below it that counts here; None where there is none."""
    oom_kills: int | None
    """Since it was made."""
    cpu: float | None
    """CPUs used: 1.5 is one and a half."""
    quota: float | None
    throttled: float | None
    """Share of its quota periods in which the quota ran out; None where there were no periods."""
    read: float | None
    written: float | None
    limit_hits: float | None
    stalls: Mapping[str, Stall]
    """By resource; empty where the kernel does not tell."""

    @property
    def name(self) -> str:
        """Its folder's name; ``/`` of the root."""
        return self.path.rsplit("/", 1)[-1] or "/"

    @property
    def idle(self) -> bool:
        """Nobody in it, nothing charged to it and no CPU time used: a folder that was left."""
        return not (self.threads or self.memory or self.swap or self.cpu or self.read or self.written)


def account(first: Snapshot, last: Snapshot) -> tuple[Cgroup, ...]:
    """All cgroups in the order of their tree. ``first`` may be ``last``: there are no rates then."""
    span = last.monotonic - first.monotonic
    memory, memory_then = (_named(one, "cgroup_memory", CgroupMemory) for one in (last, first))
    cpu, cpu_then = (_named(one, "cgroup_cpu", CgroupCpu) for one in (last, first))
    pids = _named(last, "cgroup_pids", CgroupPids)
    io, io_then = _moved(last), _moved(first)
    stalls = _stalls(first, last, span)
    paths = sorted(
        {*memory, *cpu, *pids, *io, *stalls}, key=lambda path: path.split("/") if path != "/" else []
    )
    below = _below(memory)
    found = []
    for path in paths:
        charged, hits = memory.get(path), memory_then.get(path)
        used, before = cpu.get(path), cpu_then.get(path)
        threads = pids.get(path)
        read, written = _io(io_then.get(path), io.get(path), span)
        found.append(
            Cgroup(
                path=path,
                depth=0 if path == "/" else path.count("/"),
                threads=threads.current if threads else None,
                threads_max=threads.max if threads else None,
                memory=charged.current if charged else None,
                own=_own(charged, below.get(path, ())),
                anon=charged.anon if charged else None,
                file=charged.file if charged else None,
                kernel=charged.kernel if charged else None,
                swap=charged.swap_current if charged else None,
                limit=_limit(path, memory),
                oom_kills=charged.events_oom_kill if charged else None,
                cpu=_rate(before.usage if before else None, used.usage if used else None, span),
                quota=used.quota if used else None,
                throttled=_throttled(before, used),
                read=read,
                written=written,
                limit_hits=_rate(
                    hits.events_max if hits else None, charged.events_max if charged else None, span
                ),
                stalls=stalls.get(path, {}),
            )
        )
    return tuple(found)


def _named(snapshot: Snapshot, table: str, kind: type[Named]) -> dict[str, Named]:
    return {row.cgroup: row for row in snapshot.tables.get(table, ()) if isinstance(row, kind)}


def _rate(before: float | None, after: float | None, span: float) -> float | None:
    """Per second; None where one of both is not known, or the counter began anew."""
    if before is None or after is None or span <= 0 or after < before:
        return None
    return (after - before) / span


def _hits(before: CgroupMemory | None, after: CgroupMemory | None, span: float) -> float | None:
    return _rate(before.events_max if before else None, after.events_max if after else None, span)


def _throttled(before: CgroupCpu | None, after: CgroupCpu | None) -> float | None:
    if before is None or after is None:
        return None
    first, last, held, held_now = before.nr_periods, after.nr_periods, before.nr_throttled, after.nr_throttled
    if first is None or last is None or held is None or held_now is None or last <= first:
        return None
    return (held_now - held) / (last - first)


def _below(memory: Mapping[str, CgroupMemory]) -> Mapping[str, list[CgroupMemory]]:
    """The cgroups right below each."""
    found: dict[str, list[CgroupMemory]] = defaultdict(list)
    for path, row in memory.items():
        if path != "/":
            found[path.rsplit("/", 1)[0] or "/"].append(row)
    return found


def _own(row: CgroupMemory | None, below: Iterable[CgroupMemory]) -> int | None:
    """None of the root, which nothing is charged to.

    May be below 0 by what changed while the files were read one after the other.
    """
    sizes = [one.current for one in below]
    if row is None or row.cgroup == "/" or row.current is None or None in sizes:
        return None
    return row.current - sum(size for size in sizes if size is not None)


def _limit(path: str, memory: Mapping[str, CgroupMemory]) -> Limit | None:
    """Of this cgroup and those above it the limit with least room left."""
    tightest: tuple[int, Limit] | None = None
    for above in _upwards(path):
        row = memory.get(above)
        if row is None:
            continue
        for bound in (row.max, row.high):
            if bound is not None:
                room = bound - (row.current or 0)
                if tightest is None or room < tightest[0]:
                    tightest = room, Limit(bound, above)
    return None if tightest is None else tightest[1]


def _upwards(path: str) -> Iterator[str]:
    while path not in ("", "/"):
        yield path
        path = path.rsplit("/", 1)[0]
    yield "/"


Bytes = tuple[int | None, int | None]


def _moved(snapshot: Snapshot) -> Mapping[str, Bytes]:
    """Bytes read and written by cgroup, over all devices."""
    found: dict[str, Bytes] = {}
    for row in snapshot.tables.get("cgroup_io", ()):
        if isinstance(row, CgroupIo):
            read, written = found.get(row.cgroup, (None, None))
            found[row.cgroup] = _sum(read, row.rbytes), _sum(written, row.wbytes)
    return found


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)


def _io(before: Bytes | None, after: Bytes | None, span: float) -> tuple[float | None, float | None]:
    if after is None:
        return None, None
    # A cgroup whose first I/O came in between has no line before.
    was = (0, 0) if before is None else before
    return _rate(was[0] or 0, after[0], span), _rate(was[1] or 0, after[1], span)


def _stalls(first: Snapshot, last: Snapshot, span: float) -> Mapping[str, dict[str, Stall]]:
    """Over the window; of a single reading the kernel's own average of 10 s."""
    then = {(row.cgroup, row.resource): row for row in _pressures(first)}
    found: dict[str, dict[str, Stall]] = defaultdict(dict)
    for row in _pressures(last):
        before = then.get((row.cgroup, row.resource))
        if span <= 0:
            stall = Stall(row.some_avg10, row.full_avg10)
        elif before is None:
            stall = Stall(None, None)
        else:
            stall = Stall(
                _rate(before.some_total, row.some_total, span), _rate(before.full_total, row.full_total, span)
            )
        found[row.cgroup][row.resource] = stall
    return found


def _pressures(snapshot: Snapshot) -> Iterator[CgroupPressure]:
    return (row for row in snapshot.tables.get("cgroup_pressure", ()) if isinstance(row, CgroupPressure))
