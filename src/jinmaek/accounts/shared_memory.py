"""Who owns Shmem: tmpfs mounts, files deleted but open, memfds, System V segments, shared anonymous mappings.

Each is told by another interface: statvfs(2) for what a tmpfs holds, in every mount namespace; links in
/proc/PID/fd; /proc/sysvipc/shm; and smaps for mappings that have neither a name nor a descriptor. Each counts
pages wherever they are, in RAM or in swap, except smaps and System V, which tell the two apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jinmaek.accounts.memory_processes import Processes
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_smaps
from jinmaek.kernel.sysvipc_shm import SharedSegment
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks import memory_files, mount_spaces
from jinmaek.tasks.files import unreadable
from jinmaek.tasks.guarded import Guard
from jinmaek.tasks.mount_spaces import MountSpaces

Kind = Literal["tmpfs", "deleted-file", "memfd", "sysv", "shared-mapping"]
Device = tuple[int, int]
"""Of an object: device and inode."""

TMPFS = ("tmpfs", "devtmpfs", "rootfs")
"""Types whose pages are Shmem; ramfs is page cache, hugetlbfs a pool."""
NOTICED = 1 << 20
"""Bytes of shared memory from which on the mappings of a process are looked at."""
HUGE = 2 << 20
"""The usual huge page."""
PAGE = os.sysconf("SC_PAGESIZE")
SYSV = "/SYSV"
ANONYMOUS = "/dev/zero (deleted)"
"""What the kernel calls a shared anonymous mapping (mm/shmem.c shmem_zero_setup())."""


@dataclass(frozen=True, slots=True)
class SharedObject:
    """One owner of shared memory, in bytes; None where it cannot be told."""

    kind: Kind
    id: str
    name: str
    size: int | None
    """In RAM and in swap together."""
    swap: int | None = None
    """Of it in swap."""
    pids: tuple[int, ...] = ()
    """Who has it open or mapped, as far as was looked; of a tmpfs whom its namespace is seen through."""
    exact: bool = True
    """False: at least so much."""
    path: str = ""
    """Where it can be opened."""
    within: frozenset[str] = frozenset()
    """Of a tmpfs, paths of what else is mounted in it."""

    @property
    def ram(self) -> int | None:
        """In RAM; all of it where nobody tells what is in swap."""
        return None if self.size is None else self.size - (self.swap or 0)


@dataclass(frozen=True, slots=True)
class SharedMemory:
    """All objects, and huge pages found on the way."""

    objects: tuple[SharedObject, ...]
    in_pools: tuple[SharedObject, ...]
    """Segments and memfds of huge pages: of a pool, not of Shmem."""
    gaps: tuple[Gap, ...]
    complete: bool
    """Whether everything was looked at: otherwise there may be more."""

    @property
    def size(self) -> int:
        return sum(one.size or 0 for one in self.objects)


@dataclass(slots=True)
class _Mapped:
    """One object as its mappings show it."""

    name: str
    pss: int = 0
    swap: int = 0
    huge: int = 0
    """Bytes of a huge page of a pool, where it is made of them."""
    pids: list[int] = field(default_factory=list)


def look(root: Root, processes: Processes, segments: Sequence[SharedSegment], budget: float) -> SharedMemory:
    """Find them, with at most ``budget`` seconds each for descriptors and for mappings."""
    pids = [one.pid for one in processes.all]
    spaces = mount_spaces.look(root, pids)
    gaps = list(spaces.gaps)
    if not root.live:
        gaps.append(Gap("absent", "statvfs", "a captured tree cannot tell how full a tmpfs is"))
        objects = [_segment(one, None) for one in segments if not _in_pool(one, None)]
        return SharedMemory(tuple(objects), (), tuple(gaps), complete=False)
    files, unseen = memory_files.look(root, pids, spaces, budget)
    mapped, unread = _mappings(root, processes, segments, budget)
    gaps += [*unseen, *unread]
    deleted = [one for one in files if not one.memfd]
    attached = [(one, _mapping(one, mapped)) for one in segments]
    found = [
        *_tmpfs(root, spaces, deleted, gaps),
        *(_file(one) for one in files if one.memfd and not _is_huge(one)),
        *(_segment(one, mapping) for one, mapping in attached if not _in_pool(one, mapping)),
        *_anonymous(mapped, {(one.device, one.inode) for one in files}),
    ]
    pools = [
        *(_file(one) for one in files if one.memfd and _is_huge(one)),
        *(_segment(one, mapping) for one, mapping in attached if _in_pool(one, mapping)),
    ]
    ordered = sorted(found, key=lambda one: -(one.size or 0))
    return SharedMemory(tuple(ordered), tuple(pools), tuple(gaps), complete=not gaps)


def _tmpfs(
    root: Root, spaces: MountSpaces, deleted: Iterable[memory_files.MemoryFile], gaps: list[Gap]
) -> Iterator[SharedObject]:
    """Every tmpfs once, wherever it is mounted, and apart from it the files in it that have no name."""
    unnamed: dict[int, list[memory_files.MemoryFile]] = {}
    for file in deleted:
        unnamed.setdefault(file.device, []).append(file)
    for device, (space, mountpoint, used) in _held(root, spaces, gaps).items():
        files = unnamed.get(device, [])
        size = None if used is None else used - sum(file.size for file in files)
        pids = () if space.pid is None else (space.pid,)
        path = space.path(root, mountpoint)
        inner = (one.mountpoint for one in space.mounts if one.mountpoint != mountpoint)
        within = frozenset(space.path(root, one) for one in inner)
        yield SharedObject("tmpfs", _numbers(device), mountpoint, size, pids=pids, path=path, within=within)
        yield from (_file(file) for file in files)


def _held(
    root: Root, spaces: MountSpaces, gaps: list[Gap]
) -> dict[int, tuple[mount_spaces.MountSpace, str, int | None]]:
    """What each tmpfs holds, by device; of several mounts the first one seen."""
    found: dict[int, tuple[mount_spaces.MountSpace, str, int | None]] = {}
    for space in spaces.spaces:
        for mount in space.mounts:
            if mount.fstype not in TMPFS:
                continue
            path = space.path(root, mount.mountpoint)
            if space.may_hang(mount.mountpoint):
                gaps.append(Gap("timed out", path, "not asked: the way to it crosses a remote file system"))
                continue
            try:
                device = os.stat(path).st_dev
                if device in found:
                    continue
                told = os.statvfs(path)
            except OSError as error:
                why = unreadable(error, path).why
                if why not in ("absent", "gone"):
                    gaps.append(Gap(why, path, "how full it is"))
                continue
            # Without a limit (size=0) the kernel does not say how many blocks are in use.
            used = (told.f_blocks - told.f_bfree) * told.f_frsize if told.f_blocks else None
            found[device] = space, mount.mountpoint, used
    return found


def _file(file: memory_files.MemoryFile) -> SharedObject:
    return SharedObject(
        "memfd" if file.memfd else "deleted-file",
        f"{_numbers(file.device)}:{file.inode}",
        file.name,
        file.size,
        pids=tuple(file.holders),
        path=file.link,
    )


def _numbers(device: int) -> str:
    return f"{os.major(device)}:{os.minor(device)}"


def _is_huge(file: memory_files.MemoryFile) -> bool:
    """Whether a memfd is of huge pages of a pool: it lies on another device than other memfds."""
    return file.device != _device_of_memfds()


def _device_of_memfds() -> int | None:
    """The kernel's own mount for memfds, shared mappings and segments."""
    try:
        probe = os.memfd_create("jinmaek", os.MFD_CLOEXEC)
    except OSError:
        return None
    try:
        return os.fstat(probe).st_dev
    finally:
        os.close(probe)


def _segment(one: SharedSegment, mapping: _Mapped | None) -> SharedObject:
    size = None if one.rss is None else one.rss + (one.swap or 0)
    huge = _in_pool(one, mapping)
    if size is not None and huge and size > _rounded(one.size, huge):
        # On new kernels ipc/shm.c shm_add_rss_swap() multiplies what already is in small pages.
        size //= huge // PAGE
    pids = tuple(mapping.pids) if mapping is not None else ()
    return SharedObject("sysv", str(one.shmid), f"0x{one.key:08x}", size, one.swap, pids or (one.cpid,))


def _mapping(one: SharedSegment, mapped: Mapping[Device, _Mapped]) -> _Mapped | None:
    """ipc/shm.c newseg() gives the inode the segment's number."""
    for (_, inode), mapping in mapped.items():
        if inode == one.shmid and mapping.name.startswith(SYSV):
            return mapping
    return None


def _in_pool(one: SharedSegment, mapping: _Mapped | None) -> int:
    """Bytes of a huge page, where the segment is of them; 0 where it is not.

    One that nobody is attached to shows it only by having more pages than fit into it.
    """
    if mapping is not None:
        return mapping.huge
    return HUGE if (one.rss or 0) > _rounded(one.size, HUGE) else 0


def _rounded(size: int, page: int) -> int:
    return -(-size // page) * page


def _anonymous(mapped: Mapping[Device, _Mapped], opened: set[Device]) -> Iterator[SharedObject]:
    """Mappings on the kernel's own mount that nothing else tells of."""
    for key, mapping in mapped.items():
        if key in opened or mapping.huge or mapping.name.startswith(SYSV):
            continue
        memfd = mapping.name.startswith(memory_files.MEMFD)
        name = mapping.name.removeprefix(memory_files.MEMFD).removesuffix(memory_files.DELETED)
        yield SharedObject(
            "memfd" if memfd else "shared-mapping",
            f"{_numbers(key[0])}:{key[1]}",
            name if memfd else mapping.name,
            mapping.pss + mapping.swap,
            mapping.swap,
            tuple(mapping.pids),
            exact=False,
        )


def _mappings(
    root: Root, processes: Processes, segments: Sequence[SharedSegment], budget: float
) -> tuple[dict[Device, _Mapped], list[Gap]]:
    """What processes with shared memory map of it, by object."""
    attached = any(one.nattch for one in segments)
    wanted = [
        one.pid
        for one in processes.all
        if (one.shmem[0] or 0) >= NOTICED
        or (one.sums is not None and one.sums.Swap - (one.swap or 0) >= NOTICED)
        or (attached and one.hugetlb)
    ]
    found: dict[Device, _Mapped] = {}
    gaps: dict[str, Gap] = {}
    device = _device_of_memfds()
    for key, reading in Guard(root, ("smaps",)).read([(pid, pid) for pid in wanted], budget).items():
        if reading.missed is not None or reading.texts is None:
            if reading.missed is not None and reading.missed.kind != "gone":
                gaps[reading.missed.kind] = Gap(reading.missed.kind, "proc/PID/smaps", reading.missed.detail)
            continue
        assert isinstance(key, int)
        try:
            _note(found, key, reading.texts[0].decode("utf-8", "backslashreplace"), device)
        except Malformed as fault:
            gaps["malformed"] = Gap("malformed", f"proc/{key}/smaps", str(fault))
    return found, list(gaps.values())


def _note(found: dict[Device, _Mapped], pid: int, text: str, device: int | None) -> None:
    """Add the shared mappings of one process that have no file of their own."""
    for vma in pid_smaps.parse(text):
        if not vma.inode or not vma.path.startswith(("/dev/zero", SYSV, memory_files.MEMFD)):
            continue
        if not vma.path.endswith(memory_files.DELETED):
            continue
        where = os.makedev(vma.major, vma.minor)
        one = found.setdefault((where, vma.inode), _Mapped(vma.path))
        if device is not None and where != device and vma.path != ANONYMOUS:
            one.huge = vma.sizes.get("KernelPageSize", 0)
        one.pss += vma.sizes.get("Pss", 0)
        # Every mapper is told of all pages in swap within its range.
        one.swap = max(one.swap, vma.sizes.get("Swap", 0))
        if pid not in one.pids:
            one.pids.append(pid)


def recorded(segments: Iterable[SharedSegment]) -> SharedMemory:
    """What a recording tells: System V segments. How full a tmpfs was, and who mapped what, is not in it."""
    objects = [_segment(one, None) for one in segments if not _in_pool(one, None)]
    gaps = (
        Gap("absent", "statvfs", "how full each tmpfs was is not recorded"),
        Gap("absent", "proc/PID/fd", "files in memory that have no name are not recorded"),
    )
    return SharedMemory(tuple(objects), (), gaps, complete=False)
