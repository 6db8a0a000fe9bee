"""Files, block devices, file systems and swap of a lab, all in its folder."""

from __future__ import annotations

import itertools
import os
import shutil
import struct
import time

from jinmaek.lab import calls
from jinmaek.lab.bench import Bench
from jinmaek.lab.journal import Frozen, Group, Mount, Swap
from jinmaek.lab.make.reading import fill, forget
from jinmaek.lab.sentence import CannotMake
from jinmaek.lab.undo import kill, started

PAGE = os.sysconf("SC_PAGE_SIZE")
TOOLS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_counter = itertools.count()


def _new(bench: Bench, kind: str) -> str:
    return f"{bench.folder}/{kind}-{next(_counter)}"


def written_file(bench: Bench, size: int) -> str:
    """A file of ``size`` bytes on disk and out of the page cache."""
    path = _new(bench, "file")
    _checked_space(bench, size)
    fill(path, size)
    forget(path)
    return path


def sparse_file(bench: Bench, size: int) -> str:
    """A file of ``size`` bytes that takes no disk: reading it fills the page cache with zeros."""
    path = _new(bench, "hole")
    with open(path, "wb") as file:
        file.truncate(size)
    return path


def reserved_file(bench: Bench, size: int) -> str:
    """A file whose blocks are all there, for a device over it."""
    path = _new(bench, "image")
    _checked_space(bench, size)
    with open(path, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    return path


def _checked_space(bench: Bench, size: int) -> None:
    told = os.statvfs(bench.folder)
    if told.f_bavail * told.f_frsize < 2 * size:
        raise CannotMake("too little disk is free at {folder}", folder=bench.folder)


def block_device(bench: Bench, size: int) -> str:
    """A block device over a file of its own."""
    return _device_over(bench, reserved_file(bench, size), direct=False)


def device_on(bench: Bench, device: str) -> str:
    """A block device over another: what is slow below is slow here, and counted here."""
    return _device_over(bench, device, direct=True)


def _device_over(bench: Bench, image: str, *, direct: bool) -> str:
    try:
        path, descriptor = calls.loop_device(image, direct=direct)
    except OSError as error:
        raise CannotMake("there is no loop device to be had: {why}", why=error.strerror) from None
    bench.hold(descriptor)
    return path


def ext4(bench: Bench, size: int, *, options: str = "") -> tuple[str, str]:
    """A mounted ext4 on a block device of its own; the folder, and the device."""
    image = ext4_image(bench, size)
    target, device, _ = mounted(bench, image, options=options)
    return target, device


def ext4_image(bench: Bench, size: int) -> str:
    """A file that holds an ext4."""
    image = reserved_file(bench, size)
    run_tool(bench, "mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
    return image


def mounted(bench: Bench, image: str, *, options: str = "") -> tuple[str, str, int]:
    """An image of an ext4 mounted; the folder, the device, and the number by which to undo it."""
    target = _new(bench, "mounted")
    os.mkdir(target, 0o700)
    try:
        device, descriptor = calls.loop_device(image)
    except OSError as error:
        raise CannotMake("there is no loop device to be had: {why}", why=error.strerror) from None
    number = _mounted(bench, device, target, "ext4", options)
    os.close(descriptor)
    return target, device, number


def tmpfs(bench: Bench, size: int) -> str:
    """A mounted tmpfs that may hold ``size`` bytes; its folder."""
    target = _new(bench, "tmpfs")
    os.mkdir(target, 0o700)
    _mounted(bench, "jinmaek-lab", target, "tmpfs", f"size={size},mode=0700")
    return target


def _mounted(bench: Bench, source: str, target: str, kind: str, options: str) -> int:
    number = bench.write(Mount(target))
    try:
        calls.mount(source, target, kind, options)
    except OSError as error:
        raise CannotMake("{kind} cannot be mounted: {why}", kind=kind, why=error.strerror) from None
    return number


def frozen(bench: Bench, target: str) -> int:
    """Let nobody write to a file system of the lab until the number given back is undone."""
    if os.stat(target).st_dev == os.stat(bench.folder).st_dev:
        raise CannotMake("{path} is no file system of its own", path=target)
    number = bench.write(Frozen(target))
    try:
        calls.freeze(target)
    except OSError as error:
        raise CannotMake("{path} cannot be frozen: {why}", path=target, why=error.strerror) from None
    return number


def swap_file(bench: Bench, size: int) -> tuple[str, int]:
    """A swap file in use, and the number by which to undo it."""
    path = reserved_file(bench, size)
    os.chmod(path, 0o600)
    with open(path, "r+b", buffering=0) as file:
        file.write(swap_header(size))
        os.fsync(file.fileno())
    number = bench.write(Swap(path))
    try:
        calls.swapon(path)
    except OSError as error:
        raise CannotMake(
            "no file in {folder} can be swap: {why}", folder=bench.folder, why=error.strerror
        ) from None
    return path, number


def swap_header(size: int) -> bytes:
    """The first page of a swap area: union swap_header of linux/swap.h, as mkswap writes it."""
    head = bytearray(PAGE)
    struct.pack_into("=III", head, 1024, 1, size // PAGE - 1, 0)
    head[-10:] = b"SWAPSPACE2"
    return bytes(head)


def run_tool(bench: Bench, name: str, *args: str, seconds: float = 30.0, out: str = os.devnull) -> None:
    """Run a program to its end. Raises ``CannotMake`` where it is missing or fails."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{TOOLS}")
    if path is None:
        raise CannotMake("{tool} is not installed", tool=name)
    away = [(os.POSIX_SPAWN_OPEN, standard, os.devnull, os.O_RDWR, 0) for standard in (0, 2)]
    away.append((os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT, 0o600))
    pid = os.posix_spawn(path, [name, *args], {"PATH": TOOLS}, file_actions=away, setpgroup=0)
    number = bench.write(Group(pid, started(pid) or 0))
    end = time.monotonic() + seconds
    while (told := os.waitpid(pid, os.WNOHANG))[0] == 0:
        if time.monotonic() > end:
            kill(pid)
            os.waitpid(pid, 0)
            raise CannotMake("{tool} took more than {time:.0f} s", tool=name, time=seconds)
        time.sleep(0.01)
    bench.undo(number)
    if told[1] != 0:
        raise CannotMake(
            "{tool} failed with status {status}", tool=name, status=os.waitstatus_to_exitcode(told[1])
        )
