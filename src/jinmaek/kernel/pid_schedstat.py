"""/proc/PID/schedstat and /proc/PID/task/TID/schedstat: three numbers about one thread.

    448765 0 1

fs/proc/base.c proc_pid_schedstat(). In nanoseconds; needs CONFIG_SCHED_INFO only. Of PID it is the
leader's alone.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, counter, row
from jinmaek.kernel.digits import unsigned

NS = 1e9


@row
class PidSchedstat:
    """What the scheduler counted for one thread."""

    sum_exec_runtime: float = counter("seconds", "time on a CPU")
    run_delay: float = counter("seconds", "time runnable but waiting for a CPU")
    pcount: int = counter("count", "times it was given a CPU")


def parse(text: str) -> PidSchedstat:
    """The one row of a thread's schedstat file."""
    words = text.split()
    if len(words) < 3:
        raise Malformed(1, "fewer than 3 words")
    run, delay, times = (unsigned(word, 1) for word in words[:3])
    return PidSchedstat(sum_exec_runtime=run / NS, run_delay=delay / NS, pcount=times)
