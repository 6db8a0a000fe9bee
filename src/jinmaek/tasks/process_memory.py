"""The memory of another process: which of its pages are in RAM, and what they hold. Never stops it.

/proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst) gives 64 bits for each page: bit 63 in RAM, 62
in swap. process_vm_readv(2) copies its memory, /proc/PID/mem does where that call is not there or barred.
Reading a page that is not in RAM would bring it in from swap: ask ``pages`` first and read what is present.
All of it takes the mmap_lock of the process: call it under ``watched``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

from jinmaek.tasks.files import unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinmaek.root import Root
    from jinmaek.tasks.watched import Mark

PAGE = os.sysconf("SC_PAGE_SIZE")
ENTRY = 8
STEP = 4096
"""Pages of one read of pagemap."""
BLOCK = 1 << 18
"""Bytes of one copy."""
PRESENT, SWAPPED = 0x80, 0x40
"""Of a byte of ``pages``: the two highest of the 64 bits of pagemap."""
TOP = ENTRY - 1 if sys.byteorder == "little" else 0

Pages = tuple[int, bytes]
"""An address, and a byte for each page from there on: 0, PRESENT or SWAPPED."""
ONLY = bytes(value & (PRESENT | SWAPPED) for value in range(256))


class _Vector(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


def pages(root: Root, pid: int, ranges: Sequence[tuple[int, int]], found: list[Pages], mark: Mark) -> None:
    """The state of every page of each range (start, end), put into ``found``. Raises ``Unreadable``."""
    path = root.path(f"proc/{pid}/pagemap")
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(error, path) from None
    try:
        for start, end in ranges:
            parts = []
            at, last = start // PAGE, end // PAGE
            while at < last:
                mark()
                data = os.pread(file, min(STEP, last - at) * ENTRY, at * ENTRY)
                if len(data) < ENTRY:
                    break
                parts.append(data[TOP::ENTRY].translate(ONLY))
                at += len(data) // ENTRY
            found.append((start, b"".join(parts)))
    except OSError as error:
        raise unreadable(error, path) from None
    finally:
        os.close(file)


def copy(
    root: Root, pid: int, ranges: Sequence[tuple[int, int]], found: list[tuple[int, bytes]], mark: Mark
) -> None:
    """What is at each (address, size), put into ``found``; what went away meanwhile is left out.

    Raises ``Unreadable``: denied takes the same right as a debugger (ptrace).
    """
    call = _call()
    path = root.path(f"proc/{pid}/mem")
    file = -1
    try:
        for address, size in ranges:
            parts: list[bytes] = []
            at = address
            while at < address + size:
                mark()
                part: bytes | None = None
                want = min(BLOCK, address + size - at)
                if call is not None and file < 0:
                    part = _copied(call, pid, at, want, path)
                if part is None:
                    if file < 0:
                        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                    part = _read(file, at, want)
                parts.append(part)
                if len(part) < want:
                    break
                at += len(part)
            if data := b"".join(parts):
                found.append((address, data))
    except OSError as error:
        raise unreadable(error, path) from None
    finally:
        if file >= 0:
            os.close(file)


def _call() -> ctypes._NamedFuncPointer | None:
    libc = ctypes.CDLL(None, use_errno=True)
    call = getattr(libc, "process_vm_readv", None)
    if call is not None:
        call.restype = ctypes.c_ssize_t
        vector, count = ctypes.POINTER(_Vector), ctypes.c_ulong
        call.argtypes = (ctypes.c_int, vector, count, vector, count, count)
    return call


def _copied(call: ctypes._NamedFuncPointer, pid: int, at: int, size: int, path: str) -> bytes | None:
    """None where the call itself cannot be used."""
    buffer = ctypes.create_string_buffer(size)
    here, there = _Vector(ctypes.addressof(buffer), size), _Vector(at, size)
    count: int = call(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    if count >= 0:
        return buffer.raw[:count]
    number = ctypes.get_errno()
    if number == errno.EFAULT:
        return b""
    if number in (errno.ENOSYS, errno.EPERM):
        return None
    raise unreadable(OSError(number, os.strerror(number), path), path)


def _read(file: int, at: int, size: int) -> bytes:
    try:
        return os.pread(file, size, at)
    except OSError as error:
        if error.errno in (errno.EIO, errno.EFAULT):
            return b""
        raise
