"""Who holds each bucket: processes by what they have in common, shared objects, the kernel's own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.accounts.made_memory import GIB, KIB, MIB, core, meminfo, process, processes, sums

from jinmaek.accounts import kernel_owners
from jinmaek.accounts.memory import Ledger
from jinmaek.accounts.memory_buckets import balance
from jinmaek.accounts.memory_owners import By, Group, Owner, groups, of_groups, of_objects, of_stacks
from jinmaek.accounts.memory_used import used
from jinmaek.accounts.shared_memory import SharedMemory, SharedObject
from jinmaek.kernel import (
    cgroup_memory,
    cgroup_stat,
    hugepages,
    pid_smaps_rollup,
    swaps,
    zram,
    zswap_pool,
)
from jinmaek.kernel.cgroups import Controller
from jinmaek.kernel.slab_kind import SlabKind
from jinmaek.kernel.slabinfo import Slab
from jinmaek.kernel.sys_fs import DentryState

CgroupMemory: Any = cgroup_memory.CgroupMemory
CgroupStat: Any = cgroup_stat.CgroupStat
Hugepages: Any = hugepages.Hugepages
Zram: Any = zram.Zram

WORKERS = (
    process(10, "db", uid=7, threads=2, page_tables=5, sums=sums(Pss_Anon=30, Pss_File=9, Pss_Shmem=100)),
    process(11, "db", uid=7, threads=1, page_tables=6, sums=sums(Pss_Anon=20, SwapPss=3)),
    process(12, "web", uid=8, hugetlb=70, sums=sums(Pss_Anon=40, Private_Hugetlb=20)),
)


def made(by: By, *more: Any) -> dict[str, Group]:
    found = groups((*WORKERS, *more), by, lambda uid: f"user{uid}", lambda pid: "/a" if pid < 12 else None)
    return {group.id: group for group in found}


def test_processes_are_put_together_by_what_was_asked_for() -> None:
    assert {key: group.pids for key, group in made("command").items()} == {"db": [10, 11], "web": [12]}
    assert {key: group.name for key, group in made("user").items()} == {"7": "user7", "8": "user8"}
    assert {key: group.pids for key, group in made("cgroup").items()} == {"/a": [10, 11], "?": [12]}
    assert set(made("process")) == {"10", "11", "12"}


def test_shares_add_up() -> None:
    db = made("command")["db"]
    assert (db.anon, db.file, db.shmem, db.page_tables, db.threads, db.swap) == (50, 9, 100, 11, 3, 3)
    assert db.exact


def test_a_process_that_was_not_read_counts_by_its_resident_set_and_makes_it_an_upper_bound() -> None:
    unread = process(13, "db", rss_anon=500, rss_file=60, rss_shmem=7, swap=9)
    db = made("command", unread)["db"]
    assert (db.anon, db.file, db.shmem, db.swap, db.exact) == (550, 69, 107, 12, False)
    (first, *_) = of_groups(list(made("command", unread).values()), lambda group: group.anon, shares=True)
    assert (first.name, first.bytes, first.facts) == ("db", 550, {"processes": 3, "bound": "upper"})
    (threads, *_) = of_groups(list(made("command", unread).values()), lambda group: group.threads)
    assert "bound" not in threads.facts


def test_before_5_4_the_share_is_bounded_by_both_figures() -> None:
    bare = pid_smaps_rollup.parse(
        "1-2 ---p 0 00:00 0 [rollup]\n"
        "Rss: 0 kB\nPss: 1 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 0 kB\nSwap: 0 kB\n"
    )
    for rss, share in ((70, 70), (1300, 1024)):
        assert process(9, rss_anon=rss, rss_file=20, sums=bare).anon == (share, False)
    assert process(9, rss_file=20, sums=bare).file == (20, False)


def test_a_process_with_nothing_in_swap_has_exactly_nothing() -> None:
    assert process(9, swap=0).swap_share == (0, True)
    assert process(9, swap=5).swap_share == (5, False)
    assert process(9, swap=5, sums=sums(SwapPss=2)).swap_share == (2, True)


def test_owners_are_the_largest_first_and_without_the_empty_ones() -> None:
    owners = of_groups(list(made("process").values()), lambda group: group.anon)
    assert [(owner.id, owner.bytes) for owner in owners] == [("12", 40), ("10", 30), ("11", 20)]
    assert owners[0].facts == {"processes": 1, "pid": 12}
    assert of_groups(list(made("process").values()), lambda group: 0) == ()


def test_stacks_are_divided_by_threads() -> None:
    owners = of_stacks(list(made("command").values()), 10 * 16 * KIB, 10)
    assert [(owner.name, owner.bytes) for owner in owners] == [("db", 3 * 16 * KIB), ("web", 16 * KIB)]
    # Threads came and went between the two figures: the size of a stack is a power of two.
    assert of_stacks(list(made("command").values()), 10 * 16 * KIB, 11)[0].bytes == 3 * 16 * KIB
    assert of_stacks(list(made("command").values()), 100, 0) == ()


def test_shared_objects() -> None:
    objects = (
        SharedObject("tmpfs", "0:27", "/dev/shm", 5),
        SharedObject("memfd", "0:5:7", "ring", 9, pids=(10, 11)),
        SharedObject("shared-mapping", "0:5:8", "/dev/zero", 7, swap=2, pids=(12,), exact=False),
        SharedObject("tmpfs", "0:28", "/empty", 0),
        SharedObject("tmpfs", "0:29", "/unlimited", None),
    )
    owners = of_objects(objects, {10: "db", 12: "web"}.__getitem__)
    assert owners == (
        Owner("memfd", "0:5:7", "ring", 9, {"holders": 2, "pid": 10, "holder": "db"}),
        Owner(
            "shared-mapping",
            "0:5:8",
            "/dev/zero",
            7,
            {"holders": 1, "pid": 12, "holder": "web", "swap_bytes": 2, "bound": "lower"},
        ),
        Owner("tmpfs", "0:27", "/dev/shm", 5),
        Owner("tmpfs", "0:29", "/unlimited", None),
    )


def cache(name: str, slabs: int, objects: int = 10) -> Slab:
    return Slab(
        name=name,
        active_objs=objects,
        num_objs=objects * 2,
        objsize=192,
        objperslab=21,
        pagesperslab=1,
        active_slabs=slabs,
        num_slabs=slabs,
    )


NAMES = DentryState(nr_dentry=500, nr_unused=400, age_limit=45, want_pages=0, nr_negative=300)
CACHES = (
    cache("dentry", 30_000),
    cache("ext4_inode_cache", 40_000),
    cache("task_struct", 20_000),
    cache("idle", 0),
)


def test_caches_by_whether_reclaim_can_shrink_them() -> None:
    kinds = [
        SlabKind(name=one.name, reclaim_account=int(one.name in ("dentry", "ext4_inode_cache")))
        for one in CACHES
    ]
    found = kernel_owners.slabs(CACHES, kinds, NAMES, balance(core(meminfo())), 4096)
    shrinking, fixed = found["slab-reclaimable"], found["slab-unreclaimable"]
    assert [(one.name, one.bytes) for one in shrinking] == [
        ("ext4_inode_cache", 40_000 * 4096),
        ("dentry", 30_000 * 4096),
        ("large-kmalloc", 300_000 * KIB - 70_000 * 4096),
    ]
    assert shrinking[1].facts == {
        "objects": 10,
        "object_bytes": 192,
        "in_use": 0.5,
        "names": 500,
        "unused": 400,
        "negative": 300,
    }
    assert [(one.name, one.bytes) for one in fixed] == [
        ("large-kmalloc", 200_000 * KIB - 20_000 * 4096),
        ("task_struct", 20_000 * 4096),
    ]


def test_without_the_kinds_names_tell_and_no_rest_is_claimed() -> None:
    found = kernel_owners.slabs(CACHES, (), NAMES, balance(core(meminfo())), 4096)
    assert [one.name for one in found["slab-reclaimable"]] == ["ext4_inode_cache", "dentry"]
    assert [one.name for one in found["slab-unreclaimable"]] == ["task_struct"]


def test_without_slabinfo_the_names_are_counted_and_their_size_is_unknown() -> None:
    found = kernel_owners.slabs((), (), NAMES, balance(core(meminfo())), 4096)
    (owner,) = found["slab-reclaimable"]
    assert (owner.name, owner.bytes, owner.facts["negative"]) == ("dentry", None, 300)
    assert kernel_owners.slabs((), (), None, balance(core(meminfo())), 4096) == {}


def test_huge_pages_free_promised_and_mapped() -> None:
    pools = (
        Hugepages(size=2 * MIB, total=512, free=100, reserved=30),
        Hugepages(size=GIB, total=2, free=2, reserved=0),
        Hugepages(size=64 * KIB, total=0, free=0, reserved=0),
    )
    segment = SharedObject("sysv", "3", "0x0000002a", 50 * MIB)
    every = list(made("command").values())
    found = kernel_owners.hugepages(core(meminfo(), pools=pools), every, (segment,), str)
    told = {(one.kind, one.id): one.bytes for one in found}
    assert told == {
        ("pool-free", "hugepages-1048576kB"): 2 * GIB,
        ("pool-free", "hugepages-2048kB"): 70 * 2 * MIB,
        ("pool-reserved", "hugepages-2048kB"): 30 * 2 * MIB,
        ("sysv", "3"): 50 * MIB,
        ("command", "web"): 20,
    }
    assert found[-1].facts == {"processes": 1, "shared_bytes": 50}
    # Mapped by one process alone, the segment is part of what is private to it.
    alone = SharedObject("sysv", "3", "0x0000002a", 15, pids=(12,))
    (_, web) = kernel_owners.hugepages(core(meminfo()), every, (alone,), str)
    assert (web.name, web.bytes) in (("0x0000002a", 15), ("web", 5))


@pytest.mark.parametrize(
    ("controllers", "stat", "folders", "live", "dying"),
    [
        ((Controller(subsys_name="memory", hierarchy=4, num_cgroups=33, enabled=1),), None, 11, 11, 22),
        ((Controller(subsys_name="memory", hierarchy=4, num_cgroups=3, enabled=1),), None, 4, 4, 0),
        (
            (Controller(subsys_name="memory", hierarchy=0, num_cgroups=5, enabled=1),),
            CgroupStat(nr_descendants=40, nr_dying_descendants=7),
            9,
            40,
            7,
        ),
        (
            (),
            CgroupStat(
                nr_descendants=4, nr_dying_descendants=7, nr_subsys_memory=3, nr_dying_subsys_memory=2
            ),
            0,
            3,
            2,
        ),
        ((), None, 5, None, None),
    ],
)
def test_removed_cgroups_that_are_still_held(
    controllers: tuple[Controller, ...], stat: Any, folders: int, live: int | None, dying: int | None
) -> None:
    memory = [CgroupMemory(cgroup=f"/{n}") for n in range(folders)]
    assert kernel_owners.cgroups(controllers, stat, memory) == (live, dying)


def test_cgroups_own_what_those_below_them_do_not() -> None:
    rows = [
        CgroupMemory(cgroup="/", anon=100),
        CgroupMemory(cgroup="/a", anon=70, file=50, shmem=20),
        CgroupMemory(cgroup="/a/b", anon=60, file=50, shmem=20),
        CgroupMemory(cgroup="/a/b/c", anon=5),
        CgroupMemory(cgroup="/d"),
    ]
    anon = kernel_owners.by_cgroup(rows, "anonymous")
    assert [(one.name, one.bytes) for one in anon] == [("/a/b", 55), ("/a", 10), ("/a/b/c", 5)]
    assert [(one.name, one.bytes) for one in kernel_owners.by_cgroup(rows, "page-cache")] == [("/a/b", 30)]
    assert kernel_owners.by_cgroup(rows, "slab-reclaimable") == ()


def test_zram_and_zswap() -> None:
    disks = (
        Zram(device="zram0", mem_used_total=30, orig_data_size=90),
        Zram(device="zram1", mem_used_total=40),
        Zram(device="zram2", mem_used_total=0),
    )
    used = swaps.Swap(filename="/dev/zram0", type="partition", size=1, used=1, priority=1)
    pool: Any = zswap_pool.ZswapPool
    one = core(meminfo(), zram=disks, zswap_pool=pool(pool_total_size=10, stored_pages=2))
    found = kernel_owners.compressed(one, (used,))
    assert [(owner.kind, owner.name, owner.bytes) for owner in found] == [
        ("zram", "zram1", 40),
        ("zram", "zram0", 30),
        ("zswap", "zswap", 10),
    ]
    assert found[1].facts == {"orig_bytes": 90, "swap": 1}
    assert found[2].facts == {"orig_bytes": 8192}


def ledger(*every: Any, **owners: tuple[Owner, ...]) -> Ledger:
    one = core(meminfo())
    return Ledger(
        core=one,
        balance=balance(one),
        band=None,
        owners={name.replace("_", "-"): found for name, found in owners.items()},
        cgroups={},
        by="command",
        processes=processes(*every),
        shared=SharedMemory((), (), (), complete=True),
        used=used(one, None, None),
        reasons=(),
        available=None,
        sockets=None,
        gaps=(),
        wall_s=0.0,
        cpu_s=0.0,
    )


READ = process(7, sums=sums(Pss_Anon=GIB))
HELD = (Owner("command", "app", "app", GIB),)


def test_what_nobody_owns() -> None:
    anonymous = 7_000_000 * KIB
    assert ledger(READ, anonymous=HELD).unowned("anonymous") == (anonymous - GIB, True)
    # Another was not read: it may share pages with the first, or may not.
    unread = process(8, rss_anon=MIB)
    upper = (Owner("command", "app", "app", GIB + MIB, {"bound": "upper"}),)
    assert ledger(READ, unread, anonymous=upper).unowned("anonymous") == (anonymous - GIB - MIB, False)
    above = (Owner("command", "app", "app", anonymous + 1, {"bound": "upper"}),)
    assert ledger(READ, unread, anonymous=above).unowned("anonymous") == (None, False)


def test_what_nobody_owns_is_unknown_where_something_is_missing() -> None:
    assert ledger(READ).unowned("anonymous") == (None, False)  # nobody looked
    assert ledger(anonymous=()).unowned("anonymous") == (None, False)  # no process is known
    nothing_told = process(8, rss_anon=None)
    assert ledger(READ, nothing_told, anonymous=HELD).unowned("anonymous") == (None, False)
    unsized = (Owner("cgroups", "cgroups", "cgroups", None),)
    assert ledger(READ, percpu=unsized).unowned("percpu") == (None, False)
    assert ledger(process(8), page_tables=HELD).unowned("page-tables") == (60_000 * KIB - GIB, True)
