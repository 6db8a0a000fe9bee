"""/dev/kmsg: the kernel log, read for the kills of the OOM killer.

    3,1094,5093828,-;Out of memory: Killed process 812 (java) total-vm:…kB, anon-rss:…kB, …

mm/oom_kill.c __oom_kill_process(); "Memory cgroup out of memory:" where a cgroup's limit was the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinmaek.columns import Reader, gauge, row

RECORD = re.compile(
    r"^\d+,\d+,(?P<time>\d+),[^;]*;"
    r"(?P<why>Memory cgroup out of memory|Out of memory[^:]*): "
    r"Killed process (?P<pid>\d+) \((?P<comm>.*?)\)(?= total-vm|$)"
    r"(?:.*?anon-rss:(?P<anon>\d+)kB)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Kill:
    """One victim. ``time`` is seconds since boot, ``anon_rss`` bytes."""

    time: float
    pid: int
    comm: str
    anon_rss: int | None
    by_cgroup: bool
    """A cgroup's limit was the reason, not the memory of the host."""


@row
class KmsgKill:
    """The same as a row; of a pid that died twice, the last."""

    pid: int
    comm: str
    time: float = gauge("seconds", "when it was killed, since boot")
    anon_rss: int | None = gauge("bytes", "anonymous memory it had")
    by_cgroup: int = gauge("count", "1: the limit of a cgroup was the reason, 0: the memory of the host")


def rows(text: str) -> Iterator[KmsgKill]:
    """Kills in a kernel log as a table."""
    last = {(kill.pid, kill.comm): kill for kill in parse(text)}
    for kill in last.values():
        yield KmsgKill(
            pid=kill.pid,
            comm=kill.comm,
            time=kill.time,
            anon_rss=kill.anon_rss,
            by_cgroup=int(kill.by_cgroup),
        )


def parse(text: str) -> Iterator[Kill]:
    """Kills in a kernel log, oldest first; every other record is skipped."""
    for line in text.splitlines():
        found = RECORD.match(line)
        if found:
            anon = found["anon"]
            yield Kill(
                time=int(found["time"]) / 1e6,
                pid=int(found["pid"]),
                comm=found["comm"],
                anon_rss=int(anon) * 1024 if anon else None,
                by_cgroup=found["why"].startswith("Memory cgroup"),
            )


READERS = (Reader(table="kmsg_kill", path="dev/kmsg", row=KmsgKill, parse=rows),)
