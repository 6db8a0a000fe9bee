"""Which tables are read at which sample, so that recording stays cheap on any host.

A few tables tell a moment and are read every time. Any other may take a small share of one CPU: a table that
costs more is read more rarely, and one that did not change for a while too, until it changes again. When it
was read is in the record; nothing is made up in between.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

ALWAYS = frozenset(
    {
        "diskstats", "loadavg", "meminfo", "pressure_cpu", "pressure_io", "pressure_memory", "processes",
        "stat", "stat_cpu", "threads", "uptime", "vmstat", "waits", "zombies",
    }
)  # fmt: skip
"""Read at every sample."""
SHARE = 0.00008
"""Of one CPU that a single other table may take: 0.08 ms a second."""
CALM = 10.0
"""Seconds after which a table that does not change is read again at the latest, where its cost allows it."""


class Pace:
    """The tables that are due. All are at the first sample and after ``restart``."""

    __slots__ = ("_costs", "_due", "_longest", "_names", "_period")

    def __init__(self, names: Iterable[str], longest: float) -> None:
        """``longest`` is the time from one ``restart`` to the next: so often any table is read."""
        self._names = tuple(names)
        self._longest = longest
        self._due = dict.fromkeys(self._names, 0.0)
        self._costs: dict[str, float] = {}
        self._period = dict.fromkeys(self._names, 0.0)

    def restart(self) -> None:
        """Everything is due again."""
        self._due = dict.fromkeys(self._names, 0.0)

    def due(self, now: float) -> list[str]:
        """Those to read now, in a fixed order."""
        return [name for name in self._names if name in ALWAYS or self._due[name] <= now]

    def read(self, now: float, costs: Mapping[str, float], changed: Collection[str]) -> None:
        """These were read, at so many CPU seconds each; ``changed`` are those that told anything new."""
        for name, cost in costs.items():
            if name in ALWAYS:
                continue
            known = self._costs.get(name)
            usual = self._costs[name] = cost if known is None else known + (cost - known) / 4
            least = min(usual / SHARE, self._longest)
            calm = max(least, min(max(1.0, self._period[name] * 2), CALM))
            self._period[name] = least if name in changed else calm
            # A little early counts: samples are not taken to the microsecond.
            self._due[name] = now + self._period[name] - 0.05
