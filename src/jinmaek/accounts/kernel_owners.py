"""Who holds the kernel's own buckets: slab caches, huge page pools, cgroups, zram and zswap. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jinmaek.accounts.memory_core import Balance, Core
from jinmaek.accounts.memory_owners import Fact, Group, Owner, of_objects
from jinmaek.accounts.shared_memory import SharedObject
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.cgroup_stat import CgroupStat
from jinmaek.kernel.cgroups import Controller
from jinmaek.kernel.slab_kind import SlabKind
from jinmaek.kernel.slabinfo import Slab
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.sys_fs import DentryState

RECLAIMABLE = "slab-reclaimable"
UNRECLAIMABLE = "slab-unreclaimable"
LARGE = "large-kmalloc"
DENTRY = "dentry"
SHRINKS = (DENTRY, "radix_tree_node", "buffer_head", "shmem_inode_cache", "kmalloc-rcl-", "inode_cache")
"""Names, and ends of names, of caches reclaim can shrink, where the kernel does not tell."""


def slabs(
    caches: Sequence[Slab],
    kinds: Sequence[SlabKind],
    names: DentryState | None,
    balance: Balance,
    page: int,
) -> Mapping[str, tuple[Owner, ...]]:
    """Caches by bucket, largest first, and what the counters have more: kmalloc of more than two pages,
    which is in no cache (counted since 5.4)."""
    if not caches:
        # slabinfo is root's; dentry-state is not, but knows no sizes.
        return {RECLAIMABLE: (Owner("slab", DENTRY, DENTRY, None, _names(names)),)} if names else {}
    told = {kind.name: bool(kind.reclaim_account) for kind in kinds}
    found: dict[str, list[Owner]] = {RECLAIMABLE: [], UNRECLAIMABLE: []}
    for cache in caches:
        size = cache.num_slabs * cache.pagesperslab * page
        if size:
            shrinks = told[cache.name] if cache.name in told else _shrinks(cache.name)
            bucket = RECLAIMABLE if shrinks else UNRECLAIMABLE
            found[bucket].append(Owner("slab", cache.name, cache.name, size, _objects(cache, names)))
    for bucket, owners in found.items():
        rest = balance.size(bucket) - sum(owner.bytes or 0 for owner in owners)
        if kinds and rest > 0:
            owners.append(Owner(LARGE, LARGE, LARGE, rest))
    return {bucket: _largest_first(owners) for bucket, owners in found.items()}


def _objects(cache: Slab, names: DentryState | None) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"objects": cache.active_objs, "object_bytes": cache.objsize}
    if cache.num_objs:
        facts["in_use"] = cache.active_objs / cache.num_objs
    return {**facts, **_names(names)} if cache.name == DENTRY else facts


def _names(names: DentryState | None) -> dict[str, Fact]:
    if names is None:
        return {}
    facts: dict[str, Fact] = {"names": names.nr_dentry, "unused": names.nr_unused}
    if names.nr_negative is not None:
        facts["negative"] = names.nr_negative
    return facts


def _shrinks(cache: str) -> bool:
    return cache.startswith(SHRINKS[:-1]) or cache.endswith(SHRINKS[-1])


def hugepages(
    core: Core,
    found: Sequence[Group],
    objects: Iterable[SharedObject],
    name_of: Callable[[int], str],
) -> tuple[Owner, ...]:
    """What is free in each pool, then the segments and memfds of it, then who maps the rest.

    Of pages that several processes map, groups have no bytes, only how much: which are the same is not told.
    """
    objects = tuple(objects)
    owners = []
    for pool in core.pools:
        if not pool.total or pool.free is None:
            continue
        reserved = pool.reserved or 0
        facts: dict[str, Fact] = {"page_bytes": pool.size, "pages": pool.total}
        for kind, count in (("pool-free", pool.free - reserved), ("pool-reserved", reserved)):
            if count > 0:
                owners.append(Owner(kind, f"hugepages-{pool.size >> 10}kB", kind, count * pool.size, facts))
    owners += of_objects(objects, name_of)
    for group in found:
        # A segment that one process maps is private to it, as the kernel counts.
        named = sum(one.size or 0 for one in objects if len(one.pids) == 1 and one.pids[0] in group.pids)
        own = max(0, group.private_huge - named)
        if own or group.shared_huge:
            facts = {"processes": len(group.pids)}
            if group.shared_huge:
                facts["shared_bytes"] = group.shared_huge
            owners.append(Owner(group.kind, group.id, group.name, own or None, facts))
    return _largest_first(owners)


def percpu(
    controllers: Sequence[Controller],
    stat: CgroupStat | None,
    memory: Sequence[CgroupMemory],
) -> tuple[Owner, ...]:
    """Cgroups there are, and removed ones that are still held: each has per-CPU memory, of unknown size."""
    owners = []
    live, dying = cgroups(controllers, stat, memory)
    for kind, count in (("dying-cgroups", dying), ("cgroups", live)):
        if count:
            owners.append(Owner(kind, kind, kind, None, {"count": count}))
    return tuple(owners)


def cgroups(
    controllers: Sequence[Controller], stat: CgroupStat | None, memory: Sequence[CgroupMemory]
) -> tuple[int | None, int | None]:
    """Cgroups that account for memory, and removed ones still held; None where it is not told.

    Version 1 counts both in one number: what has no folder any more is dying.
    """
    of = next((one for one in controllers if one.subsys_name == "memory"), None)
    if of is not None and of.hierarchy and memory:
        return len(memory), max(0, of.num_cgroups - len(memory))
    if stat is None:
        return None, None
    dying = (
        stat.nr_dying_subsys_memory if stat.nr_dying_subsys_memory is not None else stat.nr_dying_descendants
    )
    live = stat.nr_subsys_memory if stat.nr_subsys_memory is not None else stat.nr_descendants
    return live, dying


def compressed(core: Core, swaps: Sequence[Swap]) -> tuple[Owner, ...]:
    """zram disks by the RAM they take, and zswap."""
    used_as_swap = {swap.filename.rpartition("/")[2] for swap in swaps}
    owners = [
        Owner(
            "zram",
            disk.device,
            disk.device,
            disk.mem_used_total,
            {"orig_bytes": disk.orig_data_size or 0, "swap": int(disk.device in used_as_swap)},
        )
        for disk in core.zram
        if disk.mem_used_total
    ]
    pool, stored = core.meminfo.Zswap, core.meminfo.Zswapped
    if pool is None and core.zswap_pool is not None:
        pool = core.zswap_pool.pool_total_size
        pages = core.zswap_pool.stored_pages
        stored = None if pages is None else pages * core.page
    if pool:
        owners.append(Owner("zswap", "zswap", "zswap", pool, {"orig_bytes": stored} if stored else {}))
    return _largest_first(owners)


def by_cgroup(rows: Sequence[CgroupMemory], bucket: str) -> tuple[Owner, ...]:
    """What is charged to each cgroup itself, without those below it: a second division of the bucket.

    What is charged to the root is not told in version 2, and left out of both.
    """
    charged = {row.cgroup: _charged(row, bucket) for row in rows}
    below: dict[str, int] = {}
    for path, size in charged.items():
        if path != "/" and size is not None:
            parent = path.rpartition("/")[0] or "/"
            below[parent] = below.get(parent, 0) + size
    owners = [
        Owner("cgroup", path, path, own)
        for path, size in charged.items()
        if path != "/" and size is not None and (own := size - below.get(path, 0)) > 0
    ]
    return _largest_first(owners)


def _charged(row: CgroupMemory, bucket: str) -> int | None:
    match bucket:
        case "anonymous":
            return row.anon
        case "page-cache":
            return None if row.file is None else row.file - (row.shmem or 0)
        case "shmem":
            return row.shmem
        case "slab-reclaimable":
            return row.slab_reclaimable
        case "slab-unreclaimable":
            return row.slab_unreclaimable
    return None


CHARGED = ("anonymous", "page-cache", "shmem", RECLAIMABLE, UNRECLAIMABLE)
"""Buckets cgroups account for."""


def _largest_first(owners: Iterable[Owner]) -> tuple[Owner, ...]:
    return tuple(sorted(owners, key=lambda owner: -(owner.bytes or 0)))
