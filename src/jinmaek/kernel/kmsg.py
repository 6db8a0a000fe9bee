"""/dev/kmsg: the kernel log, read for the kills of the OOM killer.

    3,1094,5093828,-;Out of memory: Killed process 812 (java) total-vm:…kB, anon-rss:…kB, …

mm/oom_kill.c __oom_kill_process(); "Memory cgroup out of memory:" where a cgroup's limit was the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
