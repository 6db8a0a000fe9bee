"""A recording for others: the same figures at the same times, with tokens in place of names.

The vocabulary is that of ``capture --redact`` (jinmaek.capture.redact): the same name is the same token
everywhere in one recording, what the kernel named stays. A label that is not known here is a name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from jinmaek.capture import redact
from jinmaek.capture.redact import PF_KTHREAD, Tokens
from jinmaek.history.recording import folder as files
from jinmaek.history.recording.block import TEXTS, Block, Table, Tasks, closed, opened
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.seal import sealed
from jinmaek.model import Gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Change = Callable[["Names", str, Mapping[str, Any]], str]
    """All names, a label, and the labels of its row, to what stands for it."""

META = ("kernel", "machine", "page_size", "clk_tck", "interval", "tasks", "pid", "jinmaek", "began", "why",
        "paused", "imported", "lost")  # fmt: skip
"""What of the words about a host says nothing of whose it is."""
KEPT = frozenset({
    "zone", "migratetype", "irq", "vector", "resource", "subsys_name", "protocol", "state", "thread_state",
    "wchan", "type", "fstype", "clocksource", "controller", "enabled", "defrag", "shmem_enabled", "zpool",
})  # fmt: skip
"""Labels with words of the kernel's own."""
NUMBERS = {("cgroup_io", "device"), ("clocksource", "device")}
"""Labels that are called as a name is, and are none."""
SYSTEM = 1000
"""The first number of a user that is a person's; 65,534 is nobody."""
NOBODY = 65_534


class Names:
    """What stands for what in one recording, and which names are threads of the kernel."""

    def __init__(self) -> None:
        self.tokens = Tokens()
        self._kernel: set[str] = set()
        self._users: dict[int, int] = {}

    def learn(self, tasks: Tasks) -> None:
        """Which names only threads of the kernel have in a block."""
        kernel: set[str] = set()
        other: set[str] = set()
        for row, number in enumerate(tasks.first.get("comm", ())):
            (kernel if _of_kernel(tasks, row) else other).add(tasks.strings[number])
        self._kernel |= kernel
        self._kernel -= other

    def process(self, name: str) -> str:
        """A name of which only the words are known."""
        return name if name in self._kernel else self.tokens.of("p", name)

    def user(self, uid: int) -> int:
        """Numbers of the system stay, people are counted."""
        if uid < SYSTEM or uid == NOBODY:
            return uid
        return self._users.setdefault(uid, SYSTEM + 1 + len(self._users))

    def boot(self, boot: str) -> str:
        """As ``capture --redact`` has it, counted."""
        token = self.tokens.of("b", boot)
        return f"00000000-0000-4000-8000-{int(token[1:]):012}"


def _of_kernel(tasks: Tasks, row: int) -> bool:
    flags = opened(tasks.first["flags"][row]) if "flags" in tasks.first else None
    return bool(flags and flags & PF_KTHREAD)


def _mounted(names: Names, value: str, row: Mapping[str, Any]) -> str:
    return redact.mount_source(names.tokens, value, str(row.get("fstype", "")))


CHANGES: Mapping[tuple[str, str], Change] = {
    ("mounts", "device"): _mounted,
    ("net_dev", "device"): lambda names, value, _: redact.interface_name(names.tokens, value),
    ("net_statistics", "device"): lambda names, value, _: redact.interface_name(names.tokens, value),
    ("interrupts", "info"): lambda names, value, _: redact.interrupt(names.tokens, value),
    ("slabinfo", "name"): lambda names, value, _: redact.slab_cache(names.tokens, value),
    ("slab_kind", "name"): lambda names, value, _: redact.slab_cache(names.tokens, value),
}
"""By table and label."""
LABELS: Mapping[str, Change] = {
    "cgroup": lambda names, value, _: redact.cgroup_path(names.tokens, value),
    "comm": lambda names, value, _: names.process(value),
    "device": lambda names, value, _: redact.device_name(names.tokens, value),
    "mountpoint": lambda names, value, _: redact.mount_point(names.tokens, value),
    "options": lambda names, value, _: redact.mount_options(names.tokens, value),
    "filename": lambda names, value, _: redact.swap_file(names.tokens, value),
}
"""By label, of any other table."""
FIRST = ("net_dev",)
"""Tables whose names others carry in their own."""


def write(recording: Recording, target: str, progress: Callable[[float], None] | None = None) -> int:
    """Write the redacted recording to a folder; how many blocks that were. What is damaged is left out.

    Raises ``folder.Busy`` and ``OSError``.
    """
    names, written = Names(), 0
    lock = files.lock(target)
    try:
        for number, entry in enumerate(recording.entries):
            if progress:
                progress(number / len(recording.entries))
            block = recording.whole(entry)
            if block is None or not block.samples:
                continue
            hide(names, block)
            files.append_block(target, sealed(block), block.clocks["wall"][0] / 1e9, None)
            written += 1
    finally:
        os.close(lock)
    return written


def hide(names: Names, block: Block) -> None:
    """Put tokens into a block in place of names."""
    lost = [*block.meta.get("lost", ()), *block.lost]
    meta = {key: block.meta[key] for key in META if key in block.meta}
    block.meta = {**meta, "host": "host1", "boot": names.boot(block.meta["boot"]), "redacted": True}
    if lost:
        block.meta["lost"] = lost
    if block.tasks is not None:
        names.learn(block.tasks)
        _tasks(names, block.tasks)
    for name in sorted(block.tables, key=lambda name: name not in FIRST):
        _table(names, block.tables[name])


def _table(names: Names, table: Table) -> None:
    labels, name = table.shape.labels, table.shape.table
    table.rows = [
        tuple(
            value
            if label is None
            else _label(names, name, label, value, dict(zip(labels, row, strict=False)))
            for label, value in zip((*labels, *[None] * (len(row) - len(labels))), row, strict=True)
        )
        for row in table.rows
    ]
    table.said = [(since, _gap(names, what) if isinstance(what, Gap) else what) for since, what in table.said]
    for cells in table.cells.values():
        for cell in cells:
            if isinstance(cell.first, str):
                cell.first = names.tokens.of("x", cell.first)
            if isinstance(cell.values, list):
                cell.values = [names.tokens.of("x", v) if isinstance(v, str) else v for v in cell.values]


def _label(names: Names, table: str, label: str, value: object, row: Mapping[str, Any]) -> object:
    if label == "uid" and isinstance(value, int):
        return names.user(value)
    if not isinstance(value, str) or label in KEPT or (table, label) in NUMBERS:
        return value
    change = CHANGES.get((table, label)) or LABELS.get(label)
    return names.tokens.of("x", value) if change is None else change(names, value, row)


def _gap(names: Names, gap: Gap) -> Gap:
    """The path of a file without names; what else was said of it may hold one."""
    return Gap(gap.kind, redact.path(names.tokens, gap.source), _words(names, gap.detail), gap.needed)


def _words(names: Names, text: str) -> str:
    known = [pair for given in names.tokens.given.values() for pair in given.items()]
    for name, token in sorted(known, key=lambda pair: -len(pair[0])):
        if len(name) > 3:
            text = text.replace(name, token)
    return text


def _tasks(names: Names, tasks: Tasks) -> None:
    tasks.said = [
        (since, way, {table: _gap(names, gap) for table, gap in gaps.items()})
        for since, way, gaps in tasks.said
    ]
    strings = list(tasks.strings)
    kept: dict[str, int] = {}
    tasks.strings = []

    def place(text: str) -> int:
        if text not in kept:
            kept[text] = len(tasks.strings)
            tasks.strings.append(text)
        return kept[text]

    def named(row: int, number: int) -> int:
        name = strings[number]
        return place(name if _of_kernel(tasks, row) else names.tokens.of("p", name))

    for column in tasks.columns:
        if column == "comm":
            _renumber(tasks, column, named)
        elif column in TEXTS:
            _renumber(tasks, column, lambda _, number: place(strings[number]))
        elif column == "uid":
            _renumber(tasks, column, lambda _, number: _user(names, number))


def _user(names: Names, number: int) -> int:
    uid = opened(number)
    return number if uid is None else closed(names.user(uid))


def _renumber(tasks: Tasks, column: str, change: Callable[[int, int], int]) -> None:
    """Other stored numbers of a column, by row and number: those at the births, and the steps to the next."""
    numbers = list(tasks.first[column])
    told = [change(row, number) for row, number in enumerate(numbers)]
    tasks.first[column] = list(told)
    steps = []
    for row, step in zip(tasks.rows[column], tasks.steps[column], strict=True):
        numbers[row] += step
        now = change(row, numbers[row])
        steps.append(now - told[row])
        told[row] = now
    tasks.steps[column] = steps
