"""What the screens ask for, and what they are given: the same of a live host and of a recorded moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from jinmaek.accounts.load.account import Load
from jinmaek.accounts.memory import Ledger
from jinmaek.accounts.swap_reading import SwapLook
from jinmaek.diagnosis.evaluate import Missing, Vector
from jinmaek.diagnosis.expr import Expr, average, named, now, rate
from jinmaek.diagnosis.memory_verdict import MemoryVerdict
from jinmaek.diagnosis.swap_verdict import SwapVerdict
from jinmaek.diagnosis.vitals import BUSY
from jinmaek.explain.here import Here
from jinmaek.model import Diagnosis, Severity
from jinmaek.views.top import Shown
from jinmaek.views.top_frame import Frame

Tab = Literal["pulse", "processes", "memory", "load", "swap", "disks", "cgroups", "history"]

Told = Mapping[str, Vector | Missing]
"""Values of expressions by the names they were asked by."""

TRACES: Mapping[str, Expr] = {
    "CPU busy": BUSY,
    "memory in use": named(
        "memory in use",
        (now("meminfo.MemTotal") - now("meminfo.MemAvailable")) / now("meminfo.MemTotal"),
    ),
    "waiting for CPU": rate("pressure_cpu.some_total"),
    "for memory": rate("pressure_memory.some_total"),
    "for I/O": rate("pressure_io.some_total"),
}
"""What is drawn above every tab: shares of 1."""

CHARTS: Mapping[str, tuple[Expr, str, str]] = {
    "load average": (now("loadavg.load1"), "count", "loadavg.load1"),
    "runnable threads": (now("stat.procs_running"), "count", "stat.procs_running"),
    "CPU waits for I/O": (average(rate("stat_cpu.iowait")), "ratio", "stat_cpu.iowait"),
    "swap in use": (now("meminfo.SwapTotal") - now("meminfo.SwapFree"), "bytes", "meminfo.SwapFree"),
    "from swap": (rate("vmstat.pswpin"), "pages/s", "vmstat.pswpin"),
    "to swap": (rate("vmstat.pswpout"), "pages/s", "vmstat.pswpout"),
    "major faults": (rate("vmstat.pgmajfault"), "count/s", "vmstat.pgmajfault"),
    "context switches": (rate("stat.ctxt"), "count/s", "stat.ctxt"),
}
"""What the history draws besides: expression, unit and the word that explains it."""

Traces = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the screen shows: only that is read. ``place`` is of a recording's samples."""

    tab: Tab = "pulse"
    shown: Shown = field(default_factory=Shown)
    exprs: Mapping[str, Expr] = field(default_factory=dict)
    place: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A moment of the host. What could not be had is a text that says why."""

    host: str
    wall: float
    frame: Frame | str
    traces: Traces
    told: Told
    asked: Asked
    window_s: float
    """Seconds that rates are of."""
    diagnosis: Diagnosis | None = None
    """The newest there is; None before the first."""
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was wrong, in seconds since the epoch; ``open`` where it still was at the end."""

    since: float
    until: float
    severity: Severity
    title: str
    rule: str


@dataclass(frozen=True, slots=True)
class Happened:
    """What was wrong in a recording, as far as it has been judged: to a share of it."""

    events: Sequence[Event]
    share: float


@dataclass(frozen=True, slots=True)
class MemoryRead:
    """The ledger and what it means."""

    ledger: Ledger
    verdict: MemoryVerdict


@dataclass(frozen=True, slots=True)
class SwapRead:
    """The account of swap and what it means."""

    look: SwapLook
    verdict: SwapVerdict


Account = MemoryRead | SwapRead | Load | Happened | Diagnosis | str
"""What takes its time to find out; a text says why it could not be."""

Progress = Callable[[Tab, str, Account | None], None]
"""Told a text to show meanwhile, and what is known so far. Raises ``Left`` when nobody waits any more."""


class Left(Exception):
    """The tab this was for is not shown any more."""


class Source(Protocol):
    """Where pictures come from. Every method is called in a thread of its own kind, never on the screen's."""

    @property
    def live(self) -> bool:
        """Whether time goes on by itself."""
        ...

    @property
    def walls(self) -> Sequence[float]:
        """When each sample of a recording was, in seconds since the epoch; of a live host none."""
        ...

    @property
    def gaps(self) -> Sequence[tuple[float, float, str]]:
        """From when to when samples are missing, and why."""
        ...

    def picture(self, asked: Asked) -> Picture:
        """The host now, or at the place that is asked for."""
        ...

    def account(self, asked: Asked, progress: Progress) -> Account | None:
        """What the tab needs besides; None where it needs nothing. Raises ``Left``."""
        ...

    def finding(self, place: int, *, forward: bool) -> tuple[int, str] | None:
        """The place at which the next or the previous thing began to be wrong, and what; None without one."""
        ...

    def here(self, picture: Picture, pid: int | None) -> Here:
        """The figures of the moment, for explanations."""
        ...
