"""Writing one knob and taking it back: the only place of the program that changes the kernel.

One write of a number or a known word to a file of the list; it is read back, and what the kernel changed
along with it (dirty_bytes sets dirty_ratio to 0) is found by reading the other knobs before and after.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass

from jinmaek.advice.knob import Knob, Value
from jinmaek.advice.knobs import knobs
from jinmaek.advice.seen import Missing
from jinmaek.advice.tuning import current, undoing
from jinmaek.model import Gap
from jinmaek.root import LIVE
from jinmaek.sampling import read_text

REASONS = {
    errno.EINVAL: "the kernel does not take this value",
    errno.ENOMEM: "the kernel has no memory for it",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "it is mounted read-only here, as in a container",
    errno.ENOENT: "this kernel does not have it",
    errno.ENODEV: "it is gone",
    errno.EBUSY: "the kernel is busy with it",
}


class NotSet(Exception):
    """The value could not be set; nothing is changed."""

    def __init__(self, path: str, why: str, *, denied: bool = False) -> None:
        super().__init__(f"/{path}: {why}")
        self.path = path
        self.why = why
        self.denied = denied


@dataclass(frozen=True, slots=True)
class Change:
    """One file from one value to another."""

    name: str
    path: str
    old: Value
    new: Value


@dataclass(frozen=True, slots=True)
class Applied:
    """What was set, what the kernel changed along with it, and the writes that take it back, in order."""

    change: Change
    coupled: tuple[Change, ...]
    undo: tuple[tuple[str, str, Value], ...]
    """Knob, path, value."""
    verified: bool


def target(knob: Knob, cgroup: str | None) -> str:
    """The file to write: the knob's own, or that of one cgroup (``sys/fs/cgroup/…``)."""
    return knob.path if cgroup is None or knob.per_cgroup is None else f"{cgroup}/{knob.per_cgroup}"


def value_now(knob: Knob, path: str) -> Value:
    """What the file holds; raises ``NotSet``."""
    text = read_text(LIVE, path)
    try:
        if isinstance(text, Gap):
            raise Missing(text)
        return current(knob, text.strip())
    except Missing as missing:
        raise NotSet(
            path, f"cannot be read: {missing.gap.kind}", denied=missing.gap.kind == "denied"
        ) from None


def put(path: str, value: Value) -> None:
    """Write one value with one call; raises ``NotSet``."""
    try:
        file = os.open(LIVE.path(path), os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.write(file, f"{value}\n".encode())
        finally:
            os.close(file)
    except OSError as error:
        why = REASONS.get(error.errno or 0)
        if why is None:
            raise
        raise NotSet(path, why, denied=error.errno in (errno.EACCES, errno.EPERM)) from None


def apply(knob: Knob, new: Value, cgroup: str | None = None) -> Applied:
    """Set, read back, and undo at once where the kernel took another value; raises ``NotSet``."""
    path = target(knob, cgroup)
    old = value_now(knob, path)
    if old == new:
        return Applied(Change(knob.name, path, old, new), (), (), verified=True)
    before = _all()
    undo: tuple[tuple[str, str, Value], ...] = ((knob.name, path, old),)
    if path == knob.path:
        undo = tuple((other.name, other.path, value) for other, value in undoing(knob, before))
    put(path, new)
    taken = value_now(knob, path)
    applied = Applied(Change(knob.name, path, old, new), _moved(knob, before), undo, verified=True)
    if taken != new:
        revert(applied)
        raise NotSet(path, f"the kernel made {taken} of {new}; {old} is there again")
    return applied


def revert(applied: Applied) -> None:
    """Take it back, with all that changed along; raises ``NotSet`` where something stays otherwise."""
    for _, path, value in applied.undo:
        put(path, value)
    by_name = {knob.name: knob for knob in knobs()}
    for change in applied.coupled:
        knob = by_name[change.name]
        if value_now(knob, change.path) != change.old:
            put(change.path, change.old)
    for change in (applied.change, *applied.coupled):
        left = value_now(by_name[change.name], change.path)
        if left != change.old:
            raise NotSet(change.path, f"it was {change.old} and is {left} now: it could not be taken back")


def _all() -> Mapping[str, Value]:
    """The values of all knobs that can be read."""
    found: dict[str, Value] = {}
    for knob in knobs():
        try:
            found[knob.name] = value_now(knob, knob.path)
        except NotSet:
            continue
    return found


def _moved(knob: Knob, before: Mapping[str, Value]) -> tuple[Change, ...]:
    """The other knobs that are not as they were."""
    after = _all()
    return tuple(
        Change(other.name, other.path, before[other.name], after[other.name])
        for other in knobs()
        if other.name != knob.name
        and before.get(other.name) is not None
        and after.get(other.name) is not None
        and before[other.name] != after[other.name]
    )
