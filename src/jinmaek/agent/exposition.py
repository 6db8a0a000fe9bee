"""All an agent tells as metrics: the host, its process groups, the verdicts, and what the agent costs.

Made once for every reading, however many ask for it.
"""

from __future__ import annotations

import gzip
import os
import resource
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jinmaek import __version__
from jinmaek.agent.judging import Judge
from jinmaek.agent.latest import Latest, Seen, now
from jinmaek.catalog import EMPTY, tables
from jinmaek.columns import labels_of
from jinmaek.diagnosis.rule import Rule
from jinmaek.kernel.stat import CLK_TCK
from jinmaek.procfile import read
from jinmaek.views.openmetrics import groups, verdicts
from jinmaek.views.openmetrics.series import Family, Sample, Samples, series
from jinmaek.views.openmetrics.tables import CGROUPS, Exposition
from jinmaek.views.openmetrics.text import Form, render

FRESH = 1.0
"""Seconds after which a scrape is written again though nothing was read since: it tells how old it all is."""


def _gauge(name: str, help: str) -> Family:
    return Family(name, "gauge", help)


def _counter(name: str, help: str) -> Family:
    return Family(name, "counter", help)


TIME = _gauge("node_time_seconds", "time of this scrape by the clock of the host, since the epoch")
UNAME = _gauge("node_uname_info", "1: what uname(2) says of this host")
BUILD = _gauge("jinmaek_build_info", "1: the version of jinmaek, and how it reads the processes")
READING_AGE = _gauge("jinmaek_agent_reading_age_seconds", "how long ago the host was read for these figures")
TABLE_AGE = _gauge("jinmaek_agent_table_age_seconds", "how long ago each table was read: dear ones rarely")
VERDICT_AGE = _gauge("jinmaek_agent_verdict_age_seconds", "how long ago the rules were judged")
GAPS = _gauge("jinmaek_agent_gap", "1: this table cannot be read, and why")
ROWS = _gauge(EMPTY, "rows of a table that may have none: 0 says that there is nothing of the kind")
LEFT_OUT = _gauge("jinmaek_agent_rows_left_out", "rows of a table that are not told: there are too many")
SAMPLES = _counter("jinmaek_agent_samples_total", "samples taken since the agent was started")
MISSED = _counter(
    "jinmaek_agent_missed_samples_total", "samples due that were not taken: the host was too slow"
)
PAUSED = _gauge("jinmaek_agent_recording_paused", "1: the disk is full, and nothing is recorded")
CPU = _counter("process_cpu_seconds_total", "CPU time of the agent, with what seals its recording")
THREADS = _counter("jinmaek_agent_thread_cpu_seconds_total", "CPU time of the agent by what it was spent on")
RESIDENT = _gauge("process_resident_memory_bytes", "memory the agent has in RAM")
STARTED = _gauge("process_start_time_seconds", "when the agent was started, since the epoch")


@dataclass(slots=True)
class _Made:
    """The body of a scrape: of which reading and judgement, and when it was made."""

    basis: tuple[int, float | None]
    moment: float
    plain: bytes
    zipped: bytes = b""


class Teller:
    """Makes the samples, and the bytes of a scrape. May be used by several threads."""

    def __init__(self, rules: Iterable[Rule], latest: Latest, judge: Judge, cgroups: int = CGROUPS) -> None:
        self._rules = tuple(rules)
        self._latest = latest
        self._judge = judge
        self._tables = Exposition(cgroups)
        self._lock = threading.Lock()
        self._kept: dict[Form, _Made] = {}
        self._fixed = _uname()
        self._started = series(STARTED, {}), time.time() - (now() - _start_time())
        self.costs: dict[str, Callable[[], float]] = {}
        self.paused = False
        """Whether the disk is full."""
        self.pushed: Callable[[], Samples] = list
        """What senders tell of themselves."""

    def samples(self) -> Samples:
        """Everything as it was read last."""
        with self._lock:
            return self._samples(self._latest.seen())

    def body(self, form: Form, *, zipped: bool) -> bytes:
        """What is answered to a scrape: made anew for a newer reading, or when its ages are not true."""
        with self._lock:
            seen, judged, moment = self._latest.seen(), self._judge.judged, time.monotonic()
            basis = seen.number, None if judged is None else judged.at
            made = self._kept.get(form)
            if made is None or made.basis != basis or moment - made.moment > FRESH:
                made = self._kept[form] = _Made(basis, moment, render(self._samples(seen), form))
            if not zipped:
                return made.plain
            if not made.zipped:
                made.zipped = gzip.compress(made.plain, 1)
            return made.zipped

    def _samples(self, seen: Seen) -> Samples:
        judged = self._judge.judged
        told = () if judged is None else judged.verdicts
        return [
            *self._tables.samples(seen.tables),
            *(groups.samples(judged.groups) if judged is not None else ()),
            *verdicts.samples(self._rules, told),
            *self._own(seen),
            *self.pushed(),
        ]

    def _own(self, seen: Seen) -> Iterable[Sample]:
        at, judged = now(), self._judge.judged
        yield self._fixed
        scan = self._latest.scan
        yield series(BUILD, {"version": __version__, "tasks": "" if scan is None else scan.way}), 1
        yield series(TIME, {}), time.time()
        if seen.sampled is not None:
            yield series(READING_AGE, {}), at - seen.sampled
        if judged is not None:
            yield series(VERDICT_AGE, {}), at - judged.at
        for table, read_at in seen.times.items():
            yield series(TABLE_AGE, {"table": table}), at - read_at
        for table, gap in seen.gaps.items():
            yield series(GAPS, {"table": table, "kind": gap.kind}), 1
        for table, rows in seen.tables.items():
            if labels_of(tables()[table].row):
                yield series(ROWS, {"table": table}), len(rows)
        for table, count in self._tables.left_out.items():
            yield series(LEFT_OUT, {"table": table}), count
        yield series(SAMPLES, {}), seen.samples
        yield series(MISSED, {}), seen.missed
        yield series(PAUSED, {}), int(self.paused)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        yield series(CPU, {}), time.process_time() + used.ru_utime + used.ru_stime
        for name, cost in self.costs.items():
            yield series(THREADS, {"thread": name}), cost()
        yield series(RESIDENT, {}), int(read("/proc/self/statm").split()[1]) * os.sysconf("SC_PAGESIZE")
        yield self._started


def _uname() -> Sample:
    name = os.uname()
    uname = {
        "sysname": name.sysname,
        "release": name.release,
        "version": name.version,
        "machine": name.machine,
        "nodename": name.nodename,
        "domainname": _domain(),
    }
    return series(UNAME, uname), 1


def _domain() -> str:
    """uname(2) has it, os.uname() has not."""
    return read("/proc/sys/kernel/domainname").strip()


def _start_time() -> float:
    """When this process was started, in seconds since boot."""
    return int(read("/proc/self/stat").rpartition(")")[2].split()[19]) / CLK_TCK
