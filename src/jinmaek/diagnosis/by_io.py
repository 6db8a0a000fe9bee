"""Who reads and writes: processes by what they fetched or dirtied, cgroups by what reached the device."""

from __future__ import annotations

from collections.abc import Callable

from jinmaek.diagnosis.culprits import by_waiting_on_disk
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.ranking import largest, of_task
from jinmaek.kernel.cgroup_io import CgroupIo
from jinmaek.model import Culprit
from jinmaek.sampling import read_text
from jinmaek.tasks.delta import TaskDelta

MIB = 1024 * 1024
KTHREADD = 2
"""The parent of every kernel thread: what those write was written by somebody else."""
CGROUPS = 3


def by_written(look: Look) -> tuple[Culprit, ...]:
    """Bytes a process wrote into files, of those of all live processes; then who waits to write more."""
    wrote = _ranked(look, lambda task: task.write_bytes or 0, "wrote {amount:.1f} MiB into files")
    return _and_who_waits(look, wrote)


def by_device(look: Look) -> tuple[Culprit, ...]:
    """Cgroups by what they did at this device, processes by what they did at all disks, then who waits."""
    moved = _ranked(
        look,
        lambda task: (task.read_bytes or 0) + (task.write_bytes or 0),
        "read and wrote {amount:.1f} MiB on any disk",
    )
    return (*_cgroups(look), *_and_who_waits(look, moved))


def _and_who_waits(look: Look, named: tuple[Culprit, ...]) -> tuple[Culprit, ...]:
    """The largest user of the machine need not be the one that this disk holds up."""
    known = {culprit.pid for culprit in named}
    return (*named, *(culprit for culprit in by_waiting_on_disk(look) if culprit.pid not in known))


def _ranked(look: Look, size: Callable[[TaskDelta], int], why: str) -> tuple[Culprit, ...]:
    programs = [task for task in look.deltas if task.pid != KTHREADD and task.ppid != KTHREADD]
    whole = sum(size(task) for task in programs)
    return tuple(
        of_task(look, task, size(task) / whole, why, amount=size(task) / MIB)
        for task in largest(programs, size, 0.02 * whole)
    )


def _cgroups(look: Look) -> list[Culprit]:
    """Those without another below them that did the same, of all that reached the device."""
    number = _number(look, look.label("device"))
    first, last = (_moved(look, index, number) for index in (0, -1))
    moved = {name: amount - first.get(name, 0) for name, amount in last.items()}
    whole = moved.get("/") or sum(amount for name, amount in moved.items() if name.count("/") == 1)
    lowest = [
        name
        for name, amount in moved.items()
        if name != "/"
        and amount > 0
        and not any(other.startswith(f"{name}/") and moved[other] > amount / 2 for other in moved)
    ]
    return [
        Culprit(
            "cgroup",
            name,
            look.say("{amount:.1f} MiB to and from this disk", amount=moved[name] / MIB),
            share=moved[name] / whole if whole else None,
        )
        for name in sorted(lowest, key=lambda name: -moved[name])[:CGROUPS]
    ]


def _moved(look: Look, index: int, number: str) -> dict[str, int]:
    rows = [row for row in look.read("cgroup_io", index) if isinstance(row, CgroupIo)]
    return {row.cgroup: (row.rbytes or 0) + (row.wbytes or 0) for row in rows if row.device == number}


def _number(look: Look, device: str) -> str:
    """``253:0`` of a device; empty where it is not known."""
    # A slash in the name of a device is an exclamation mark here.
    text = (
        "" if look.root is None else read_text(look.root, f"sys/class/block/{device.replace('/', '!')}/dev")
    )
    return text.strip() if isinstance(text, str) else ""
