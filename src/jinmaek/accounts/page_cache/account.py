"""Who holds the page cache: by file, process, cgroup and file system, in sums that close.

    Cached  = files found + Shmem + the rest      (fs/proc/meminfo.c: Cached contains Shmem)
    Buffers = block devices found + the rest

What was found is a lower bound of what there is. The rest is mostly files that were read and closed again;
also the metadata of btrfs and f2fs, whose inodes nobody can open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jinmaek.accounts.page_cache.file_systems import FileSystem
from jinmaek.kernel.cachestat import Cachestat
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.model import Gap

Holder = int | str
"""A pid, or the name of a device in the kernel that reads the file (``loop0``)."""


@dataclass(slots=True)
class CachedFile:
    """A file with pages in the page cache, or evicted from it."""

    device: int
    inode: int
    path: str
    """As the process that has it open sees it, which may be in a container."""
    deleted: bool
    size: int
    system: FileSystem
    told: Cachestat
    given: bool = False
    """Found under a path that was asked for."""
    who: dict[Holder, None] = field(default_factory=dict)

    @property
    def in_memory(self) -> bool:
        """On tmpfs, or shared memory: counted in Shmem; its dirty pages have nowhere to be written to."""
        return self.system.kind == "memory"

    @property
    def dirty(self) -> int | None:
        """Bytes that wait to be written to a disk."""
        return None if self.in_memory else self.told.nr_dirty


@dataclass(frozen=True, slots=True)
class Process:
    """Who has a file open or mapped; a device in the kernel has no pid."""

    pid: int | None
    start_time: float | None
    """Seconds since boot."""
    name: str
    cgroup: str | None


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """The page cache of a block device: metadata of its file system, and what was read from its node."""

    path: str
    told: Cachestat


What = Literal["files", "folders", "devices", "processes"]
Reason = Literal[
    "denied",
    "remote",
    "other mount",
    "unknown file system",
    "locked",
    "no file",
    "out of time",
    "limit",
    "error",
]


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was not looked at for one reason."""

    what: What
    reason: Reason
    detail: str
    """The type of file system, or the kernel's error."""
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Looked:
    """How much was looked at, and what was not."""

    files: int
    processes: int
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """The kernel's own sums in bytes, None where it does not say."""

    memory: int | None
    available: int | None
    cached: int | None
    buffers: int | None
    shmem: int | None


@dataclass(frozen=True, slots=True)
class Moved:
    """What happened while looking, and how threads fared: the consequence of evictions, if there is one."""

    span: float
    """Seconds."""
    refaults: int | None
    """Pages of files that were read again after eviction."""
    activated: int | None
    """Of those, the ones evicted lately enough to belong to the working set."""
    pressure: float | None
    """Share of the 10 s before it in which a thread waited for memory."""


@dataclass(frozen=True, slots=True)
class PageCache:
    """One look at the page cache. ``files`` are ranked, most cached first."""

    way: Literal["cachestat", "mincore", "recorded"]
    """``recorded``: of a recording, which knows no files."""
    totals: Totals
    files: tuple[CachedFile, ...]
    devices: tuple[BlockDevice, ...]
    holders: Mapping[Holder, Process]
    paths: tuple[str, ...]
    """Those asked for."""
    everywhere: bool
    """Whether all local file systems were walked."""
    privileged: bool
    """Whether we are root: what is denied then is denied by something else."""
    looked: Looked
    gaps: tuple[Gap, ...]
    moved: Moved
    cgroups: Mapping[str, CgroupMemory] = field(default_factory=dict)
    """What the kernel charges each cgroup for, and its limits, by its path."""
    mounted: Mapping[str, int] = field(default_factory=dict)
    """Bytes held by each file system in memory, by its path."""
    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def found(self) -> int | None:
        """Bytes of files on file systems that are not in memory; None where no files are known."""
        return self._sum(in_memory=False)

    @property
    def found_in_memory(self) -> int | None:
        """Bytes of files on tmpfs and of shared memory: part of Shmem."""
        return self._sum(in_memory=True)

    def _sum(self, *, in_memory: bool) -> int | None:
        if self.way == "recorded":
            return None
        return sum(file.told.nr_cache for file in self.files if file.in_memory is in_memory)

    @property
    def unattributed(self) -> int | None:
        """Cached less what was found and Shmem. Below 0 where figures moved between their reads."""
        if self.totals.cached is None or self.totals.shmem is None or self.found is None:
            return None
        return self.totals.cached - self.totals.shmem - self.found

    @property
    def lower_bound(self) -> bool:
        """Whether something that was to be looked at could not be."""
        denied = self.way == "recorded" or any(gap.kind in ("denied", "timed out") for gap in self.gaps)
        return denied or bool(self.looked.skipped)

    @property
    def shown(self) -> tuple[CachedFile, ...]:
        """The files asked for: those under the given paths, or all."""
        return tuple(file for file in self.files if file.given) if self.paths else self.files


def rank(files: Iterable[CachedFile]) -> tuple[CachedFile, ...]:
    """Most cached first; then most lately evicted, which are the files that lost most."""
    return tuple(
        sorted(
            files,
            key=lambda file: (
                -file.told.nr_cache,
                -(file.told.nr_recently_evicted or 0),
                -(file.told.nr_evicted or 0),
                file.path,
            ),
        )
    )
