"""Files that take the mmap_lock of their process, read so that one which is held costs 20 ms and no more.

smaps_rollup, smaps, maps and cmdline wait for that lock, and a process stuck in a mapping operation holds
it as long as it is stuck. The wait cannot be called off from within, so a thread does the reading, one
target after the other, and notes which it is at and since when. The caller watches: a reader asleep for
longer than the deadline is left behind, its target is reported, and another reader goes on with the rest.
Readers left behind are few: when all are, nothing more is read until one comes back. The kernel waits
killably, so they do not outlive the program, and nothing joins them at its exit.

The thread is a bare one: ``threading`` costs more to import than fifty processes cost to read.
"""

from __future__ import annotations

import _thread
import os
import time
from collections import deque

from jinmaek.procfile import REASONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from typing import TypeAlias

    from jinmaek.model import Gap, GapKind
    from jinmaek.root import Root

    Target = tuple[Hashable, int]
    """What the caller knows a process by, (pid, start time) where figures are kept, and its pid."""
    Outcome: TypeAlias = "tuple[bytes, ...] | Missed"

DEADLINE = 0.02
WALK = 2.0
"""Seconds for a read that waits for nobody: page tables of a large process take milliseconds per GiB."""
READERS = 4
TICK = 0.005
CHUNK = 1 << 16
LONG = ("smaps", "maps")
"""Files that come in several reads; one read gives the whole of the others, and of cmdline enough."""


class Missed:
    """Why the files of one process could not be read."""

    __slots__ = ("detail", "kind", "source")

    def __init__(self, kind: GapKind, source: str, detail: str = "") -> None:
        self.kind: GapKind = kind
        self.source = source
        self.detail = detail

    def gap(self) -> Gap:
        """The same in the words of the model."""
        from jinmaek.model import Gap

        return Gap(self.kind, self.source, self.detail)


class Reading:
    """The files' bytes, when they were read (CLOCK_MONOTONIC), and why not now where ``missed`` is set.

    A process that was missed keeps the bytes of the last time; ``texts`` is None when there was none.
    """

    __slots__ = ("at", "missed", "texts")

    def __init__(self, texts: tuple[bytes, ...] | None, at: float, missed: Missed | None) -> None:
        self.texts = texts
        self.at = at
        self.missed = missed

    def age(self, now: float) -> float:
        """Seconds since the bytes were read."""
        return now - self.at


class _Worker:
    """A reader thread: what it is at and since when, and whether anyone still waits for it."""

    __slots__ = ("at", "ended", "left", "tid")

    def __init__(self) -> None:
        self.at: tuple[int, float] | None = None
        self.tid = 0
        self.left = False
        self.ended = False


class Guard:
    """Reads the same files of many processes, again and again; holds what it read last."""

    __slots__ = ("_files", "_long", "_readers", "_root", "_stuck", "deadline", "kept", "walk")

    def __init__(
        self,
        root: Root,
        files: tuple[str, ...],
        *,
        deadline: float = DEADLINE,
        walk: float = WALK,
        readers: int = READERS,
        long: tuple[str, ...] = LONG,
    ) -> None:
        self._root = root
        self._files = files
        self._long = long
        self._readers = readers
        self._stuck: dict[Hashable, _Worker] = {}
        self.deadline = deadline
        self.walk = walk
        self.kept: dict[Hashable, Reading] = {}

    def read(self, targets: Sequence[Target], budget: float | None = None) -> dict[Hashable, Reading]:
        """The files of each target, read in the order given within ``budget`` seconds; one entry for each."""
        self._stuck = {key: worker for key, worker in self._stuck.items() if not worker.ended}
        done: list[tuple[float, Outcome] | None] = [None] * len(targets)
        jobs = deque(n for n, (key, _) in enumerate(targets) if key not in self._stuck)
        rest = self._run(targets, jobs, done, budget) if jobs else ""
        held = f"mmap_lock held > {self.deadline * 1000:g} ms"
        now = time.monotonic()
        self.kept = {
            key: self._reading(
                key,
                done[n]
                or (now, Missed("timed out", self._source(pid), held if key in self._stuck else rest)),
            )
            for n, (key, pid) in enumerate(targets)
        }
        return self.kept

    def _reading(self, key: Hashable, told: tuple[float, Outcome]) -> Reading:
        at, outcome = told
        if not isinstance(outcome, Missed):
            return Reading(outcome, at, None)
        last = self.kept.get(key)
        return Reading(last.texts, last.at, outcome) if last else Reading(None, at, outcome)

    def _run(
        self,
        targets: Sequence[Target],
        jobs: deque[int],
        done: list[tuple[float, Outcome] | None],
        budget: float | None,
    ) -> str:
        """Have all jobs done, or say why the rest is not."""
        claims = dict.fromkeys(jobs)
        end = None if budget is None else time.monotonic() + budget
        while True:
            if len(self._stuck) >= self._readers:
                return f"all {self._readers} readers wait for a lock"
            worker = _Worker()
            finished = _thread.allocate_lock()
            finished.acquire()
            try:
                _thread.start_new_thread(self._work, (worker, targets, jobs, claims, done, finished))
            except RuntimeError:
                return "no thread could be started to read it"
            why = self._watch(worker, finished, end)
            if why is None:
                return "its reader ended"
            worker.left = True
            at = worker.at
            # Whoever takes the claim off the list has the word on that target.
            if at is not None and claims.pop(at[0], False) is None:
                key, pid = targets[at[0]]
                self._stuck[key] = worker
                if why:
                    done[at[0]] = (at[1], Missed("timed out", self._source(pid), why))
            if not why:
                jobs.clear()
                return f"the budget of {budget:g} s is used up"

    def _watch(self, worker: _Worker, finished: _thread.LockType, end: float | None) -> str | None:
        """None when the reader is done; why its target is given up; nothing when time is up."""
        slept: tuple[int, float] | None = None
        while not finished.acquire(timeout=TICK):
            now = time.monotonic()
            at = worker.at
            if at is not None and now - at[1] > self.deadline:
                # Asleep twice in a row: the first may be the moment it waits for the interpreter.
                if asleep(worker.tid):
                    if slept is at:
                        return f"mmap_lock held > {self.deadline * 1000:g} ms"
                    slept = at
                elif now - at[1] > self.walk:
                    return f"its page tables take > {self.walk:g} s to walk"
            if end is not None and now > end:
                return ""
        return None

    def _work(
        self,
        worker: _Worker,
        targets: Sequence[Target],
        jobs: deque[int],
        claims: dict[int, None],
        done: list[tuple[float, Outcome] | None],
        finished: _thread.LockType,
    ) -> None:
        worker.tid = _thread.get_native_id()
        folder = self._root.path("proc")
        files = [(name, name in self._long) for name in self._files]
        clock = time.monotonic
        try:
            while jobs and not worker.left:
                try:
                    n = jobs.popleft()
                except IndexError:
                    break
                began = clock()
                worker.at = (n, began)
                outcome = _texts(f"{folder}/{targets[n][1]}", files)
                mine = claims.pop(n, False) is None
                # Late is not wrong: it counts where the rest of the pass took long enough.
                done[n] = (began, outcome)
                if not mine:
                    break
        finally:
            worker.ended = True
            finished.release()

    def _source(self, pid: int) -> str:
        return f"proc/{pid}/{self._files[0]}"


def _texts(folder: str, files: Sequence[tuple[str, bool]]) -> Outcome:
    texts: list[bytes] = []
    for name, is_long in files:
        try:
            file = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                text = os.read(file, CHUNK if is_long else 4096)
                if is_long and text:
                    parts = [text]
                    while text := os.read(file, CHUNK):
                        parts.append(text)
                    text = b"".join(parts)
            finally:
                os.close(file)
        except OSError as error:
            return _missed(folder, name, error)
        texts.append(text)
    return tuple(texts)


def _missed(folder: str, name: str, error: OSError) -> Missed:
    source = f"proc/{folder.rpartition('/')[2]}/{name}"
    kind: GapKind | None = REASONS.get(error.errno or 0)
    if kind == "absent" and not os.path.exists(folder):
        kind = "gone"
    return Missed(kind or "malformed", source, "" if kind else error.strerror or str(error))


def asleep(tid: int) -> bool:
    """Whether a thread of our own waits; one that walks page tables, or waits for a CPU, does not."""
    try:
        with open(f"/proc/self/task/{tid}/stat", "rb", buffering=0) as file:
            return file.read(512).rpartition(b") ")[2][:1] in (b"S", b"D")
    except OSError:
        return False
