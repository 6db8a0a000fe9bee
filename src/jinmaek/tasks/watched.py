"""Work in the kernel on behalf of one process that may wait for its mmap_lock, done under a deadline.

``guarded`` reads whole files of many processes; this runs one piece of work about one of them: its page map,
its memory, the program file behind it. The work marks each step before it goes to the kernel. A step asleep
for longer than the deadline leaves the work behind: the wait cannot be called off, and nothing joins it.
"""

from __future__ import annotations

import _thread
import time
from collections.abc import Callable

from jinmaek import procfile
from jinmaek.tasks.guarded import DEADLINE, TICK, Missed, asleep

Mark = Callable[[], None]
"""Called before each step; ends the work when nobody waits for it any more."""


class _LeftBehind(Exception):
    """Nobody waits for this work any more."""


def within(
    source: str, work: Callable[[Mark], None], *, deadline: float = DEADLINE, budget: float
) -> Missed | None:
    """Do the work; why it was not finished, or nothing. What it had done by then it has put where it puts it.

    ``source`` names the file in that answer; ``budget`` is for all of it, in seconds.
    """
    clock = time.monotonic
    at = [clock()]
    left: list[bool] = []
    thread: list[int] = []
    outcome: list[Missed | None] = []
    finished = _thread.allocate_lock()
    finished.acquire()

    def mark() -> None:
        if left:
            raise _LeftBehind
        at[0] = clock()

    def run() -> None:
        thread.append(_thread.get_native_id())
        try:
            work(mark)
            outcome.append(None)
        except procfile.Unreadable as missing:
            outcome.append(Missed(missing.why, source))
        except _LeftBehind:
            pass
        finally:
            finished.release()

    end = at[0] + budget
    _thread.start_new_thread(run, ())
    slept: float | None = None
    while not finished.acquire(timeout=TICK):
        now = clock()
        step = at[0]
        if now - step > deadline and thread and asleep(thread[0]):
            # Asleep twice in a row: the first may be the moment it waits for the interpreter.
            if slept == step:
                left.append(True)
                return Missed("timed out", source, f"mmap_lock held > {deadline * 1000:g} ms")
            slept = step
        if now > end:
            left.append(True)
            return Missed("timed out", source, f"the budget of {budget:g} s is used up")
    return outcome[0] if outcome else Missed("malformed", source, "its reader ended")
