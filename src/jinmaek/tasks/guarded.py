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
    from collections.abc import Callable, Hashable, Sequence

    from jinmaek.model import Gap, GapKind
    from jinmaek.root import Root

    Target = tuple[Hashable, int]
    """What the caller knows a process by, and its pid."""
    Wanted = Callable[[str, bytes], bool]
    """Whether to read on: the folder of a process, and its first file."""
    Tick = Callable[[int], None]
    """Told every few milliseconds how many targets are left."""

DEADLINE = 0.02
WALK = 2.0
"""Seconds for a read that waits for nobody: page tables of a large process take milliseconds per GiB."""
READERS = 4
TICK = 0.005
CHUNK = 1 << 16
SHORT = 1 << 12
LONG = ("smaps", "maps")
"""Files that come in several reads; of others one that does not fill its buffer is the last."""
HELD, HUGE, BUDGET, NOBODY = "lock held", "page tables too large", "budget used up", "no reader left"
"""``Missed.why`` of what was given up here."""


class Missed:
    """Why the files of one process could not be read; ``why`` in two or three words."""

    __slots__ = ("detail", "kind", "source", "why")

    def __init__(self, kind: GapKind, source: str, detail: str = "", why: str = "") -> None:
        self.kind: GapKind = kind
        self.source = source
        self.detail = detail
        self.why = why or kind

    def gap(self) -> Gap:
        """The same in the words of the model."""
        from jinmaek.model import Gap

        return Gap(self.kind, self.source, self.detail)


class Reading:
    """The files' bytes, or why there are none; when they were asked for (CLOCK_MONOTONIC), how long it took.

    Only the first file's bytes where they told that the others are not wanted.
    """

    __slots__ = ("at", "missed", "texts", "took")

    def __init__(
        self, texts: tuple[bytes, ...], at: float, missed: Missed | None = None, took: float = 0.0
    ) -> None:
        self.texts = texts
        self.at = at
        self.missed = missed
        self.took = took


class _Worker:
    """A reader thread: what it is at and since when, and whether anyone still waits for it."""

    __slots__ = ("at", "ended", "finished", "left", "tid")

    def __init__(self) -> None:
        self.at: tuple[int, float] | None = None
        self.tid = 0
        self.left = False
        self.ended = False
        self.finished = _thread.allocate_lock()
        self.finished.acquire()


class _Pass:
    """One pass over targets: what is still to do, by whom one at a time, and what has come of it."""

    __slots__ = ("done", "jobs", "lock", "targets")

    def __init__(self, targets: Sequence[Target], jobs: deque[int]) -> None:
        self.targets = targets
        self.jobs = jobs
        self.done: list[Reading | None] = [None] * len(targets)
        self.lock = _thread.allocate_lock()
        """Held while a reader takes its next target, and while it is decided to leave it behind."""


class Guard:
    """Reads the same files of many processes, again and again."""

    __slots__ = ("_files", "_readers", "_root", "_stuck", "_tick", "_wanted", "deadline", "walk")

    def __init__(
        self,
        root: Root,
        files: tuple[str, ...],
        *,
        wanted: Wanted | None = None,
        tick: Tick | None = None,
        deadline: float = DEADLINE,
        walk: float = WALK,
        readers: int = READERS,
    ) -> None:
        self._root = root
        self._files = files
        self._wanted = wanted
        self._tick = tick
        self._readers = readers
        self._stuck: dict[Hashable, _Worker] = {}
        self.deadline = deadline
        self.walk = walk

    def read(self, targets: Sequence[Target], budget: float | None = None) -> dict[Hashable, Reading]:
        """The files of each target, read in the order given within ``budget`` seconds; one entry for each."""
        self._stuck = {key: worker for key, worker in self._stuck.items() if not worker.ended}
        waited = dict(self._stuck)
        work = _Pass(targets, deque(n for n, (key, _) in enumerate(targets) if key not in waited))
        why, detail = self._run(work, budget) if work.jobs else ("", "")
        now = time.monotonic()
        read: dict[Hashable, Reading] = {}
        for (key, pid), told in zip(targets, work.done, strict=True):
            if told is not None:
                read[key] = told
            elif key not in waited:
                read[key] = self._given_up(pid, now, why, detail)
            elif (at := waited[key].at) is not None and now - at[1] > self.deadline:
                read[key] = self._given_up(pid, now, HELD, self._held())
            else:
                read[key] = self._given_up(pid, now, BUDGET, "its last reader is not back yet")
        return read

    def _held(self) -> str:
        return f"mmap_lock held > {self.deadline * 1000:g} ms"

    def _given_up(self, pid: int, at: float, why: str, detail: str) -> Reading:
        return Reading((), at, Missed("timed out", f"proc/{pid}/{self._files[0]}", detail, why))

    def _run(self, work: _Pass, budget: float | None) -> tuple[str, str]:
        """Have all jobs done; why those are not that are not."""
        end = None if budget is None else time.monotonic() + budget
        while True:
            if len(self._stuck) >= self._readers:
                return NOBODY, f"all {self._readers} readers wait for a lock"
            worker = _Worker()
            try:
                _thread.start_new_thread(self._work, (work, worker))
            except RuntimeError:
                return NOBODY, "no thread could be started to read it"
            try:
                why = self._watch(work, worker, end)
            finally:
                worker.left = True
            if not why:
                return NOBODY, "its reader ended"
            at = worker.at
            if at is not None:
                key, pid = work.targets[at[0]]
                self._stuck[key] = worker
                if why == HELD:
                    work.done[at[0]] = self._given_up(pid, at[1], why, self._held())
                elif why == HUGE:
                    detail = f"its page tables take > {self.walk:g} s to walk"
                    work.done[at[0]] = self._given_up(pid, at[1], why, detail)
            if why == BUDGET:
                return BUDGET, f"the budget of {budget:g} s is used up"

    def _watch(self, work: _Pass, worker: _Worker, end: float | None) -> str:
        """Why the reader is left behind; nothing when it is done."""
        slept: tuple[int, float] | None = None
        while not worker.finished.acquire(timeout=TICK):
            now = time.monotonic()
            at, why = worker.at, ""
            if at is not None and now - at[1] > self.deadline:
                # Asleep twice in a row: the first may be the moment it waits for the interpreter.
                if asleep(worker.tid):
                    why = HELD if slept is at else ""
                    slept = at
                elif now - at[1] > self.walk:
                    why = HUGE
            if end is not None and now > end:
                why = why or BUDGET
            if why:
                with work.lock:
                    if why == BUDGET or worker.at is at:
                        worker.left = True
                        return why
            if self._tick is not None:
                self._tick(len(work.jobs))
        return ""

    def _work(self, work: _Pass, worker: _Worker) -> None:
        worker.tid = _thread.get_native_id()
        folder, wanted = self._root.path("proc"), self._wanted
        files = [(f"/{name}", name in LONG) for name in self._files]
        clock, lock, jobs, done = time.monotonic, work.lock, work.jobs, work.done
        try:
            while True:
                with lock:
                    if worker.left or not jobs:
                        break
                    n = jobs.popleft()
                    worker.at = (n, clock())
                outcome = _texts(f"{folder}/{work.targets[n][1]}", files, wanted)
                began = worker.at[1]
                # Late is not wrong: it counts where the rest of the pass took long enough.
                if isinstance(outcome, Missed):
                    done[n] = Reading((), began, outcome)
                else:
                    done[n] = Reading(outcome, began, None, clock() - began)
        finally:
            worker.ended = True
            worker.finished.release()


def _texts(
    folder: str, files: Sequence[tuple[str, bool]], wanted: Wanted | None
) -> tuple[bytes, ...] | Missed:
    texts: tuple[bytes, ...] = ()
    for name, is_long in files:
        try:
            file = os.open(folder + name, os.O_RDONLY | os.O_CLOEXEC)
            try:
                size = CHUNK if is_long else SHORT
                text = os.read(file, size)
                if is_long or len(text) == size:
                    parts = [text]
                    while text := os.read(file, CHUNK):
                        parts.append(text)
                    text = b"".join(parts)
            finally:
                os.close(file)
        except OSError as error:
            return _missed(folder, name[1:], error)
        texts = (*texts, text)
        if wanted is not None and len(texts) == 1 and not wanted(folder, text):
            break
    return texts


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
