"""Processes of a lab: each has a name of its own, a group of its own, and ends with the lab.

They are forked, not executed: what they do is a function beside the experiment it belongs to.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec

from jinmaek import procfile
from jinmaek.lab import calls
from jinmaek.lab.bench import Bench
from jinmaek.lab.guardian import only
from jinmaek.lab.journal import Group
from jinmaek.lab.sentence import CannotMake, Sentence
from jinmaek.lab.undo import started

P = ParamSpec("P")
FAILED = "failed: "
GO = b"."
TICK = 0.02


class Line:
    """A worker's line to the lab."""

    __slots__ = ("_hearing", "_telling")

    def __init__(self, hearing: int, telling: int) -> None:
        self._hearing = hearing
        self._telling = telling

    def tell(self, text: str) -> None:
        """Say one line to the lab."""
        os.write(self._telling, text.encode() + b"\n")

    def wait(self) -> None:
        """Until the lab says to go on; the process ends where there is no lab any more."""
        if os.read(self._hearing, 1) != GO:
            os._exit(0)


@dataclass(slots=True)
class Worker:
    """A process of the lab, seen from the lab."""

    pid: int
    number: int
    """By which the bench undoes it."""
    _hearing: int
    _telling: int
    _heard: bytes = field(default=b"")

    def hear(self, seconds: float = 30.0) -> str:
        """The next line it tells. Raises ``CannotMake`` where it fails, ends or says nothing so long."""
        end = time.monotonic() + seconds
        while b"\n" not in self._heard:
            ready, _, _ = select.select([self._hearing], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise CannotMake("a process of the lab said nothing for {time:.0f} s", time=seconds)
            more = os.read(self._hearing, 4096)
            if not more:
                raise CannotMake("a process of the lab ended before its work was done")
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        text = line.decode(errors="backslashreplace")
        if text.startswith(FAILED):
            raise CannotMake("a process of the lab failed: {why}", why=text.removeprefix(FAILED))
        return text

    def go_on(self) -> None:
        """Let it leave its next ``wait``. Raises ``CannotMake`` where it has ended."""
        try:
            os.write(self._telling, GO)
        except BrokenPipeError:
            raise CannotMake("a process of the lab ended before its work was done") from None

    def next(self, seconds: float = 30.0) -> str:
        """Let it go on to its next line."""
        self.go_on()
        return self.hear(seconds)

    @property
    def state(self) -> str:
        """The kernel's letter, ``X`` where it is gone."""
        return state(self.pid)


def state(pid: int) -> str:
    """The kernel's letter for a process or thread, ``X`` where there is none."""
    try:
        return procfile.read(f"/proc/{pid}/stat").rpartition(") ")[2][0]
    except procfile.Unreadable:
        return "X"


def start(
    bench: Bench,
    name: str,
    work: Callable[Concatenate[Line, P], None],
    /,
    *args: P.args,
    **named: P.kwargs,
) -> Worker:
    """Start a process that does ``work(line, ...)`` and then ends."""
    return start_in(bench, (), name, work, *args, **named)


def start_in(
    bench: Bench,
    cgroups: Sequence[str],
    name: str,
    work: Callable[Concatenate[Line, P], None],
    /,
    *args: P.args,
    **named: P.kwargs,
) -> Worker:
    """The same inside of cgroups, given by their folders."""
    lab = os.getpid()
    its_ear, mouth = os.pipe()
    ear, its_mouth = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _begin(lab, name, its_ear, its_mouth)
            _do(Line(its_ear, its_mouth), lambda line: work(line, *args, **named))
        finally:
            os._exit(1)
    os.close(its_ear)
    os.close(its_mouth)
    bench.hold(ear)
    bench.hold(mouth)
    os.setpgid(pid, pid)
    worker = Worker(pid, bench.write(Group(pid, started(pid) or 0)), ear, mouth)
    for folder in cgroups:
        with open(f"{folder}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(pid))
    worker.go_on()
    return worker


def _begin(lab: int, name: str, ear: int, mouth: int) -> None:
    """Become a process of its own, and wait until the lab has written it down."""
    os.setpgid(0, 0)
    calls.die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    gc.disable()
    gc.freeze()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    only((ear, mouth))
    calls.set_name(name)
    # Where the kernel must choose a process to kill, let it be one of these.
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")
    if os.read(ear, 1) != GO or os.getppid() != lab:
        os._exit(0)


def _do(line: Line, work: Callable[[Line], None]) -> None:
    """The work; what goes wrong in it is told to the lab."""
    try:
        work(line)
    except OSError as error:
        line.tell(f"{FAILED}{error.strerror or error} {error.filename or ''}".rstrip())
    except (CannotMake, MemoryError, ValueError) as error:
        line.tell(f"{FAILED}{type(error).__name__} {error}".rstrip())
    else:
        os._exit(0)


def until(condition: Callable[[], bool], seconds: float, what: Sentence) -> None:
    """Wait for a condition of the kernel. Raises ``CannotMake`` where it does not come about."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise CannotMake("waited {time:.0f} s in vain for {what}", time=seconds, what=what)
        time.sleep(TICK)
