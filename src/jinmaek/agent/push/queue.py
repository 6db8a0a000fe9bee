"""What is not sent yet, in files: bounded by bytes and age, and there again after a restart.

lock                                   held by the agent that fills and empties it
00000001764151200000-1482.batch        the body of one request: milliseconds since the epoch, and its samples

A batch is written beside and renamed, so it is whole or not there. It is not forced to the disk: after a
loss of power the last of them may be missing or empty, which is counted as dropped. Files are for their
owner alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal

SUFFIX, LOCK, BESIDE = ".batch", "lock", "beside"
NAME = re.compile(r"(\d{20})-(\d+)\.batch")

Reason = Literal["full", "old", "refused", "disk"]
"""Why samples were dropped: no room, too late to be of use, not taken there, not kept by the disk."""
REASONS: tuple[Reason, ...] = ("full", "old", "refused", "disk")


class Busy(Exception):
    """Another agent fills this queue."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One request that waits."""

    name: str
    time: float
    """Of its samples, seconds since the epoch."""
    samples: int
    bytes: int


class Queue:
    """The batches of one folder, oldest first. May be used by several threads.

    Raises ``Busy`` where another agent uses the folder, ``OSError`` where nobody may.
    """

    def __init__(self, folder: str, *, most_bytes: int, oldest: float) -> None:
        self.folder = folder
        self.dropped: Counter[Reason] = Counter(dict.fromkeys(REASONS, 0))
        """Samples, by why."""
        self._most, self._oldest = most_bytes, oldest
        self._lock = threading.Lock()
        self._held = _hold(folder)
        self._batches = deque(_found(folder))
        self._last = int(self._batches[-1].name[:20]) if self._batches else 0

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def size(self) -> int:
        """Bytes of all batches."""
        with self._lock:
            return sum(one.bytes for one in self._batches)

    @property
    def samples(self) -> int:
        """Samples of all batches."""
        with self._lock:
            return sum(one.samples for one in self._batches)

    @property
    def oldest(self) -> float | None:
        """When the samples that have waited longest were taken, since the epoch; None where none wait."""
        with self._lock:
            return self._batches[0].time if self._batches else None

    def put(self, body: bytes, samples: int, time: float) -> OSError | None:
        """Add a batch of that time; gives why it could not be kept, where the disk did not take it."""
        with self._lock:
            self._last = max(self._last + 1, round(time * 1000))
            batch = Batch(f"{self._last:020d}-{samples}{SUFFIX}", time, samples, len(body))
            try:
                _write(self.folder, batch.name, body)
            except OSError as error:
                self.dropped["disk"] += samples
                with contextlib.suppress(OSError):
                    os.unlink(f"{self.folder}/{BESIDE}")  # half of it would keep the space from others
                return error
            self._batches.append(batch)
            self._bound(time)
        return None

    def first(self, now: float) -> tuple[Batch, bytes] | None:
        """The oldest batch with its body, once what is too old is dropped; None where none waits."""
        with self._lock:
            self._bound(now)
            while self._batches:
                batch = self._batches[0]
                try:
                    with open(f"{self.folder}/{batch.name}", "rb") as file:
                        body = file.read()
                except FileNotFoundError:
                    body = b""
                if len(body) == batch.bytes and body:
                    return batch, body
                self._drop("disk")
        return None

    def done(self, batch: Batch) -> None:
        """It was sent: forget it."""
        with self._lock:
            if self._batches and self._batches[0] is batch:
                self._remove(self._batches.popleft())

    def refuse(self, batch: Batch, samples: int | None = None) -> None:
        """Who it is for does not take it, or so many samples of it: forget it and count them."""
        self.dropped["refused"] += batch.samples if samples is None else samples
        self.done(batch)

    def close(self) -> None:
        """Let another agent use the folder."""
        os.close(self._held)

    def _bound(self, now: float) -> None:
        while self._batches and now - self._batches[0].time > self._oldest:
            self._drop("old")
        left = sum(one.bytes for one in self._batches)
        while left > self._most and len(self._batches) > 1:
            left -= self._batches[0].bytes
            self._drop("full")

    def _drop(self, why: Reason) -> None:
        batch = self._batches.popleft()
        self.dropped[why] += batch.samples
        self._remove(batch)

    def _remove(self, batch: Batch) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.folder}/{batch.name}")


def _hold(folder: str) -> int:
    os.makedirs(folder, 0o700, exist_ok=True)
    file = os.open(f"{folder}/{LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise Busy(folder) from None
    return file


def _found(folder: str) -> list[Batch]:
    """What an earlier agent left."""
    batches = []
    for name in sorted(os.listdir(folder)):
        known = NAME.fullmatch(name)
        if known:
            size = os.stat(f"{folder}/{name}").st_size
            batches.append(Batch(name, int(known[1]) / 1000, int(known[2]), size))
    return batches


def _write(folder: str, name: str, body: bytes) -> None:
    beside = f"{folder}/{BESIDE}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(beside, flags, 0o600)
    try:
        left = memoryview(body)
        while left:
            left = left[os.write(file, left) :]
    finally:
        os.close(file)
    os.rename(beside, f"{folder}/{name}")
