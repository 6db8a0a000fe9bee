"""/proc/PID/limits: what a process may have at most (getrlimit(2)).

    Limit                     Soft Limit           Hard Limit           Units
    Max address space         unlimited            unlimited            bytes

fs/proc/base.c proc_pid_limits(). Readable by everyone.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, gauge, row
from jinmaek.kernel.digits import unsigned

ROWS = {
    "Max data size": "data",
    "Max address space": "address_space",
    "Max processes": "processes",
    "Max open files": "open_files",
}


@row
class PidLimits:
    """Soft limits; None is unlimited."""

    data: int | None = gauge("bytes", "private writable memory and brk heap (RLIMIT_DATA)")
    address_space: int | None = gauge("bytes", "address space (RLIMIT_AS), held against VmSize")
    processes: int | None = gauge("count", "threads of its user (RLIMIT_NPROC)")
    open_files: int | None = gauge("count", "open descriptors, plus one (RLIMIT_NOFILE)")


def parse(text: str) -> PidLimits:
    """The one row of a limits file."""
    found: dict[str, int] = {}
    lines = text.split("\n")
    if not lines[0].startswith("Limit"):
        raise Malformed(1, "no header")
    for number, line in enumerate(lines[1:], 2):
        for name, column in ROWS.items():
            if line.startswith(name):
                words = line[len(name) :].split()
                if not words:
                    raise Malformed(number, f"{name} has no value")
                if words[0] != "unlimited":
                    found[column] = unsigned(words[0], number)
    return PidLimits(**found)
