"""Page caches made by hand, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jinmaek.accounts.page_cache.account import (
    BlockDevice,
    CachedFile,
    Holder,
    Looked,
    Moved,
    PageCache,
    Process,
    Skipped,
    Totals,
    rank,
)
from jinmaek.accounts.page_cache.file_systems import FileSystem
from jinmaek.kernel.cachestat import PAGE, Cachestat
from jinmaek.kernel.cgroup_memory import CgroupMemory, parse
from jinmaek.model import Gap

MIB, GIB = 1 << 20, 1 << 30
DISK = FileSystem("ext4", "/dev/sda1", "/", "disk", 1)
SHM = FileSystem("tmpfs", "tmpfs", "/dev/shm", "memory", 2)
ROOMY = Totals(memory=16 * GIB, available=12 * GIB, cached=4 * GIB, buffers=GIB, shmem=GIB)
CALM = Moved(span=0.5, refaults=0, activated=0, pressure=0.0)


def file(
    path: str,
    cached: int,
    *who: Holder,
    system: FileSystem = DISK,
    dirty: int | None = 0,
    evicted: int | None = 0,
    recently: int | None = 0,
    deleted: bool = False,
    given: bool = False,
    size: int | None = None,
) -> CachedFile:
    """A file; amounts are pages."""

    def inbytes(pages: int | None) -> int | None:
        return None if pages is None else pages * PAGE

    told = Cachestat(
        cached * PAGE,
        inbytes(dirty),
        None if dirty is None else 0,
        inbytes(evicted),
        inbytes(recently),
    )
    return CachedFile(
        device=system.device,
        inode=abs(hash(path)),
        path=path,
        deleted=deleted,
        size=(cached if size is None else size) * PAGE,
        system=system,
        told=told,
        given=given,
        who=dict.fromkeys(who),
    )


def processes(cgroups: Mapping[Holder, str | None]) -> dict[Holder, Process]:
    """A process for each pid, named by it; a device for a name."""
    return {
        holder: Process(holder, 100.0 + holder, f"p{holder}", cgroup)
        if isinstance(holder, int)
        else Process(None, None, holder, None)
        for holder, cgroup in cgroups.items()
    }


def limited(path: str, *, current: int, limit: int | None, hits: int, cache: int) -> CgroupMemory:
    """A cgroup of version 2."""
    at = f"sys/fs/cgroup{path}"
    tree = {
        f"{at}/memory.current": str(current),
        f"{at}/memory.max": "max" if limit is None else str(limit),
        f"{at}/memory.events": f"max {hits}\nhigh 0\n",
        f"{at}/memory.stat": f"anon 0\nfile {cache}\n",
    }
    (row,) = parse(tree)
    return row


def cache(
    files: Iterable[CachedFile] = (),
    *,
    cgroups: Mapping[Holder, str | None] | None = None,
    rows: Iterable[CgroupMemory] = (),
    devices: tuple[BlockDevice, ...] = (),
    totals: Totals = ROOMY,
    moved: Moved = CALM,
    paths: tuple[str, ...] = (),
    skipped: tuple[Skipped, ...] = (),
    gaps: tuple[Gap, ...] = (),
    mincore: bool = False,
    everywhere: bool = False,
    privileged: bool = True,
) -> PageCache:
    ranked = rank(files)
    holders = {holder: None for one in ranked for holder in one.who}
    return PageCache(
        way="mincore" if mincore else "cachestat",
        totals=totals,
        files=ranked,
        devices=devices,
        holders=processes({**holders, **(cgroups or {})}),
        paths=paths,
        everywhere=everywhere,
        privileged=privileged,
        looked=Looked(len(ranked), len(holders), skipped),
        gaps=gaps,
        moved=moved,
        cgroups={row.cgroup: row for row in rows},
        cpu_s=0.25,
        wall_s=0.5,
    )
