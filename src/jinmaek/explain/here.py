"""The figures of this host, or of a captured tree: read when they are needed, and read once."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from jinmaek.columns import Malformed
from jinmaek.explain.formula import Source, Unknown, Vector
from jinmaek.explain.vocabulary import PROCESS, known, process_rows
from jinmaek.model import Gap
from jinmaek.root import LIVE, Root
from jinmaek.sampling import COUNTED, take

Rows = Sequence[object]


class Here:
    """Figures by column. ``given`` are rows that were read already, ``before`` those of ``seconds`` ago.

    Without ``before`` a rate is the average since boot. ``pid`` is the process whose files are meant.
    ``alone`` says that a given table is about the one thing its single row tells of: it needs no labels.
    """

    def __init__(
        self,
        root: Root = LIVE,
        *,
        given: Mapping[str, Rows] | None = None,
        before: Mapping[str, Rows] | None = None,
        seconds: float | None = None,
        pid: int | None = None,
        alone: bool = False,
    ) -> None:
        self._root = root
        self._read: dict[str, Rows | Gap] = dict(given or {})
        self._before = before
        self._seconds = seconds
        self._alone = frozenset(given or {}) if alone else frozenset()
        self.pid = pid

    def read(self, columns: Iterable[str]) -> None:
        """Read the tables of these columns now, together: figures that are compared belong to one moment."""
        tables = dict.fromkeys(name.partition(".")[0] for name in columns)
        wanted = [table for table in tables if table not in self._read and not table.startswith(PROCESS)]
        scan = None
        if not COUNTED.isdisjoint(wanted):
            from jinmaek.tasks.choose import Scanner

            with Scanner(self._root) as scanner:
                scan = scanner.scan(details=False)
        snapshot = take(self._root, wanted, scan)
        self._read.update(snapshot.gaps)
        self._read.update(snapshot.tables)

    def rows(self, table: str) -> Rows:
        """The rows of a table; raises ``Unknown``."""
        if table not in self._read:
            if table.startswith(PROCESS):
                self._read[table] = self._of_process(table)
            else:
                self.read([f"{table}."])
        found = self._read[table]
        if isinstance(found, Gap):
            raise Unknown(found)
        return found

    def column(self, name: str) -> Vector:
        """The values of a column by labels; raises ``Unknown``."""
        table = name.partition(".")[0]
        return _vector(name, self.rows(table), labelled=table not in self._alone)

    def constant(self, name: str) -> float:
        """The bytes of a page; the CPUs that are online."""
        return float(os.sysconf("SC_PAGESIZE")) if name == "page" else float(len(self.rows("stat_cpu")))

    def rate(self, of: Callable[[Source], Vector]) -> Vector:
        """By how much ``of`` grows in a second: since ``before``, or on average since boot."""
        now = of(self)
        if self._before is None or not self._seconds:
            up = self.column("uptime.uptime")[()]
            return {labels: value / up for labels, value in now.items()} if up else {}
        then = of(_Then(self, self._before))
        return {
            labels: (value - then[labels]) / self._seconds for labels, value in now.items() if labels in then
        }

    def _of_process(self, table: str) -> Rows | Gap:
        """One file of the process that is meant: read under a deadline, for some take a lock of it."""
        file = table.removeprefix(PROCESS)
        if self.pid is None:
            return Gap("absent", f"proc/PID/{file}")
        from jinmaek.tasks.guarded import Guard

        reading = Guard(self._root, (file,)).read([(self.pid, self.pid)])[self.pid]
        if reading.missed is not None:
            return reading.missed.gap()
        text = (reading.texts or (b"",))[0].decode("utf-8", "backslashreplace")
        row = process_rows()[table]
        try:
            parsed = importlib.import_module(row.__module__).parse(text) if text else None
        except Malformed as fault:
            return Gap("malformed", f"proc/{self.pid}/{file}", str(fault))
        # A file of many rows is no set of figures of the process: a view of its own shows it.
        return (parsed,) if isinstance(parsed, row) else Gap("absent", f"proc/{self.pid}/{file}")


class _Then:
    """The earlier reading: only what was kept of it."""

    def __init__(self, here: Here, tables: Mapping[str, Rows]) -> None:
        self._here = here
        self._tables = tables

    def column(self, name: str) -> Vector:
        table = name.partition(".")[0]
        if table not in self._tables:
            raise Unknown(Gap("too short", name))
        return _vector(name, self._tables[table])

    def constant(self, name: str) -> float:
        return self._here.constant(name)

    def rate(self, of: Callable[[Source], Vector]) -> Vector:  # noqa: ARG002
        raise AssertionError("a rate of a rate")


def _vector(name: str, rows: Rows, *, labelled: bool = True) -> Vector:
    table, _, column = name.partition(".")
    labels = known()[name].labels if labelled and not table.startswith(PROCESS) else ()
    values = {
        tuple(sorted((label, str(getattr(row, label))) for label in labels)): value
        for row in rows
        if (value := getattr(row, column)) is not None
    }
    if rows and not values:
        raise Unknown(Gap("absent", name, "this kernel does not have the field"))
    return values
