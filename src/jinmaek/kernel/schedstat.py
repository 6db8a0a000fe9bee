"""/proc/schedstat: how long threads ran and waited on every CPU (CONFIG_SCHEDSTATS).

    version 15
    timestamp 15819019232
    cpu0 498494191 0 3533438552 2553969831 3853684107 2465731542 2045936778163039 343796328169361 4767485306
    domain0 00000000,00000003 212499247 …

kernel/sched/stats.c show_schedstat(). The last three words of a cpu line are the same in the versions 15
(up to 6.10), 16 and 17 (6.15); those changed the domain lines, which are skipped.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, counter, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NANOSECONDS = 1_000_000_000


@row
class Schedstat:
    """One CPU that is online."""

    cpu: int
    running_seconds: float = counter(
        "seconds", "time threads ran here (rq_cpu_time)", "node_schedstat_running_seconds_total"
    )
    waiting_seconds: float = counter(
        "seconds",
        "time threads that could run waited here (run_delay)",
        "node_schedstat_waiting_seconds_total",
    )
    timeslices: int = counter("count", "turns given (pcount)", "node_schedstat_timeslices_total")


def parse(text: str) -> Iterator[Schedstat]:
    """Rows of /proc/schedstat."""
    for index, line in enumerate(text.split("\n"), 1):
        words = line.split(None, 10)
        if not words or not words[0].startswith("cpu"):
            continue
        if len(words) < 10:
            raise Malformed(index, "fewer than 9 numbers")
        yield Schedstat(
            cpu=unsigned(words[0][3:], index),
            running_seconds=unsigned(words[7], index) / NANOSECONDS,
            waiting_seconds=unsigned(words[8], index) / NANOSECONDS,
            timeslices=unsigned(words[9], index),
        )


READERS = (Reader(table="schedstat", path="proc/schedstat", row=Schedstat, parse=parse),)
