"""/proc/PID/stat and /proc/PID/task/TID/stat: one line about a process or one of its threads.

    21448 (cat) R 21444 21444 3835 0 -1 4194304 102 0 0 0 0 0 0 0 20 0 1 0 251766 3133440 379 …

fs/proc/array.c do_task_stat(). The name stands between the first ``(`` and the last ``)`` and may hold
anything, parentheses and newlines too. Of a process the times and faults are sums over its threads, the
state is its leader's alone. 41 words in 2.6.18, 44 from 2.6.24, 49 from 3.3, 52 from 3.5.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, counter, gauge, row
from jinmaek.kernel.digits import unsigned
from jinmaek.kernel.stat import CLK_TCK

LEAST = 39
"""Words after the name up to ``policy`` (2.5.19)."""


@row
class PidStat:
    """A process, or one thread."""

    pid: int
    comm: str
    state: str
    ppid: int
    tty_nr: int
    processor: int
    policy: int
    flags: int = gauge("count", "PF_* of include/linux/sched.h as a bit mask")
    minflt: int = counter("count", "page faults served from memory")
    majflt: int = counter("count", "page faults that had to wait for a disk")
    utime: float = counter("seconds", "CPU time in its own code")
    stime: float = counter("seconds", "CPU time in the kernel on its behalf")
    cutime: float = counter("seconds", "utime of children waited for")
    cstime: float = counter("seconds", "stime of children waited for")
    priority: int = gauge("count", "priority: 20 + nice, or -1 - real-time priority")
    nice: int = gauge("count", "nice value: -20 (favoured) to 19")
    num_threads: int = gauge("count", "threads, an exited leader included")
    starttime: float = gauge("seconds", "when it started, since boot")
    vsize: int = gauge("bytes", "address space")
    rt_priority: int = gauge("count", "real-time priority 1 to 99, 0 for others")
    delayacct_blkio_ticks: float | None = counter(
        "seconds", "time waited for block I/O; 0 unless kernel.task_delayacct is 1 (2.6.18)"
    )


def split(text: str) -> tuple[str, list[str]]:
    """The name, and the words after it beginning with the state letter."""
    head, opened, rest = text.partition("(")
    name, closed, tail = rest.rpartition(")")
    words = tail.split()
    if not (opened and closed and head.strip().isdigit()):
        raise Malformed(1, "no pid and name in parentheses")
    if len(words) < LEAST or len(words[0]) != 1:
        raise Malformed(0, f"{len(words)} words after the name, or no state letter")
    return name, words


def parse(text: str) -> PidStat:
    """The one row of a stat file."""
    comm, words = split(text)
    last = text.count("\n", 0, -1) + 1

    def number(index: int) -> int:
        word = words[index]
        return -unsigned(word[1:], last) if word[:1] == "-" else unsigned(word, last)

    return PidStat(
        pid=unsigned(text.partition("(")[0].strip(), 1),
        comm=comm,
        state=words[0],
        ppid=number(1),
        tty_nr=number(4),
        flags=number(6),
        minflt=number(7),
        majflt=number(9),
        utime=number(11) / CLK_TCK,
        stime=number(12) / CLK_TCK,
        cutime=number(13) / CLK_TCK,
        cstime=number(14) / CLK_TCK,
        priority=number(15),
        nice=number(16),
        num_threads=number(17),
        starttime=number(19) / CLK_TCK,
        vsize=number(20),
        processor=number(36),
        rt_priority=number(37),
        policy=number(38),
        delayacct_blkio_ticks=number(39) / CLK_TCK if len(words) > 39 else None,
    )
