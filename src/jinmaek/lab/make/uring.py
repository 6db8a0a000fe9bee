"""The least of io_uring: one request to read, and waiting for it.

include/uapi/linux/io_uring.h. The rings are mapped together (IORING_FEAT_SINGLE_MMAP, 5.4).
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Callable

from jinmaek.kernel.syscall import call
from jinmaek.lab.sentence import CannotMake

SETUP, ENTER = 425, 426
OFF_SQES = 0x10000000
OP_POLL_ADD = 6
GETEVENTS = 1
POLLIN = 1
SINGLE_MMAP = 1
PARAMS = 120
"""Bytes of struct io_uring_params: 10 words, then the offsets of both rings."""
OFFSETS = 40
"""Where those of the submission ring begin: head, tail, mask, entries, flags, dropped, array."""
SQE = 64


def wait_for_pipe(descriptor: int, ready: Callable[[], None]) -> None:
    """Ask to be told when a descriptor can be read, and wait for that. Raises OSError, ``CannotMake``."""
    params = ctypes.create_string_buffer(PARAMS)
    ring = call(SETUP, 1, params)
    entries, _, _, _, _, features = struct.unpack_from("=6I", params)
    if not features & SINGLE_MMAP:
        raise CannotMake("this kernel has no {path}", path="IORING_FEAT_SINGLE_MMAP")
    tail_at, array_at = struct.unpack_from("=4xI16xI", params, OFFSETS)
    queue = mmap.mmap(ring, array_at + 4 * entries, mmap.MAP_SHARED)
    requests = mmap.mmap(ring, SQE * entries, mmap.MAP_SHARED, offset=OFF_SQES)
    struct.pack_into("=BBHiQQII", requests, 0, OP_POLL_ADD, 0, 0, descriptor, 0, 0, 0, POLLIN)
    struct.pack_into("=I", queue, array_at, 0)
    struct.pack_into("=I", queue, tail_at, 1)
    if call(ENTER, ring, 1, 0, 0, 0, 0) != 1:
        raise CannotMake("a process of the lab failed: {why}", why="io_uring_enter")
    ready()
    call(ENTER, ring, 0, 1, GETEVENTS, 0, 0)
