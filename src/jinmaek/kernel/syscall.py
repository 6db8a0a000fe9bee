"""System calls Python has no name for, through the C library; each module here that needs one names it.

A call releases the interpreter while it is in the kernel.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

PIDFD_OPEN, PIDFD_GETFD = 434, 438
"""5.3 and 5.6. Calls added since 5.0 bear one number on all architectures but alpha."""


@cache
def libc() -> ctypes.CDLL:
    """The C library, set up to tell errors by ``ctypes.get_errno``."""
    loaded = ctypes.CDLL(None, use_errno=True)
    loaded.syscall.restype = ctypes.c_long
    return loaded


def call(number: int, *words: int | ctypes.Array[ctypes.c_char]) -> int:
    """What the kernel answered. Raises OSError."""
    result = int(
        libc().syscall(
            ctypes.c_long(number),
            *(ctypes.c_long(word) if isinstance(word, int) else word for word in words),
        )
    )
    if result < 0:
        raise failed()
    return result


def failed(path: str | None = None) -> OSError:
    """The error of the call this thread made last, about a path where it was about one."""
    error = ctypes.get_errno()
    return OSError(error, os.strerror(error), path)


def taken_over(pid: int, descriptor: int) -> int:
    """A descriptor of another process as one of ours; nothing is opened, so no file system has a say.

    Closed on exec by the kernel's own doing (kernel/pid.c). Needs what ptrace(2) needs. Raises OSError.
    """
    process = call(PIDFD_OPEN, pid, 0)
    try:
        return call(PIDFD_GETFD, process, descriptor, 0)
    finally:
        os.close(process)
