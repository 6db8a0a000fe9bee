"""The words every floor speaks. Frozen types, no input or output: the first file to read.

A rule is judged to one of three answers, never two: a ``Finding``, a ``Quiet`` (with a reason
where the quiet looks scary), or an ``Unknown`` with the gap that prevented a verdict.
Missing is never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

GapKind = Literal[
    "absent", "denied", "disabled", "malformed", "gone", "timed out", "too short", "partial", "unanswered"
]  # fmt: skip
Severity = Literal["benign", "info", "warning", "critical"]
Confidence = Literal["low", "medium", "high"]

SEVERITIES: tuple[Severity, ...] = ("benign", "info", "warning", "critical")

Labels = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name."""

Points = Sequence[tuple[float, float | None]]
"""Time in seconds and value, oldest first; ``None`` marks the moment a series ended."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Why something is not known. ``source`` is a file or ``table.column``."""

    kind: GapKind
    source: str
    detail: str = ""
    needed: float | None = None
    """Seconds of readings that would do, of one that is too short for a trend."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """Who does it. ``share`` is of what ``why`` names, from 0 to 1; None where it has no whole."""

    kind: Literal["process", "cgroup", "device", "kernel"]
    name: str
    why: str
    share: float | None = None
    pid: int | None = None
    start_time: float | None = None
    """Seconds since boot: with ``pid`` the identity of a process."""
    cgroup: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number a verdict rests on, in the unit of its column, and the limit it was held against."""

    column: str
    labels: Labels
    value: float
    unit: str
    limit: float | None
    file: str


@dataclass(frozen=True, slots=True)
class Indicators:
    """Independent signs by name: those that agree, those that do not, those that could not be read."""

    agree: tuple[str, ...] = ()
    disagree: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A bad state that holds now, on what evidence, by whom, and what to do."""

    rule: str
    title: str
    severity: Severity
    subject: Labels
    since: float
    until: float
    confidence: Confidence
    summary: str
    evidence: tuple[Evidence, ...]
    indicators: Indicators
    culprits: tuple[Culprit, ...] = ()
    helps: tuple[str, ...] = ()
    does_not_help: tuple[str, ...] = ()
    fell: float | None = None
    """When the condition last held, where it does not any more and is not yet clear of its limits."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Judged, and nothing there. ``reason`` is set when the numbers look worse than they are."""

    rule: str
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not judgeable: the column that was needed and the gap in its place."""

    rule: str
    column: str
    gap: Gap


Verdict = Finding | Quiet | Unknown


def worst_first(verdicts: Iterable[Verdict]) -> tuple[Finding, ...]:
    """The findings among verdicts, the worst first, otherwise in their order."""
    found = (one for one in verdicts if isinstance(one, Finding))
    return tuple(sorted(found, key=lambda finding: -SEVERITIES.index(finding.severity)))


@dataclass(frozen=True, slots=True)
class TasksRead:
    """How the task table was read, the CPU seconds of all its readings, and why not the cheaper way."""

    way: str
    cpu_s: float
    refused: Gap | None = None
    hidden: tuple[int, ...] = ()
    """Processes the iterator does not show, read from /proc beside it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Where the CPU seconds between two readings went, as far as the tasks tell."""

    busy_s: float
    """What the host counted as neither idle nor stolen: user, nice, system, irq and softirq time."""
    alive_s: float
    """Used by processes alive at the end."""
    exited_s: float
    """Used by processes that ended meanwhile, as far as a live one waited for them or their parents."""

    @property
    def alive(self) -> float | None:
        """The share of live processes; None where nothing was busy. Ticks may make a share exceed 1."""
        return self.alive_s / self.busy_s if self.busy_s > 0 else None

    @property
    def exited(self) -> float | None:
        return self.exited_s / self.busy_s if self.busy_s > 0 else None

    @property
    def unexplained_s(self) -> float:
        """Of children nobody waits for (SIGCHLD ignored), and of the moment between an exit and its count."""
        return max(0.0, self.busy_s - self.alive_s - self.exited_s)


@dataclass(frozen=True, slots=True)
class Locked:
    """A process that could not be read because its mmap_lock is held."""

    pid: int
    start_time: float
    name: str
    gap: Gap


@dataclass(frozen=True, slots=True)
class ChangedLimit:
    """A limit of a rule that a user set otherwise, in the unit of what is held against it."""

    rule: str
    name: str
    value: float
    default: float
    unit: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a look went on from: the part of a running recorder's record that its verdicts rest on."""

    recording: str
    """Its folder."""
    since: float
    """Seconds since the epoch."""
    interval: float
    """Seconds between two samples."""
    samples: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All verdicts of one look at one host. Times are seconds since the epoch."""

    host: str
    kernel: str
    boot_id: str
    time: float
    window_s: float
    source: str
    findings: tuple[Finding, ...]
    quiet: tuple[Quiet, ...]
    unknown: tuple[Unknown, ...]
    gaps: tuple[Gap, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    """The few numbers of the headline (load1, cpus, ...), by ``table.column``."""
    vitals: tuple[Evidence, ...] = ()
    """How busy, and who waits for what: shares of the time."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    tasks: TasksRead | None = None
    explained: Explained | None = None
    """Who used the CPU time of the look; None of a single reading."""
    locked: tuple[Locked, ...] = ()
    changed: tuple[ChangedLimit, ...] = ()
    recorded: tuple[float, float] | None = None
    """Of a recording: from when to when it was judged, twice the same of a moment."""
    remembered: Remembered | Gap | None = None
    """The history of a running recorder that the look was judged with, or why it was not; None where nobody
    records, or it was not asked for."""
