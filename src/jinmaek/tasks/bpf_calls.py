"""bpf(2) through ctypes: load a program, attach it to an iterator and read that, or run it. No libbpf."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from array import array
from collections.abc import Iterator
from functools import cache

NUMBERS = {"x86_64": 321, "aarch64": 280}
MAP_CREATE, PROG_LOAD, TEST_RUN, LINK_CREATE, ITER_CREATE = 0, 5, 10, 28, 33
TRACING, SYSCALL, TRACE_ITER = 26, 31, 28
SLEEPABLE, MMAPABLE = 1 << 4, 1 << 10
ARRAY, PERCPU_ARRAY = 2, 6
LICENCE = b"Dual MIT/GPL"
"""bpf_seq_write is for programs of a licence compatible with the GPL."""
MAP = struct.Struct("=IIIII")
LOAD = struct.Struct("=IIQQIIQII16sIIIIQIIQIII4x")
RUN = struct.Struct("=I76x")
LINK = struct.Struct("=IIII")
ITER = struct.Struct("=II")
LOG = 1 << 20
TOLD = 300
"""Characters worth showing of the verifier's last words, or of its report where it writes one (7.3)."""
REPORT = "Verification failed: "
ROOM = 1 << 15
"""What the kernel hands out in one read at most (kernel/bpf/bpf_iter.c: eight pages)."""
MEANING = {
    errno.EPERM: ": needs root, or CAP_BPF and CAP_PERFMON",
    errno.ENOSYS: ": not in this kernel, or forbidden by a seccomp filter",
    errno.ENOMEM: "",
    errno.EMFILE: "",
    errno.ENFILE: "",
}
"""Errors that have nothing to do with the program itself."""
SEALED = ("unknown func bpf_probe_read_kernel", "cannot use helper bpf_probe_read_kernel")
"""What older and newer verifiers say of a helper that kernel_lockdown(7) takes away even from root."""


class Unavailable(Exception):
    """Why this kernel, or this user, has no task iterator."""


def attach(function: int, code: bytes) -> tuple[int, int]:
    """Load a program for the iterator ``function`` (its BTF id): descriptors of the program and its link.

    Raises ``Unavailable`` and then leaves nothing.
    """
    with contextlib.ExitStack() as undo:
        try:
            program = load(function, code)
            undo.callback(os.close, program)
            link = call(LINK_CREATE, LINK.pack(program, 0, TRACE_ITER, 0))
            undo.callback(os.close, link)
            # The kernel may still refuse to run it.
            os.close(call(ITER_CREATE, ITER.pack(link, 0)))
        except OSError as error:
            raise refused(error) from None
        undo.pop_all()
        return program, link


def run(link: int, words: array[int]) -> int:
    """One pass of the program: how many 64-bit words it wrote to ``words``, which may grow."""
    handle = call(ITER_CREATE, ITER.pack(link, 0))
    filled = 0
    try:
        while True:
            if 8 * len(words) - filled < ROOM:
                words.frombytes(bytes(max(ROOM, 8 * len(words))))
            with memoryview(words).cast("B") as room:
                while len(room) - filled >= ROOM:
                    got = os.readv(handle, [room[filled : filled + ROOM]])
                    if got == 0:
                        return filled // 8
                    filled += got
    finally:
        os.close(handle)


def make_map() -> int:
    """The descriptor of a map of one word for each CPU."""
    return call(MAP_CREATE, MAP.pack(PERCPU_ARRAY, 4, 8, 1, 0))


def make_memory(size: int) -> int:
    """The descriptor of so many bytes that a program writes and mmap(2) shows (since 5.5)."""
    return call(MAP_CREATE, MAP.pack(ARRAY, 4, size, 1, MMAPABLE))


def execute(program: int) -> None:
    """Let the kernel run a program that is attached to nothing, once (since 5.14)."""
    call(TEST_RUN, RUN.pack(program))


def refused(error: OSError) -> Unavailable:
    number = error.errno or 0
    return Unavailable(f"bpf(2): {os.strerror(number)}{MEANING.get(number, '')}")


def call(command: int, attributes: bytes) -> int:
    """A descriptor, closed on exec by the kernel's own doing. Raises OSError."""
    libc, number = _libc()
    # The kernel writes to it what a program returned.
    given = ctypes.create_string_buffer(attributes, len(attributes))
    words = (number, command, given, len(attributes))
    result = int(libc.syscall(*(ctypes.c_long(word) if isinstance(word, int) else word for word in words)))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


@cache
def _libc() -> tuple[ctypes.CDLL, int]:
    number = NUMBERS.get(platform.machine())
    if number is None or sys.byteorder != "little" or struct.calcsize("P") != 8:
        raise Unavailable(f"not known for {platform.machine()}")
    return ctypes.CDLL(None, use_errno=True), number


def load(function: int | None, code: bytes) -> int:
    """The descriptor of a program for an iterator, or to ``execute``. Raises OSError, ``Unavailable``."""
    quiet = _attributes(function, code, None)
    try:
        return call(PROG_LOAD, quiet)
    except OSError as error:
        if error.errno == errno.EPERM:
            with _may_lock():
                return call(PROG_LOAD, quiet)
        if error.errno in MEANING:
            raise
    # Once more, to hear why.
    log = ctypes.create_string_buffer(LOG)
    try:
        return call(PROG_LOAD, _attributes(function, code, log))
    except OSError as error:
        said = " ".join(log.value.decode("utf-8", "backslashreplace").split())
        if any(words in said for words in SEALED):
            raise Unavailable(f"{os.strerror(errno.EPERM)}: lockdown=confidentiality") from None
        said = said[said.index(REPORT) :][:TOLD] if REPORT in said else said[-TOLD:]
        source = "the verifier" if said else "bpf(2)"
        raise Unavailable(": ".join(filter(None, (source, os.strerror(error.errno or 0), said)))) from None


@contextlib.contextmanager
def _may_lock() -> Iterator[None]:
    """Without the limit of locked memory, if this process may lift it: programs count to it before 5.11."""
    limits = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_MEMLOCK, limits)


def _attributes(function: int | None, code: bytes, log: ctypes.Array[ctypes.c_char] | None) -> bytes:
    """``union bpf_attr`` of BPF_PROG_LOAD. The addresses are of bytes the caller holds meanwhile."""
    level, room, place = (0, 0, 0) if log is None else (1, LOG, ctypes.addressof(log))
    name = b"jinmaek_tasks"
    kind, flags, attach = (SYSCALL, SLEEPABLE, 0) if function is None else (TRACING, 0, TRACE_ITER)
    source = (kind, len(code) // 8, _address(code), _address(LICENCE), level, room, place)
    return LOAD.pack(*source, 0, flags, name, 0, attach, 0, 0, 0, 0, 0, 0, 0, function or 0, 0)


def _address(data: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
