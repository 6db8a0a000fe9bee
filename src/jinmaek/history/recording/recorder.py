"""Recording this host: a sample every interval, whatever happens to the disk, until a signal says stop."""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import time
from contextlib import contextmanager

from jinmaek import __version__
from jinmaek.catalog import tables
from jinmaek.history.recording.notify import notify
from jinmaek.history.recording.pace import Pace
from jinmaek.history.recording.writer import SPAN, Writer, nanoseconds
from jinmaek.kernel.stat import CLK_TCK
from jinmaek.root import LIVE
from jinmaek.sampling import take
from jinmaek.tasks import descriptors
from jinmaek.tasks.choose import Refused, Scanner
from jinmaek.tasks.descriptors import with_descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from jinmaek.sampling import Snapshot
    from jinmaek.tasks.choose import Way

STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


def meta(interval: float, way: str) -> dict[str, Any]:
    """What is said of the host and the recorder at the start of every block."""
    name = os.uname()
    return {
        "host": name.nodename,
        "kernel": name.release,
        "machine": name.machine,
        "page_size": os.sysconf("SC_PAGESIZE"),
        "clk_tck": CLK_TCK,
        "interval": interval,
        "tasks": way,
        "pid": os.getpid(),
        "jinmaek": __version__,
    }


def scanner(way: Way) -> Scanner:
    """The kernel's iterator where it can be used, however few processes there are: it is used for long."""
    if way != "auto":
        return Scanner(LIVE, way)
    try:
        return Scanner(LIVE, "bpf")
    except Refused:
        return Scanner(LIVE, "procfs")


def record(
    folder: str,
    interval: float,
    *,
    way: Way = "auto",
    keep_s: float | None,
    keep_bytes: int | None,
    tell: Callable[[str], None],
    samples: int | None = None,
    seen: Callable[[Snapshot, bool], None] | None = None,
) -> int:
    """Record until SIGTERM, SIGINT or SIGHUP, or so many samples; gives how many were written.

    ``tell`` is told when the disk is full, and when it is not any more; ``seen`` is given every sample, and
    whether it was written. Raises ``folder.Busy``, ``OSError``,
    and ``choose.Refused`` where tasks cannot be read the ``way`` asked for.
    """
    with _signals() as stop, scanner(way) as tasks:
        writer = Writer(folder, meta(interval, tasks.way), keep_s=keep_s, keep_bytes=keep_bytes, apart=True)
        try:
            return _samples(writer, tasks, interval, tell, samples, stop, seen)
        finally:
            notify("STOPPING=1")
            writer.close()


class _Stop:
    """Whether a signal to stop has come."""

    __slots__ = ("_readable", "told")

    def __init__(self, readable: int) -> None:
        self._readable = readable
        self.told = False

    def wait(self, moment: float) -> bool:
        """Wait for a moment of CLOCK_MONOTONIC; whether a signal to stop came first."""
        while not self.told and (left := moment - time.monotonic()) > 0:
            ready, _, _ = select.select([self._readable], [], [], left)
            if ready:
                os.read(self._readable, 4096)
        return self.told


@contextmanager
def _signals() -> Iterator[_Stop]:
    """Signals to stop are noted: they interrupt no write, and what waits for the next sample at once."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    stop = _Stop(readable)

    def note(_: int, __: object) -> None:
        stop.told = True

    was = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, note) for number in STOP}
    try:
        yield stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(was)
        os.close(readable)
        os.close(writable)


def _samples(
    writer: Writer,
    tasks: Scanner,
    interval: float,
    tell: Callable[[str], None],
    most: int | None,
    stop: _Stop,
    seen: Callable[[Snapshot, bool], None] | None,
) -> int:
    pace = Pace(tables(), SPAN)
    # Nothing here makes cycles, and looking for them takes longer than a sample.
    gc.collect()
    gc.freeze()
    gc.disable()
    notify("READY=1")
    done, was_full = 0, False
    moment = time.monotonic()
    while True:
        if writer.beginning or writer.due(time.time()):
            writer.roll("full block")
            pace.restart()
        written = _sample(writer, tasks, pace, seen)
        done += written
        notify("WATCHDOG=1")
        if not written and not was_full and writer.full is not None:
            tell(f"recording pauses: {os.strerror(writer.full.errno or 0)}")
        elif written and was_full:
            tell("recording goes on")
        was_full = not written
        if most is not None and done >= most:
            return done
        writer.work()
        moment = _next(moment, interval)
        if stop.wait(moment):
            return done


def _sample(
    writer: Writer, tasks: Scanner, pace: Pace, seen: Callable[[Snapshot, bool], None] | None
) -> bool:
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    due, scan, costs = pace.due(now), tasks.scan(details=True), {}
    if descriptors.TABLE in due:
        before = scan.cpu_s
        scan = with_descriptors(LIVE, scan)
        costs[descriptors.TABLE] = scan.cpu_s - before
    snapshot = take(LIVE, due, scan)
    clocks = {
        "wall": nanoseconds(snapshot.wall),
        "boottime": nanoseconds(snapshot.monotonic),
        "monotonic": time.monotonic_ns(),
        "cpu": time.process_time_ns() + _children(),
    }
    number, first = writer.number, writer.beginning
    written = writer.add(snapshot, clocks)
    if seen is not None:
        seen(snapshot, written)
    pace.read(now, {**snapshot.cost, **costs}, writer.changed)
    if writer.number != number and not first:
        # The clock was set, or the disk was full: the new block needs every table soon.
        pace.restart()
    return written


def _children() -> int:
    """CPU time of the processes that sealed blocks, in nanoseconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((used.ru_utime + used.ru_stime) * 1e9)


def _next(moment: float, interval: float) -> float:
    """The next moment of a sample: those that are over are not made up for."""
    late = time.monotonic() - moment
    return moment + interval * max(1, int(late / interval) + 1)
