"""This host's kernel files as a tree that ``Root`` reads like the host itself: a fixture, a bug report.

Copied is what the readers read, byte for byte, and a few words about the host. Never copied are the
files of a process that hold its secrets (``environ``, ``cmdline``) or stop it while they are read
(``smaps``, ``maps``: they take its mmap_lock).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jinmaek import procfile
from jinmaek.capture import redact
from jinmaek.catalog import tables
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.sampling import KERNEL_LOG, expand, whole

HOST = (
    "proc/version",
    "proc/cpuinfo",
    "proc/sys/kernel/ostype",
    "proc/sys/kernel/osrelease",
    "proc/sys/kernel/hostname",
    "proc/sys/kernel/random/boot_id",
    "proc/self/mounts",
    "proc/self/mountinfo",
    "proc/self/cgroup",
)
PROCESS = ("stat", "status", "statm", "io", "schedstat", "wchan", "cgroup")
THREAD = ("stat", "wchan")
NEVER = frozenset({"cmdline", "environ", "maps", "numa_maps", "smaps", "smaps_rollup", "stack", "syscall"})
CGROUPS = "sys/fs/cgroup/"


@dataclass(frozen=True, slots=True)
class Captured:
    """What came of it: files and bytes copied, and what could not be read."""

    files: int
    size: int
    gaps: tuple[Gap, ...]


@dataclass(slots=True)
class _Tree:
    """A tree being written."""

    root: Root
    base: str
    tokens: redact.Tokens | None
    progress: Callable[[int], None]
    seen: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)
    files: int = 0
    size: int = 0


def capture(
    root: Root,
    target: str,
    *,
    tasks: int | None = None,
    redacted: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Captured:
    """Copy ``root`` to ``target``, a folder that is empty or not there yet.

    ``tasks`` bounds the number of processes: those waiting, dead or running first, then by resident size.
    ``target`` appears whole or not at all. Raises ``OSError`` where it cannot be written.
    """
    target = os.path.realpath(target)
    exists = os.path.isdir(target)
    made = tempfile.mkdtemp(prefix=".capture-", dir=target if exists else os.path.dirname(target))
    try:
        tree = _Tree(root, made, redact.Tokens() if redacted else None, progress)
        for path in host_files(root):
            _copy(tree, path)
        for pid in _chosen(root, tasks):
            _process(tree, pid)
        _note(tree)
        if exists:
            for name in os.listdir(made):
                os.rename(f"{made}/{name}", f"{target}/{name}")
            os.rmdir(made)
            os.chmod(target, 0o700)
        else:
            os.rename(made, target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return Captured(tree.files, tree.size, tuple(tree.gaps))


def host_files(root: Root) -> Iterator[str]:
    """Relative paths of all that is not a process's, some twice; single files close together in time."""
    yield "proc/net/dev"  # before interrupts, which carry the names of interfaces
    patterns = {pattern for reader in tables().values() for pattern in reader.paths} - {KERNEL_LOG}
    for pattern in sorted(patterns, key=lambda pattern: ("*" in pattern, pattern)):
        if not pattern.startswith("proc/*/"):
            yield from expand(root, pattern)
    yield from HOST


def process_files() -> tuple[str, ...]:
    """Names below /proc/PID: the usual ones and whatever else a reader asks for."""
    asked = [
        pattern.removeprefix("proc/*/")
        for reader in tables().values()
        for pattern in reader.paths
        if pattern.startswith("proc/*/")
    ]
    extra = {name for name in asked if "/" not in name and "*" not in name}
    return (*PROCESS, *sorted(extra - set(PROCESS) - NEVER))


def _numbers(root: Root, folder: str) -> list[str]:
    try:
        names = os.listdir(root.path(folder))
    except OSError:
        return []
    return sorted((name for name in names if name.isascii() and name.isdecimal()), key=int)


def _chosen(root: Root, limit: int | None) -> list[str]:
    pids = _numbers(root, "proc")
    if limit is None or len(pids) <= limit:
        return pids

    def interest(pid: str) -> tuple[bool, int]:
        try:
            words = procfile.read_bytes(root.path(f"proc/{pid}/stat")).rpartition(b")")[2].split()
            return words[0] not in (b"D", b"Z", b"R"), -int(words[21])
        except (procfile.Unreadable, IndexError, ValueError):
            return True, 0

    return sorted(sorted(pids, key=interest)[:limit], key=int)


def _process(tree: _Tree, pid: str) -> None:
    for name in process_files():
        if not _copy(tree, f"proc/{pid}/{name}", gone=name == "stat") and name == "stat":
            return
    for tid in _numbers(tree.root, f"proc/{pid}/task"):
        for name in THREAD:
            if not _copy(tree, f"proc/{pid}/task/{tid}/{name}", gone=name == "stat"):
                break


def _copy(tree: _Tree, path: str, *, gone: bool = False) -> bool:
    """One file; False where it is not to be had. ``gone``: that it went away is no gap."""
    path = _unaliased(tree, path)
    if path in tree.seen:
        return True
    tree.seen.add(path)
    if path.rpartition("/")[2] in NEVER and path.startswith("proc/"):
        return False
    shown = redact.path(tree.tokens, path) if tree.tokens else path
    try:
        data = procfile.read_bytes(tree.root.path(path))
    except procfile.Unreadable as missing:
        if not (gone and missing.why in ("absent", "gone")):
            tree.gaps.append(Gap(missing.why, shown))
        return False
    except OSError as error:
        # A driver may answer EINVAL or EIO for what it does not have: no reason to lose the rest.
        if not os.path.isdir(tree.root.path(path)):
            tree.gaps.append(Gap("absent", shown, error.strerror or ""))
        return False
    _write(tree, shown, redact.content(tree.tokens, path, data) if tree.tokens else data)
    return True


def _unaliased(tree: _Tree, path: str) -> str:
    """cgroup v1 mounts cpu,cpuacct and links cpu to it: linked in the copy too, not doubled."""
    name = path.removeprefix(CGROUPS).partition("/")[0]
    link = CGROUPS + name
    if not path.startswith(link + "/") or not os.path.islink(tree.root.path(link)):
        return path
    to = os.readlink(tree.root.path(link))
    if "/" in to or to in ("", ".", ".."):
        return path
    if link not in tree.seen:
        tree.seen.add(link)
        _folder(tree, CGROUPS.rstrip("/"))
        os.symlink(to, f"{tree.base}/{link}")
    return CGROUPS + to + path.removeprefix(link)


def _folder(tree: _Tree, path: str) -> None:
    if not path or path in tree.folders:
        return
    _folder(tree, path.rpartition("/")[0])
    os.mkdir(f"{tree.base}/{path}", 0o700)
    tree.folders.add(path)


def _write(tree: _Tree, path: str, data: bytes) -> None:
    _folder(tree, path.rpartition("/")[0])
    out = os.open(f"{tree.base}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(out, "wb") as file:
        file.write(data)
    tree.files += 1
    tree.size += len(data)
    tree.progress(tree.files)


def _note(tree: _Tree) -> None:
    """gaps.json: when the tree was taken and what it lacks."""
    gaps = [{"path": gap.source, "kind": gap.kind} for gap in tree.gaps]
    note = {
        "schema": 1,
        "time": time.time(),
        "redacted": tree.tokens is not None,
        "whole": whole(tree.root),
        "gaps": gaps,
    }
    _write(tree, "gaps.json", (json.dumps(note, indent=1) + "\n").encode())
    tree.files -= 1
