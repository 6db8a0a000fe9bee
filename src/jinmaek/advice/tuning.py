"""What each knob of the memory management would change on this host: read, judge, and ask what if.

``Seen`` is read here; the answers are pure functions in ``knobs``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jinmaek.advice.knob import KINDS, Answer, Effect, Figure, Knob, Value
from jinmaek.advice.knobs import knobs
from jinmaek.advice.said import Said, say
from jinmaek.advice.seen import Missing, Seen
from jinmaek.model import Gap
from jinmaek.root import LIVE, Root
from jinmaek.sampling import Snapshot, read_text, take

MOVING = ("vmstat", "pressure_memory", "pressure_io", "meminfo", "zoneinfo", "dentry_state", "inode_nr")
"""Tables read each second."""
STANDING = (
    "cgroup_memory",
    "lru_gen",
    "slabinfo",
    "swaps",
    "sys_vm",
    "transparent_hugepage",
    "uptime",
    "zram",
    "zswap",
)
"""Tables read once, at the end."""
INTERVAL = 1.0
NAMES = {"thp": "transparent_hugepage"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A knob, its value as the kernel wrote it (None where it cannot be read), and the answer."""

    knob: Knob
    value: Value | None
    default: Value | None
    answer: Answer
    undo: tuple[tuple[Knob, Value], ...]
    """What takes the attempt back."""
    figures: tuple[Figure, ...]
    """What follows from the present value."""
    notes: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What another value would change."""

    knob: Knob
    old: Value | None
    new: Value
    effect: Effect
    figures: tuple[tuple[Figure, Figure], ...]
    """By the kernel's formulas: as it is, as it would be."""
    undo: tuple[tuple[Knob, Value], ...]
    notes: tuple[Said, ...]
    refused: Said | None
    """Why ``--apply`` would want ``--force``."""
    unsure: Gap | None
    """What prevented telling whether it is safe."""


def watch(span: float, progress: Callable[[float], None] | None) -> Seen:
    """Watch the live machine for so many seconds."""
    begin, snapshots = time.monotonic(), [take(LIVE, MOVING)]
    readings = max(1, round(span / INTERVAL))
    try:
        for index in range(1, readings + 1):
            wait_until(begin + span * index / readings, begin + span, progress)
            snapshots.append(take(LIVE, (*MOVING, *STANDING) if index == readings else MOVING))
    finally:
        if progress:
            progress(0)
    return seen_of(LIVE, snapshots)


def of_tree(root: Root) -> Seen:
    """A captured tree, or one reading of the live machine."""
    return seen_of(root, [take(root, (*MOVING, *STANDING))])


def seen_of(root: Root, snapshots: list[Snapshot]) -> Seen:
    texts = {knob.path: read_text(root, knob.path) for knob in knobs()}
    return Seen(tuple(snapshots), texts, os.sysconf("SC_PAGESIZE"))


def wait_until(moment: float, end: float, progress: Callable[[float], None] | None) -> None:
    """Sleep until ``moment``, telling ``progress`` how long it is to ``end``."""
    while (left := moment - time.monotonic()) > 0:
        if progress:
            progress(end - time.monotonic())
        time.sleep(min(left, 0.5))


def find(name: str) -> Knob | None:
    """A knob by its name, also with ``vm.`` before it, ``thp`` for transparent_hugepage, ``.`` for ``/``."""
    plain = name.removeprefix("vm.").replace(".", "/").removeprefix("/")
    head, slash, tail = plain.partition("/")
    wanted = NAMES.get(head, head) + slash + tail
    spelled = wanted.replace("_", "-")
    return next((knob for knob in knobs() if spelled == knob.name.replace("_", "-")), None)


def value_of(knob: Knob, text: str) -> Value:
    """A value as its user typed it; raises ``ValueError`` that says what may be written."""
    if knob.words:
        if text not in knob.words:
            raise ValueError(f"one of {', '.join(knob.words)}")
        return text
    most = "" if knob.most is None else f" to {knob.most}"
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise ValueError(f"a number from {knob.least}{most}")
    value = int(text)
    if value < knob.least or (knob.most is not None and value > knob.most):
        raise ValueError(f"a number from {knob.least}{most}")
    return value


def current(knob: Knob, text: str) -> Value:
    """The value in the text of the knob's file; raises ``Missing``."""
    if knob.words:
        chosen = text.partition("[")[2].partition("]")[0]
        if chosen in knob.words:
            return chosen
    elif text.isascii() and text.isdigit():
        return int(text)
    raise Missing(Gap("malformed", knob.path, f"{text[:40]!r} is no value of it"))


def _or_none(ask: Callable[[], Value | None]) -> Value | None:
    try:
        return ask()
    except Missing:
        return None


def judged(knob: Knob, seen: Seen) -> Judged:
    """The answer about one knob: what is missing makes it unknown."""
    value = _or_none(lambda: current(knob, seen.text(knob.path)))
    try:
        value = current(knob, seen.text(knob.path))
        answer = knob.judge(seen)
    except Missing as missing:
        answer = Answer("unknown", _unread(knob, missing.gap), gap=missing.gap)
    attempted = find(answer.attempt[0]) if answer.attempt else None
    return Judged(
        knob,
        value,
        _or_none(lambda: knob.default(seen)),
        answer,
        () if attempted is None else undoing(attempted, values(seen)),
        () if value is None else _figures(knob, seen, value),
        _notes(knob, seen),
    )


def _unread(knob: Knob, gap: Gap) -> Said:
    if gap.source == knob.path and gap.kind == "absent":
        return say("There is no such file here.")
    return say("What is needed to judge it could not be read.")


def _figures(knob: Knob, seen: Seen, value: Value) -> tuple[Figure, ...]:
    try:
        return knob.figures(seen, value)
    except Missing:
        return ()


def _notes(knob: Knob, seen: Seen) -> tuple[Said, ...]:
    try:
        return knob.notes(seen)
    except Missing:
        return ()


def tried(knob: Knob, seen: Seen, new: Value) -> Tried:
    """What ``new`` would change here."""
    old = _or_none(lambda: current(knob, seen.text(knob.path)))
    refused, unsure = None, None
    try:
        old = current(knob, seen.text(knob.path))
        effect = (
            Effect("nothing", say("That is the value it has.")) if old == new else knob.what_if(seen, new)
        )
    except Missing as missing:
        effect = Effect("unknown", _unread(knob, missing.gap), gap=missing.gap)
    try:
        refused = knob.unsafe(seen, new)
    except Missing as missing:
        unsure = missing.gap
    before = () if old is None else _figures(knob, seen, old)
    after = _figures(knob, seen, new)
    pairs = tuple(zip(before, after, strict=True)) if len(before) == len(after) else ()
    undo = undoing(knob, values(seen))
    return Tried(knob, old, new, effect, pairs, undo, _notes(knob, seen), refused, unsure)


def undoing(knob: Knob, values: Mapping[str, Value]) -> tuple[tuple[Knob, Value], ...]:
    """The writes that take a setting of ``knob`` back to ``values``.

    Its old value, or, where that is 0 because its partner counts, the partner's: that sets it to 0 again.
    """
    old, partner = values.get(knob.name), knob.partner
    if old is None:
        return ()
    if old == 0 and partner is not None and values.get(partner):
        return tuple((other, values[partner]) for other in knobs() if other.name == partner)
    return ((knob, old),)


def values(seen: Seen) -> Mapping[str, Value]:
    """The values of all knobs that could be read, by name."""
    found: dict[str, Value] = {}
    for knob in knobs():
        try:
            found[knob.name] = current(knob, seen.text(knob.path))
        except Missing:
            continue
    return found


def everything(seen: Seen) -> tuple[Judged, ...]:
    """All knobs, misfits first."""
    return tuple(
        sorted((judged(knob, seen) for knob in knobs()), key=lambda one: KINDS.index(one.answer.kind))
    )
