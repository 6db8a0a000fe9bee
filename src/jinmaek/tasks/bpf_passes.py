"""One pass over all threads, two ways: read like a file from the task iterator, or walked by one program."""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
from array import array
from collections.abc import Callable

from jinmaek.tasks import bpf_calls
from jinmaek.tasks.bpf_calls import Unavailable
from jinmaek.tasks.bpf_record import SIZE
from jinmaek.tasks.bpf_walk import HEAD

MOST = 1 << 15
"""Threads walked in one go: nothing else runs on that CPU meanwhile unless the kernel is preemptible."""
FEWEST = 1024
"""Records there is room for at least."""
COUNTS = struct.Struct("=QQ")


class SeqFile:
    """The program attached to the kernel's task iterator (since 5.8): records by thread id."""

    __slots__ = ("_handles",)

    def __init__(self, function: int, code: bytes) -> None:
        """``function`` is the iterator's BTF id. Raises ``Unavailable``."""
        self._handles = [*bpf_calls.attach(function, code)]

    def fill(self, words: array[int]) -> int:
        """One pass: how many of ``words``, which may grow, hold records now."""
        return bpf_calls.run(self._handles[1], words)

    def close(self) -> None:
        """Detach and unload."""
        while self._handles:
            os.close(self._handles.pop())


class OpenCoded:
    """The program that walks the list of tasks (since 6.7): records in the order of that list."""

    __slots__ = ("_code", "_memory", "_program", "_undo")

    def __init__(self, code: Callable[[int, int], bytes], threads: int) -> None:
        """``code`` makes it for a map and the records that have room there. Raises ``Unavailable``."""
        self._code = code
        self._open(threads)

    def _open(self, threads: int) -> None:
        room = max(FEWEST, threads + threads // 4)
        if threads > MOST:
            raise Unavailable(f"{threads} threads")
        size = HEAD + room * SIZE
        with contextlib.ExitStack() as undo:
            try:
                handle = bpf_calls.make_memory(size)
                undo.callback(os.close, handle)
                self._program = bpf_calls.load(None, self._code(handle, room))
                undo.callback(os.close, self._program)
                self._memory = mmap.mmap(handle, size)
                undo.callback(self._memory.close)
            except OSError as error:
                raise bpf_calls.refused(error) from None
            self._undo = undo.pop_all()

    def fill(self, words: array[int]) -> int:
        """As of ``SeqFile``. Raises ``Unavailable`` where there are too many by now."""
        while True:
            self._memory[:HEAD] = bytes(HEAD)
            try:
                bpf_calls.execute(self._program)
            except OSError as error:
                raise bpf_calls.refused(error) from None
            count, missed = COUNTS.unpack_from(self._memory)
            if not missed:
                break
            self.close()
            self._open(count + missed)
        size: int = count * SIZE
        if size > 8 * len(words):
            words.frombytes(bytes(size - 8 * len(words)))
        with memoryview(words).cast("B") as room, memoryview(self._memory) as memory:
            room[:size] = memory[HEAD : HEAD + size]
        return size // 8

    def close(self) -> None:
        """Unload, and give the memory back."""
        self._undo.close()
