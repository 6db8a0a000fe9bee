"""Cgroups with a limit, of version 2 where the controller is there, else of version 1."""

from __future__ import annotations

import errno
import os
import time
from typing import Literal

from jinmaek import procfile
from jinmaek.lab.bench import Bench
from jinmaek.lab.journal import Cgroup, Knob
from jinmaek.lab.sentence import CannotMake

TOP = "/sys/fs/cgroup"
UNLIMITED = "max"
RECLAIMS = 50
PERIOD = 100_000
"""Microseconds of a CPU quota's period, the kernel's default."""

Controller = Literal["memory", "cpu", "pids", "io", "freezer"]
Throttle = Literal["read_iops", "write_iops", "read_bps", "write_bps"]
V1_NAMES = {"io": "blkio"}


def version(controller: Controller) -> int | None:
    """Which version of cgroups has this controller here; None where neither has."""
    if controller in _enabled():
        return 2
    name = V1_NAMES.get(controller, controller)
    return 1 if os.path.isfile(f"{TOP}/{name}/cgroup.procs") else None


def _enabled() -> list[str]:
    try:
        told = procfile.read(f"{TOP}/cgroup.subtree_control").split()
    except procfile.Unreadable:
        return []
    # Freezing is a file of every group of version 2, not a controller.
    return [*told, "freezer"]


def cgroup(bench: Bench, controller: Controller, settings: dict[str, str]) -> str:
    """A new group with these settings, by file names of its version; its folder."""
    found = version(controller)
    if found is None:
        raise CannotMake("there is no {name} controller of cgroups here", name=controller)
    parent = TOP if found == 2 else f"{TOP}/{V1_NAMES.get(controller, controller)}"
    folder = f"{parent}/jinmaek-lab-{os.path.basename(bench.folder)}"
    while os.path.exists(folder):
        folder += "x"
    bench.write(Cgroup(folder))
    try:
        os.mkdir(folder)
        for name, value in settings.items():
            put(f"{folder}/{name}", value)
    except OSError as error:
        raise CannotMake("{path}: {why}", path=error.filename or folder, why=error.strerror) from None
    return folder


def put(path: str, value: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def memory(bench: Bench, limit: int, *, swap: bool = True, swappiness: int | None = None) -> str:
    """A group that may hold ``limit`` bytes of memory; without ``swap`` none of it may leave for swap.

    ``swappiness`` of its own is to be had in version 1 only. Raises ``CannotMake``.
    """
    if version("memory") == 2:
        if swappiness is not None:
            raise CannotMake("only cgroups of version 1 have a swappiness of their own")
        return cgroup(
            bench, "memory", {"memory.max": str(limit)} | ({} if swap else {"memory.swap.max": "0"})
        )
    settings = {"memory.limit_in_bytes": str(limit)}
    if not swap:
        # Swap is counted only where swapaccount is on; without it this is the way to forbid it.
        settings["memory.swappiness"] = "0"
    elif swappiness is not None:
        settings["memory.swappiness"] = str(swappiness)
    return cgroup(bench, "memory", settings)


def set_memory(folder: str, limit: int) -> None:
    """Give a memory group another limit."""
    name = "memory.max" if os.path.exists(f"{folder}/memory.max") else "memory.limit_in_bytes"
    for attempt in range(RECLAIMS):
        try:
            put(f"{folder}/{name}", str(limit))
        except OSError as error:
            # Version 1 reclaims a few times for a lower limit, and gives up where that was not enough.
            if error.errno != errno.EBUSY or attempt == RECLAIMS - 1:
                raise CannotMake("{path}: {why}", path=name, why=error.strerror) from None
            time.sleep(0.05)
        else:
            return


def cpu(bench: Bench, share: float) -> str:
    """A group that may use ``share`` CPUs."""
    quota = int(share * PERIOD)
    if version("cpu") == 2:
        return cgroup(bench, "cpu", {"cpu.max": f"{quota} {PERIOD}"})
    return cgroup(bench, "cpu", {"cpu.cfs_period_us": str(PERIOD), "cpu.cfs_quota_us": str(quota)})


def pids(bench: Bench, limit: int) -> str:
    """A group of at most so many threads."""
    return cgroup(bench, "pids", {"pids.max": str(limit)})


def slow_disk(bench: Bench, device: str, *, reads: int | None = None, writes: int | None = None) -> str:
    """A group that may do so many requests a second on a block device."""
    number = os.stat(device).st_rdev
    name = f"{os.major(number)}:{os.minor(number)}"
    asked = {"read": reads, "write": writes}
    if version("io") == 2:
        words = [f"{way[0]}iops={rate}" for way, rate in asked.items() if rate]
        return cgroup(bench, "io", {"io.max": f"{name} {' '.join(words)}"})
    return cgroup(
        bench,
        "io",
        {f"blkio.throttle.{way}_iops_device": f"{name} {rate}" for way, rate in asked.items() if rate},
    )


def throttled(bench: Bench, device: str, limit: Throttle, rate: int) -> None:
    """Hold a block device of the lab to a rate, whoever uses it: the kernel's flushers too.

    Only version 1 limits its root group.
    """
    path = f"{TOP}/blkio/blkio.throttle.{limit}_device"
    number = os.stat(device).st_rdev
    name = f"{os.major(number)}:{os.minor(number)}"
    if not os.path.exists(path):
        raise CannotMake("only cgroups of version 1 limit what all do")
    bench.write(Knob(path, f"{name} 0"))
    put(path, f"{name} {rate}")


def freeze(bench: Bench, folder: str) -> int:
    """Stop all processes of a freezer group until the number given back is undone."""
    second = os.path.exists(f"{folder}/cgroup.freeze")
    path, on, off = (
        (f"{folder}/cgroup.freeze", "1", "0") if second else (f"{folder}/freezer.state", "FROZEN", "THAWED")
    )
    number = bench.write(Knob(path, off))
    put(path, on)
    return number


def figure(folder: str, second: str, first: str) -> int:
    """A number of a group, by its file's name in version 2 and in version 1."""
    name = second if os.path.exists(f"{folder}/{second}") else first
    return int(procfile.read(f"{folder}/{name}"))


def memory_used(folder: str) -> int:
    return figure(folder, "memory.current", "memory.usage_in_bytes")


def statistic(folder: str, *names: str) -> int:
    """A number of memory.stat under the first of these names that is there."""
    told = dict(line.split() for line in procfile.read(f"{folder}/memory.stat").splitlines())
    for name in names:
        if name in told:
            return int(told[name])
    raise CannotMake("{path} has no {name}", path=f"{folder}/memory.stat", name=names[0])


def kernel_memory(folder: str) -> int:
    """Bytes of the kernel charged to a group: dentries and inodes most of all."""
    path = f"{folder}/memory.kmem.usage_in_bytes"
    return int(procfile.read(path)) if os.path.exists(path) else statistic(folder, "slab")
