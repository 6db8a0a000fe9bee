"""Clock + readers + task scan → Snapshot, with a gap in the place of each table that cannot be had.

A root is a value: the live machine, a captured tree, a container's view and a test are the same code.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from typing import Any, get_args

from jinmaek import procfile
from jinmaek.catalog import tables as known_tables
from jinmaek.columns import Malformed, Reader, TreeReader
from jinmaek.model import Gap, GapKind
from jinmaek.root import Root
from jinmaek.tasks import TABLES, descriptors
from jinmaek.tasks.table import Scan

Listings = dict[str, dict[str, bool]]

KERNEL_LOG = "dev/kmsg"
"""A device, not a file: it is read record by record, and never copied into a capture."""
COUNTED = frozenset(table.table for table in TABLES)
"""Tables that come from the task scan, not from a file of their own."""


@cache
def dear(table: str) -> bool:
    """Whether reading a table costs so much that a look takes it now and then: folders to walk, a log."""
    walked = any("*" in path or path == KERNEL_LOG for path in known_tables()[table].paths)
    return walked and (table not in COUNTED or table == descriptors.TABLE)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the kernel said at one moment, what it did not say and why, and what asking cost."""

    boot_id: str
    wall: float
    """Seconds since the epoch."""
    monotonic: float
    """Seconds since boot, suspend included (CLOCK_BOOTTIME)."""
    tables: Mapping[str, tuple[object, ...]]
    tasks: Scan | None
    gaps: Mapping[str, Gap]
    """By table name."""
    cost: Mapping[str, float] = field(default_factory=dict)
    """CPU seconds by table name."""


def read_text(root: Root, path: str) -> str | Gap:
    """The whole of one kernel file, invalid UTF-8 shown as ``\\xNN``."""
    try:
        return procfile.read(root.path(path))
    except procfile.Unreadable as missing:
        return Gap(_recorded(root.base).get(path, missing.why) if not root.live else missing.why, path)


@cache
def _recorded(base: str) -> Mapping[str, GapKind]:
    """Why files are missing from a captured tree, by path, where ``capture`` wrote it down."""
    try:
        gaps = _note(base)["gaps"]
        return {gap["path"]: gap["kind"] for gap in gaps if gap["kind"] in get_args(GapKind)}
    except (KeyError, TypeError):
        return {}


def whole(root: Root) -> bool:
    """Whether a file that is not there was not there on the host: so it is live, and in our own captures."""
    return root.live or _note(root.base).get("whole") is True


@cache
def _note(base: str) -> Mapping[str, Any]:
    """What ``capture`` wrote down about a tree."""
    try:
        said = json.loads(procfile.read(f"{base}/gaps.json"))
    except (procfile.Unreadable, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def take(root: Root, wanted: Iterable[str], tasks: Scan | None = None) -> Snapshot:
    """Read the wanted tables. Tables counted from the task scan come from ``tasks``."""
    texts: dict[str, str | Gap] = {}
    listed: Listings = {}
    rows: dict[str, tuple[object, ...]] = {}
    gaps: dict[str, Gap] = {}
    cost: dict[str, float] = {}
    for name in wanted:
        reader = known_tables()[name]
        began = time.thread_time()
        result = _counted(name, tasks) if name in COUNTED else _rows(root, reader, texts, listed)
        if isinstance(result, Gap):
            gaps[name] = result
        else:
            rows[name] = result
        cost[name] = time.thread_time() - began
    boot = read_text(root, "proc/sys/kernel/random/boot_id")
    return Snapshot(
        boot_id="" if isinstance(boot, Gap) else boot.strip(),
        wall=time.time(),
        monotonic=time.clock_gettime(time.CLOCK_BOOTTIME),
        tables=rows,
        tasks=tasks,
        gaps=gaps,
        cost=cost,
    )


def _counted(name: str, tasks: Scan | None) -> tuple[object, ...] | Gap:
    """A table counted from the task scan; part of a table would be a wrong count, so a gap wins."""
    if tasks is None:
        return Gap("absent", name, "no task scan in this reading")
    if name in tasks.gaps:
        return tasks.gaps[name]
    return tasks.tables.get(name, Gap("absent", name, "not counted in this reading"))


def _rows(
    root: Root, reader: Reader | TreeReader, texts: dict[str, str | Gap], listed: Listings
) -> tuple[object, ...] | Gap:
    def text_of(path: str) -> str | Gap:
        if path not in texts:
            texts[path] = kernel_log(root) if path == KERNEL_LOG else read_text(root, path)
        return texts[path]

    if isinstance(reader, TreeReader):
        read = {path: text_of(path) for pattern in reader.paths for path in expand(root, pattern, listed)}
        tree = {path: text for path, text in read.items() if isinstance(text, str)}
        if not tree:
            denied = [gap for gap in read.values() if isinstance(gap, Gap) and gap.kind != "absent"]
            if reader.devices and not denied and whole(root):
                return ()
            return denied[0] if denied else Gap("absent", reader.paths[0])
        source = reader.paths[0]
        parsed: Iterator[object] = iter(reader.parse(tree))
    else:
        text = text_of(reader.path)
        if isinstance(text, Gap):
            return text
        source = reader.path
        parsed = iter(reader.parse(text))
    try:
        return tuple(parsed)
    except Malformed as fault:
        return Gap("malformed", source, str(fault))


def expand(root: Root, pattern: str, listed: Listings | None = None) -> Iterator[str]:
    """Relative paths under ``root`` that match; ``*`` is one level, ``**`` any depth (also none).

    ``listed`` keeps the folders already listed: 26 patterns walk the tree of cgroups.
    """
    if "*" not in pattern:
        yield pattern
        return
    known = {} if listed is None else listed
    base, deep, name = pattern.partition("/**/")
    if deep and "*" not in base + name and "/" not in name:
        # The files of cgroups: dozens of names, each in any of thousands of folders.
        for folder in _folders(root, base, known):
            if name in _listing(root, folder, known):
                yield f"{folder}/{name}"
        return
    first, *rest = pattern.split("/")
    yield from _walk(root, first, rest, known)


def _folders(root: Root, base: str, listed: Listings) -> Iterable[str]:
    """A folder and every real folder below it, each before those below it; listed once."""
    key = f"{base}/**"
    if key not in listed:
        found: dict[str, bool] = {}
        left = [base]
        while left:
            folder = left.pop()
            found[folder] = True
            below = [name for name, real in _listing(root, folder, listed).items() if real]
            left += [f"{folder}/{name}" for name in reversed(below)]
        listed[key] = found
    return listed[key]


def _walk(root: Root, base: str, rest: list[str], listed: Listings) -> Iterator[str]:
    if not rest:
        yield base
        return
    head, tail = rest[0], rest[1:]
    if "*" not in head:
        if tail or head in _listing(root, base, listed):
            yield from _walk(root, f"{base}/{head}", tail, listed)
    elif head == "**":
        yield from _walk(root, base, tail, listed)
        for name, folder in _listing(root, base, listed).items():
            if folder:
                yield from _walk(root, f"{base}/{name}", rest, listed)
    else:
        for name in _listing(root, base, listed):
            if fnmatch(name, head):
                yield from _walk(root, f"{base}/{name}", tail, listed)


def _listing(root: Root, base: str, listed: Listings) -> dict[str, bool]:
    """The names in a folder, and whether each is a real folder; none where it cannot be listed."""
    if base not in listed:
        try:
            with os.scandir(root.path(base)) as entries:
                found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
            listed[base] = dict(found)
        except OSError:
            listed[base] = {}
    return listed[base]


def kernel_log(root: Root) -> str | Gap:
    """The kernel log since boot, as far as its ring still holds it: records of /dev/kmsg."""
    if not root.live:
        return Gap("absent", KERNEL_LOG, "a captured tree has no kernel log")
    try:
        log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        why = procfile.REASONS.get(error.errno or 0)
        if why is None:
            raise
        return Gap(why, KERNEL_LOG)
    records: list[bytes] = []
    try:
        while True:
            try:
                records.append(os.read(log, 8192))
            except BlockingIOError:
                break
            except BrokenPipeError:
                continue  # the ring overtook us: the next read gives the oldest record left
    finally:
        os.close(log)
    return b"".join(records).decode("utf-8", "backslashreplace")
