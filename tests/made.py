"""Snapshots made by hand: a ring of readings for tests of what stands above sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jinmaek.diagnosis.look import Look
from jinmaek.history.live import Ring
from jinmaek.kernel.softnet_stat import Softnet
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot


def snapshot(
    at: float,
    tables: Mapping[str, tuple[object, ...]],
    gaps: Mapping[str, Gap] | None = None,
    boot: str = "b",
) -> Snapshot:
    return Snapshot(boot_id=boot, wall=1000 + at, monotonic=at, tables=tables, tasks=None, gaps=gaps or {})


def softnet(cpu: int, dropped: int, squeezed: int = 0, backlog: int | None = 0) -> Softnet:
    return Softnet(cpu=cpu, processed=0, dropped=dropped, time_squeeze=squeezed, backlog_len=backlog)


def look(readings: Sequence[Sequence[Softnet]], lang: str = "en") -> Look:
    """A reading a second."""
    ring = Ring()
    for second, rows in enumerate(readings):
        ring.add(snapshot(float(second), {"softnet_stat": tuple(rows)}))
    return Look(ring, lang, lambda pid: None, lambda: ())


def ring(look: Look) -> Ring:
    """The ring of a look, to add to."""
    assert isinstance(look.history, Ring)
    return look.history
