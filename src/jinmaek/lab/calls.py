"""The system calls by which conditions are made and undone, that Python has no name for.

Each raises ``OSError``. Numbers of ioctls are those of x86, ARM, RISC-V and s390 (asm-generic/ioctl.h).
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from fcntl import ioctl

from jinmaek.kernel.syscall import failed, libc

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
MNT_DETACH = 2
FIFREEZE, FITHAW = 0xC0045877, 0xC0045878
LOOP_SET_FD, LOOP_CLR_FD, LOOP_SET_STATUS64, LOOP_GET_STATUS64 = 0x4C00, 0x4C01, 0x4C04, 0x4C05
LOOP_SET_DIRECT_IO = 0x4C08
LOOP_CTL_GET_FREE = 0x4C82
LO_FLAGS_AUTOCLEAR = 4
LOOP_INFO = struct.Struct("=QQQQQIIII64s64s32sQQ")
"""struct loop_info64 of linux/loop.h."""
FLAGS_AT = 8
"""The place of ``lo_flags`` in it."""
PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207


def _prctl(option: int, value: int | bytes) -> None:
    if libc().prctl(option, value, 0, 0, 0) != 0:
        raise failed()


def set_name(name: str) -> None:
    """The name of this thread in /proc/PID/comm, cut to 15 bytes by the kernel."""
    _prctl(PR_SET_NAME, name.encode())


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that made it ends."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def swapon(path: str) -> None:
    if libc().swapon(path.encode(), 0) != 0:
        raise failed(path)


def swapoff(path: str) -> None:
    """Bring back all that is in it and stop using it; as slow as what is in it is much."""
    if libc().swapoff(path.encode()) != 0:
        raise failed(path)


def mount(source: str, target: str, kind: str, options: str = "", flags: int = 0) -> None:
    words = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    if libc().mount(*words) != 0:
        raise failed(target)


def umount(target: str, flags: int = 0) -> None:
    if libc().umount2(target.encode(), flags) != 0:
        raise failed(target)


def freeze(folder: str) -> None:
    """Stop all writing to the file system a folder is on, until ``thaw``."""
    _on_folder(folder, FIFREEZE)


def thaw(folder: str) -> None:
    _on_folder(folder, FITHAW)


def _on_folder(folder: str, request: int) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        ioctl(opened, request, 0)
    finally:
        os.close(opened)


def loop_device(image: str, *, direct: bool = False) -> tuple[str, int]:
    """A block device over a file, and the descriptor that keeps it: the device goes with its last user.

    ``direct`` asks the file for each request, past the page cache.
    """
    with open("/dev/loop-control", "rb", buffering=0) as control:
        number = ioctl(control, LOOP_CTL_GET_FREE)
    path = f"/dev/loop{number}"
    backing = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            ioctl(device, LOOP_SET_FD, backing)
            told = list(LOOP_INFO.unpack(ioctl(device, LOOP_GET_STATUS64, bytes(LOOP_INFO.size))))
            told[FLAGS_AT] |= LO_FLAGS_AUTOCLEAR
            ioctl(device, LOOP_SET_STATUS64, LOOP_INFO.pack(*told))
            if direct:
                ioctl(device, LOOP_SET_DIRECT_IO, 1)
        except BaseException:
            os.close(device)
            raise
    finally:
        os.close(backing)
    return path, device


def attach(pid: int) -> None:
    """Trace another process, as strace does; nothing happens to it yet."""
    _ptrace(PTRACE_SEIZE, pid)


def interrupt(pid: int) -> None:
    """Hold a traced process; it goes on when its tracer ends."""
    _ptrace(PTRACE_INTERRUPT, pid)


def _ptrace(request: int, pid: int) -> None:
    if libc().ptrace(ctypes.c_long(request), ctypes.c_long(pid), None, None) < 0:
        raise failed()
