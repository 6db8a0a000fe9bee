"""/proc/loadavg: run queue averages, runnable and existing threads, the newest pid.

    0.21 0.37 0.39 1/719 19737

fs/proc/loadavg.c loadavg_proc_show(). The averages count threads that run, want to run or sleep
uninterruptibly, as moving averages over 1, 5 and 15 minutes.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, gauge, row
from jinmaek.kernel.digits import decimal, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Loadavg:
    """The load of the host (of the pid namespace for ``last_pid``)."""

    load1: float = gauge("count", "threads running or in uninterruptible sleep, 1 min", "node_load1")
    load5: float = gauge("count", "threads running or in uninterruptible sleep, 5 min", "node_load5")
    load15: float = gauge("count", "threads running or in uninterruptible sleep, 15 min", "node_load15")
    nr_running: int = gauge("count", "threads running or waiting for a CPU now, the reader included")
    nr_threads: int = gauge("count", "threads that exist", "node_processes_threads")
    last_pid: int = gauge("count", "the pid given out last")


def parse(text: str) -> Iterator[Loadavg]:
    """The one row of /proc/loadavg."""
    words = text.partition("\n")[0].split()
    if len(words) < 5:
        raise Malformed(1, "fewer than 5 words")
    running, slash, threads = words[3].partition("/")
    if not slash:
        raise Malformed(1, "no running/threads pair")
    yield Loadavg(
        load1=decimal(words[0], 1),
        load5=decimal(words[1], 1),
        load15=decimal(words[2], 1),
        nr_running=unsigned(running, 1),
        nr_threads=unsigned(threads, 1),
        last_pid=unsigned(words[4], 1),
    )


READERS = (Reader(table="loadavg", path="proc/loadavg", row=Loadavg, parse=parse),)
