"""The task table of one scan as what has changed: processes born and gone, and the figures that moved."""

from __future__ import annotations

from jinmaek.history.recording.numbers import (
    BITS,
    FINEST,
    NANO,
    SHARE,
    TASK_NANO,
    code_for,
    encode,
)
from jinmaek.tasks.table import TaskTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from jinmaek.history.recording.numbers import Coded, Value
    from jinmaek.tasks.table import Scan

    Document = dict[str, Any]

COLUMNS = (
    "pid", "tgid", "ppid", "start_time", "comm", "state", "flags", "utime", "stime", "cutime", "cstime",
    "minflt", "majflt", "priority", "nice", "rt_priority", "policy", "processor", "num_threads", "vsize",
    "tty_nr", "resident", "shared", "uid", "vm_swap", "rss_anon", "rss_file", "rss_shmem", "in_iowait",
    "run_delay", "run_time", "read_bytes", "write_bytes", "cgroup_id",
)  # fmt: skip
assert set(COLUMNS) == set(TaskTable.__slots__)
TRIED = {"bpf": (TASK_NANO, NANO, SHARE, BITS)}
"""The codes to try first by the way of the scan."""


class TaskEncoder:
    """Scans of one stream, each against the one before. A process has a row number from its birth on."""

    __slots__ = (
        "_alive",
        "_codes",
        "_columns",
        "_last",
        "_pids",
        "_rows",
        "_said",
        "_told",
        "_values",
    )

    def __init__(self) -> None:
        self._alive: dict[int, tuple[int, float]] = {}
        """Row number and start time by pid."""
        self._pids: list[int] = []
        self._rows = 0
        self._columns: tuple[str, ...] | None = None
        self._codes: list[int] = []
        self._values: dict[int, list[Value]] = {}
        """By row that is alive: its last value in each column."""
        self._said: tuple[Any, ...] = ()
        self._last: float | None = None
        self._told: tuple[Coded, int] = (None, 0)
        """When the last scan began, and what it cost."""

    def scan(self, scan: Scan) -> Document:
        """What is new in a scan."""
        document: Document = {"t": encode(scan.time, NANO), "c": round(scan.cpu_s * 1_000_000)}
        self._told = document["t"], document["c"]
        table = scan.processes
        said = scan.way, {name: [gap.kind, gap.source, gap.detail] for name, gap in scan.gaps.items()}
        if said != self._said:
            document["w"], document["g"] = self._said = said
        columns = tuple(name for name in COLUMNS if getattr(table, name)) if len(table) else ()
        if columns != self._columns:
            self._start(scan, columns, document)
        places = self._places(scan)
        self._last = scan.time
        dead = self._gone(table)
        if self._pids != table.pid and len(places) < len(table):
            new = {i for i, pid in enumerate(table.pid) if pid not in self._alive}
            places = sorted(new.union(places))
        part = table if len(places) == len(table) else table.rows(places)
        dead += self._replaced(part)
        known = [(i, found[0]) for i, pid in enumerate(part.pid) if (found := self._alive.get(pid))]
        if known:
            changes = self._changes(part, known)
            if changes:
                document["u"] = changes
        if dead:
            document["x"] = sorted(dead)
        if len(known) < len(part):
            document["b"] = self._born(part)
        self._pids = list(table.pid)
        return document

    def checkpoint(self) -> Document | None:
        """Who is alive with all figures, by row; None before the first scan."""
        if self._columns is None:
            return None
        alive = sorted(row for row, _ in self._alive.values())
        return {
            "h": [list(self._columns), self._codes],
            "w": list(self._said),
            "n": self._rows,
            "a": alive,
            "v": [
                [encode(self._values[row][column], code) for row in alive]
                for column, code in enumerate(self._codes)
            ],
            "t": self._told[0],
            "c": self._told[1],
        }

    def _start(self, scan: Scan, columns: tuple[str, ...], document: Document) -> None:
        """Columns that came or went: everything is told anew."""
        tried = TRIED.get(scan.way, FINEST)
        self._columns = columns
        self._codes = [code_for(getattr(scan.processes, name), tried) for name in columns]
        self._values = {}
        self._alive.clear()
        self._rows = 0
        self._pids = []
        self._last = None
        document["h"] = [list(columns), self._codes]

    def _places(self, scan: Scan) -> Sequence[int]:
        """Places of the processes that may be told otherwise than last time."""
        if self._last is not None and scan.changes is not None and scan.changes.since == self._last:
            return scan.changes.places()
        return range(len(scan.processes))

    def _gone(self, table: TaskTable) -> list[int]:
        if table.pid == self._pids:
            return []
        there = set(table.pid)
        return [self._forget(pid) for pid in [pid for pid in self._alive if pid not in there]]

    def _replaced(self, part: TaskTable) -> list[int]:
        """Rows of those whose pid is another process now."""
        started = zip(part.pid, part.start_time, strict=True)
        return [self._forget(pid) for pid, start in started if self._alive.get(pid, (0, start))[1] != start]

    def _forget(self, pid: int) -> int:
        row, _ = self._alive.pop(pid)
        del self._values[row]
        return row

    def _changes(self, part: TaskTable, known: list[tuple[int, int]]) -> Document:
        """By column: the rows that moved, and by how much."""
        found: Document = {}
        before = [(i, row, self._values[row]) for i, row in known]
        for column, name in enumerate(self._columns or ()):
            now: list[Value] = getattr(part, name)
            moved = [(row, values, now[i]) for i, row, values in before if values[column] != now[i]]
            if not moved:
                continue
            code = self._codes[column]
            steps: list[Coded] = []
            for _, values, value in moved:
                # What was told is not kept: a value has one number under its code.
                was, new = encode(values[column], code), encode(value, code)
                values[column] = value
                steps.append(new - was if type(new) is int and type(was) is int else new)
            found[str(column)] = [[row for row, _, _ in moved], steps]
        return found

    def _born(self, part: TaskTable) -> list[list[Coded]]:
        """All figures of new processes, by column."""
        born = [i for i, pid in enumerate(part.pid) if pid not in self._alive]
        first = self._rows
        self._rows += len(born)
        columns: list[list[Value]] = [getattr(part, name) for name in self._columns or ()]
        for row, i in enumerate(born, first):
            self._values[row] = [now[i] for now in columns]
            self._alive[part.pid[i]] = row, part.start_time[i]
        return [[encode(now[i], code) for i in born] for now, code in zip(columns, self._codes, strict=True)]
