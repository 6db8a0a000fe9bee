"""Which block devices hold the Buffers of meminfo.

Buffers is the page cache of block devices: a device loses it when the last one who has it open closes it, so
only devices that are mounted or that a process has open can have any. Such a device is in use: to open it
once more for reading changes nothing, and closing it is not the last close.
"""

from __future__ import annotations

import os
import stat
from functools import partial

from jinmaek import procfile
from jinmaek.accounts.page_cache.account import BlockDevice
from jinmaek.accounts.page_cache.patience import LeftBehind, open_within
from jinmaek.accounts.page_cache.search import READ, Search
from jinmaek.kernel.cachestat import cachestat
from jinmaek.kernel.statx import statx

PATIENCE = 2.0
"""Seconds: a SCSI disk in error recovery keeps whoever opens it waiting (sd_open)."""


def look(search: Search) -> tuple[BlockDevice, ...]:
    """Each device in use, most cached first; nothing where only mincore(2) can be asked."""
    if search.way.name != "cachestat":
        return ()
    mounted = (mount.device for mount in search.systems.by_id.values())
    numbers = dict.fromkeys([*search.devices, *(device for device in mounted if os.major(device))])
    found = []
    for number in numbers:
        if search.over():
            search.skip("devices", "out of time", f"{os.major(number)}:{os.minor(number)}")
        elif (device := _one(search, number)) is not None:
            found.append(device)
    return tuple(sorted(found, key=lambda device: -device.told.nr_cache))


def _one(search: Search, number: int) -> BlockDevice | None:
    path = _node(number)
    if path is None:
        search.skip("devices", "unknown file system", f"{os.major(number)}:{os.minor(number)}")
        return None
    try:
        descriptor = open_within(PATIENCE, partial(_opened, path, number))
    except LeftBehind:
        search.skip("devices", "error", path, detail=f"no answer within {PATIENCE:g} s")
        return None
    except OSError as error:
        search.refused("devices", error, path)
        return None
    try:
        return BlockDevice(path, cachestat(descriptor))
    except OSError as error:
        search.refused("devices", error, path)
        return None
    finally:
        os.close(descriptor)


def _node(number: int) -> str | None:
    """The name the kernel gives the device."""
    try:
        text = procfile.read(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/uevent")
    except procfile.Unreadable:
        return None
    told = dict(line.partition("=")[::2] for line in text.splitlines())
    return f"/dev/{told['DEVNAME']}" if told.get("DEVNAME") else None


def _opened(path: str, number: int) -> int:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        file = statx(handle)
        if not stat.S_ISBLK(file.mode) or file.rdev != number:
            raise FileNotFoundError(2, "another device is there now", path)
        return os.open(f"/proc/self/fd/{handle}", READ)
    finally:
        os.close(handle)
