"""The swap account: what the slots in use hold, and whether anybody moves them.

A slot in use is wanted by page tables (anonymous memory; SwapPss divides a slot among those who share it), by
a file in memory (tmpfs, memfd, System V, shared mappings), or by the swap cache alone: the page came back and
its slot was kept. Three parts that do not overlap, so they add up to /proc/swaps. What cgroups are charged is
a second division of the same slots, and zram and zswap are where their contents are: neither is added.

fs/proc/task_mmu.c smaps_pte_entry(), mm/swapfile.c, Documentation/admin-guide/cgroup-v2.rst memory.swap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from jinmaek.accounts.memory_buckets import unmapped_swap_cache
from jinmaek.accounts.memory_core import Core
from jinmaek.accounts.memory_owners import Group, Owner, of_objects
from jinmaek.accounts.memory_processes import Processes
from jinmaek.accounts.shared_memory import SharedMemory
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.vmstat_columns import Vmstat

PartKind = Literal["anon", "shmem", "cgroup", "swapcached", "zram", "zswap"]
Bound = Literal["exact", "upper", "lower"]

RATES = ("pswpin", "pswpout", "zswpin", "zswpout", "workingset_refault_anon", "pgmajfault")
"""Counters of /proc/vmstat that tell whether swap is in use."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes in swap of one kind. ``adds`` is whether they are part of the sum; None is not known."""

    kind: PartKind
    bytes: int | None
    adds: bool
    bound: Bound
    who: tuple[Owner, ...]


@dataclass(frozen=True, slots=True)
class SwapAccount:
    """All swap space."""

    devices: tuple[Swap, ...]
    total: int | None
    used: int | None
    cached: int | None
    """SwapCached: pages in RAM that also have a slot."""
    parts: tuple[Part, ...]

    @property
    def explained(self) -> int | None:
        """None where a part is not known."""
        added = [part.bytes for part in self.parts if part.adds]
        known = [size for size in added if size is not None]
        return sum(known) if len(known) == len(added) else None

    @property
    def unexplained(self) -> int | None:
        """Below 0 where bounds from above exceed what is used."""
        return None if self.used is None or self.explained is None else self.used - self.explained

    @property
    def exact(self) -> bool:
        return all(part.bound == "exact" for part in self.parts if part.adds)

    def part(self, kind: PartKind) -> Part | None:
        return next((part for part in self.parts if part.kind == kind), None)


def account(
    core: Core,
    devices: Sequence[Swap],
    cgroups: Sequence[CgroupMemory],
    processes: Processes,
    groups: Sequence[Group],
    shared: SharedMemory,
) -> SwapAccount:
    """The account of one moment."""
    m = core.meminfo
    told = None if m.SwapTotal is None or m.SwapFree is None else m.SwapTotal - m.SwapFree
    names = {one.pid: one.name for one in processes.all}
    parts = [
        _anon(processes, groups),
        _shmem(core, shared, lambda pid: names.get(pid, "?")),
        *_cached(core),
        *_cgroups(cgroups),
        *_zram(core, devices),
        *_zswap(core),
    ]
    return SwapAccount(
        devices=tuple(devices),
        total=sum(one.size for one in devices) if devices else m.SwapTotal,
        used=sum(one.used for one in devices) if devices else told,
        cached=m.SwapCached,
        parts=tuple(parts),
    )


def _anon(processes: Processes, groups: Sequence[Group]) -> Part:
    shares = [one.swap_share for one in processes.all]
    known = [size for size, _ in shares if size is not None]
    exact = all(exact for _, exact in shares)
    return Part(
        "anon",
        sum(known) if len(known) == len(shares) and shares else None,
        adds=True,
        bound="exact" if exact else "upper",
        who=_by_size(
            Owner(
                group.kind,
                group.id,
                group.name,
                group.swap,
                {"pid": group.pids[0]} if len(group.pids) == 1 else {"processes": len(group.pids)},
            )
            for group in groups
            if group.swap
        ),
    )


def _shmem(core: Core, shared: SharedMemory, name_of: Callable[[int], str]) -> Part:
    """Shared memory in swap: what all objects take, in RAM or not, less what of it is in RAM (Shmem).

    Objects nobody found make it too small. System V and mappings tell it themselves; of a tmpfs and a memfd
    the kernel does not tell which part is in swap.
    """
    told = sum(one.swap or 0 for one in shared.objects)
    between = None if core.meminfo.Shmem is None else shared.size - core.meminfo.Shmem
    unsized = any(one.size is None for one in shared.objects)
    swapped = [one for one in shared.objects if one.swap]
    if between is None or not shared.objects:
        size = told if shared.objects or shared.complete else None
    else:
        size = max(told, between)
    untold = 0 if size is None else size - told
    who = list(of_objects(swapped, name_of, lambda one: one.swap))
    others = [one for one in shared.objects if one.swap is None and one.size]
    if untold > 0 and len(others) == 1:
        who += of_objects(others, name_of, lambda _: untold)
    elif untold > 0:
        # How much of each is in swap nobody tells: the whole stands in ``bytes`` of the part.
        who += [
            Owner(one.kind, one.id, one.name, None, {**one.facts, "held_bytes": one.bytes or 0})
            for one in of_objects(others, name_of)
        ]
    bound: Bound = "lower" if unsized or not shared.complete else "exact"
    return Part("shmem", size, adds=True, bound=bound, who=_by_size(who))


def _cached(core: Core) -> list[Part]:
    """Slots kept for pages that are back in RAM and mapped: wanted by nothing but the swap cache."""
    cached, unmapped = core.meminfo.SwapCached, unmapped_swap_cache(core)
    if cached is None:
        return []
    if unmapped is None:
        return [Part("swapcached", None, adds=True, bound="upper", who=())]
    return [Part("swapcached", cached - unmapped, adds=True, bound="exact", who=())]


def _cgroups(rows: Sequence[CgroupMemory]) -> list[Part]:
    charged = {row.cgroup: row.swap_current for row in rows if row.swap_current is not None}
    if not charged:
        return []
    below: dict[str, int] = {}
    for path, size in charged.items():
        if path != "/":
            parent = path.rpartition("/")[0] or "/"
            below[parent] = below.get(parent, 0) + size
    own = {path: size - below.get(path, 0) for path, size in charged.items() if path != "/"}
    owners = [Owner("cgroup", path, path, size) for path, size in own.items() if size > 0]
    top = sum(size for path, size in charged.items() if path.count("/") == 1 and path != "/")
    return [Part("cgroup", top, adds=False, bound="exact", who=_by_size(owners))]


def _zram(core: Core, devices: Sequence[Swap]) -> list[Part]:
    """RAM that zram disks used as swap take."""
    names = {one.filename.rpartition("/")[2] for one in devices}
    disks = [disk for disk in core.zram if disk.device in names and disk.mem_used_total is not None]
    if not disks:
        return []
    owners = [
        Owner(
            "zram",
            disk.device,
            disk.device,
            disk.mem_used_total,
            {"orig_bytes": disk.orig_data_size or 0, "compr_bytes": disk.compr_data_size or 0, "swap": 1},
        )
        for disk in disks
    ]
    whole = sum(disk.mem_used_total or 0 for disk in disks)
    return [Part("zram", whole, adds=False, bound="exact", who=_by_size(owners))]


def _zswap(core: Core) -> list[Part]:
    pool, stored = core.meminfo.Zswap, core.meminfo.Zswapped
    if pool is None and core.zswap_pool is not None:
        pool = core.zswap_pool.pool_total_size
        pages = core.zswap_pool.stored_pages
        stored = None if pages is None else pages * core.page
    if pool is None:
        return []
    owners = (Owner("zswap", "zswap", "zswap", pool, {} if stored is None else {"orig_bytes": stored}),)
    return [Part("zswap", pool, adds=False, bound="exact", who=owners if pool else ())]


def rates(first: Vmstat | None, last: Vmstat | None, seconds: float) -> dict[str, float | None]:
    """Events per second between two readings; None of what this kernel does not count, and of one reading."""
    found: dict[str, float | None] = {}
    for name in RATES:
        before, after = getattr(first, name, None), getattr(last, name, None)
        known = before is not None and after is not None and seconds > 0
        found[name] = (after - before) / seconds if known else None  # type: ignore[operator]
    return found


def _by_size(owners: Iterable[Owner]) -> tuple[Owner, ...]:
    return tuple(sorted(owners, key=lambda owner: -(owner.bytes or 0)))
