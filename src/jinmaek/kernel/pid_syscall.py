"""/proc/PID/task/TID/syscall: the system call a thread waits in, its stack pointer and program counter.

    232 0xe 0x7ffd1c3e4b60 0x400 0xffffffff 0x0 0x8 0x7ffd1c3e4b10 0x7f5cfa51e0ba
    -1 0x7ffd1c3e4b10 0x7f5cfa51e0ba
    running

fs/proc/base.c proc_pid_syscall(). A thread on a CPU is ``running`` and tells nothing more.
"""

from __future__ import annotations

from jinmaek.columns import Malformed
from jinmaek.kernel.digits import hexadecimal


def stack_pointer(text: str) -> int | None:
    """The user stack pointer of the thread, the last word but one; None while it runs."""
    words = text.split()
    if words[:1] == ["running"]:
        return None
    if len(words) not in (3, 9) or not words[-2].startswith("0x"):
        raise Malformed(1, f"{len(words)} words, or no address")
    return hexadecimal(words[-2].removeprefix("0x"), 1)
