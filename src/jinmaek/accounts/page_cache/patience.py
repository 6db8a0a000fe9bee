"""Work that may wait for a lock or a sick disk, given a bounded time and then left behind.

The kernel waits killably there, so what is left behind does not outlive the program. The thread is a bare
one, as in ``tasks.guarded``.
"""

from __future__ import annotations

import _thread
import os
from collections.abc import Callable


class LeftBehind(Exception):
    """It did not come back in time."""


def open_within(seconds: float, opened: Callable[[], int]) -> int:
    """A descriptor. Raises OSError, and ``LeftBehind``; one that comes too late is closed."""
    lock = _thread.allocate_lock()
    finished = _thread.allocate_lock()
    finished.acquire()
    came: list[int | OSError] = []
    left: list[bool] = []

    def work() -> None:
        try:
            result: int | OSError = opened()
        except OSError as error:
            result = error
        with lock:
            if left and isinstance(result, int):
                os.close(result)
            came.append(result)
        finished.release()

    try:
        _thread.start_new_thread(work, ())
    except RuntimeError as error:
        raise LeftBehind(str(error)) from None
    if not finished.acquire(timeout=seconds):
        with lock:
            if not came:
                left.append(True)
                raise LeftBehind(f"no answer within {seconds:g} s")
    result = came[0]
    if isinstance(result, OSError):
        raise result
    return result
