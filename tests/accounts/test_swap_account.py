"""The parts of swap: they add up, or say in which direction they do not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.accounts.made_memory import AGES, KIB, MIB, core, meminfo, process, processes, sums

from jinmaek.accounts.memory_core import Core
from jinmaek.accounts.memory_owners import groups
from jinmaek.accounts.memory_processes import Processes
from jinmaek.accounts.shared_memory import SharedMemory, SharedObject
from jinmaek.accounts.swap import SwapAccount, account, rates
from jinmaek.kernel import cgroup_memory, vmstat, zram
from jinmaek.kernel.swaps import Swap
from jinmaek.model import Gap

CgroupMemory: Any = cgroup_memory.CgroupMemory
Vmstat: Any = vmstat.Vmstat
Zram: Any = zram.Zram

HALF = process(10, "db", swap=60 * MIB, sums=sums(SwapPss=30 * MIB))
OTHER_HALF = process(11, "db", swap=60 * MIB, sums=sums(SwapPss=30 * MIB))
COLD = process(12, "cold", swap=40 * MIB, sums=sums(SwapPss=40 * MIB))
NOTHING = SharedMemory((), (), (), complete=True)


def disk(used: int, name: str = "/swapfile") -> Swap:
    return Swap(filename=name, type="file", size=512 * MIB, used=used, priority=-2)


def made(
    used: int,
    found: Processes,
    shared: SharedMemory = NOTHING,
    one: Core | None = None,
    cgroups: tuple[Any, ...] = (),
    name: str = "/swapfile",
) -> SwapAccount:
    by_command = groups(found.all, "command", str, lambda pid: None)
    return account(one or core(meminfo(Shmem=0)), (disk(used, name),), cgroups, found, by_command, shared)


def test_pages_shared_after_fork_count_once() -> None:
    told = made(100 * MIB, processes(HALF, OTHER_HALF, COLD))
    anon = told.part("anon")
    assert anon is not None
    assert (anon.bytes, anon.bound, told.unexplained, told.exact) == (100 * MIB, "exact", 0, True)
    assert [(one.name, one.bytes, one.facts) for one in anon.who] == [
        ("db", 60 * MIB, {"processes": 2}),
        ("cold", 40 * MIB, {"pid": 12}),
    ]


def test_vmswap_in_their_place_is_an_upper_bound() -> None:
    unread = process(11, "db", swap=60 * MIB)
    told = made(100 * MIB, processes(HALF, unread, COLD))
    anon = told.part("anon")
    assert anon is not None
    assert (anon.bytes, anon.bound, told.unexplained) == (130 * MIB, "upper", -30 * MIB)
    # A process that has nothing in swap cannot be counted too often.
    still = made(70 * MIB, processes(HALF, COLD, process(13)))
    assert still.exact


def test_a_process_nothing_is_known_of_makes_the_part_unknown() -> None:
    told = made(100 * MIB, processes(HALF, process(13, swap=None)))
    assert (told.explained, told.unexplained) == (None, None)


def test_shared_memory_in_swap_is_what_its_objects_take_less_what_is_in_ram() -> None:
    objects = (
        SharedObject("tmpfs", "0:27", "/mnt/t", 200 * MIB),
        SharedObject("sysv", "4", "0x0", 90 * MIB, swap=50 * MIB, pids=(10,)),
        SharedObject("tmpfs", "0:28", "/empty", 0),
    )
    shared = SharedMemory(objects, (), (), complete=True)
    told = made(240 * MIB, processes(COLD), shared, core(meminfo(Shmem=90 * 1024)))
    shmem = told.part("shmem")
    assert shmem is not None
    # 290 MiB in all, 90 of them in RAM; 50 of the rest are the segment's.
    assert (shmem.bytes, shmem.bound, told.unexplained) == (200 * MIB, "exact", 0)
    assert [(one.kind, one.bytes) for one in shmem.who] == [("tmpfs", 150 * MIB), ("sysv", 50 * MIB)]


def test_which_of_two_tmpfs_is_in_swap_nobody_tells() -> None:
    objects = (
        SharedObject("tmpfs", "0:27", "/mnt/a", 100 * MIB),
        SharedObject("tmpfs", "0:28", "/mnt/b", 60 * MIB),
    )
    shared = SharedMemory(objects, (), (), complete=True)
    shmem = made(60 * MIB, processes(COLD), shared, core(meminfo(Shmem=100 * 1024))).part("shmem")
    assert shmem is not None
    assert shmem.bytes == 60 * MIB
    assert [(one.name, one.bytes, one.facts["held_bytes"]) for one in shmem.who] == [
        ("/mnt/a", None, 100 * MIB),
        ("/mnt/b", None, 60 * MIB),
    ]


def test_objects_that_were_not_found_make_it_a_lower_bound() -> None:
    gap = Gap("denied", "proc/PID/fd")
    shared = SharedMemory((SharedObject("tmpfs", "1", "/t", 10 * MIB),), (), (gap,), complete=False)
    shmem = made(50 * MIB, processes(COLD), shared, core(meminfo(Shmem=40 * 1024))).part("shmem")
    assert shmem is not None
    assert (shmem.bytes, shmem.bound) == (0, "lower")


def test_shared_memory_of_a_captured_tree_is_unknown() -> None:
    shared = SharedMemory((), (), (Gap("absent", "statvfs"),), complete=False)
    told = made(50 * MIB, processes(COLD), shared)
    assert told.unexplained is None


@pytest.mark.parametrize(("on_lists", "kept"), [(30_000, 20_000), (50_000, 0), (0, 50_000)])
def test_slots_kept_for_pages_that_are_back(on_lists: int, kept: int) -> None:
    """The part of the swap cache that processes map again; the rest is still wanted by page tables."""
    one = core(meminfo(Shmem=0, SwapCached=50_000, Active=8_000_000 + on_lists))
    told = made(40 * MIB + kept * KIB, processes(COLD), one=one)
    cached = told.part("swapcached")
    assert cached is not None
    assert (cached.bytes, told.unexplained, told.cached) == (kept * KIB, 0, 50_000 * KIB)


def test_cgroups_are_another_division_and_do_not_add() -> None:
    cgroups = (
        CgroupMemory(cgroup="/", swap_current=99),
        CgroupMemory(cgroup="/a", swap_current=40 * MIB),
        CgroupMemory(cgroup="/a/b", swap_current=30 * MIB),
        CgroupMemory(cgroup="/c"),
    )
    told = made(40 * MIB, processes(COLD), cgroups=cgroups)
    part = told.part("cgroup")
    assert part is not None
    assert (part.bytes, part.adds, told.unexplained) == (40 * MIB, False, 0)
    assert [(one.name, one.bytes) for one in part.who] == [("/a/b", 30 * MIB), ("/a", 10 * MIB)]


def test_ram_that_zram_and_zswap_take() -> None:
    disks = (
        Zram(device="zram0", mem_used_total=12 * MIB, orig_data_size=40 * MIB, compr_data_size=11 * MIB),
        Zram(device="zram1", mem_used_total=99 * MIB),
    )
    one = core(meminfo(AGES["6.1"], Shmem=0), zram=disks)
    told = made(40 * MIB, processes(COLD), one=one, name="/dev/zram0")
    ram, pool = told.part("zram"), told.part("zswap")
    assert ram is not None
    assert pool is not None
    assert (ram.bytes, ram.adds, [owner.name for owner in ram.who]) == (12 * MIB, False, ["zram0"])
    assert (pool.bytes, pool.who[0].facts) == (50_000 * KIB, {"orig_bytes": 150_000 * KIB})
    assert told.unexplained == 0


def test_without_proc_swaps_meminfo_tells_what_is_used() -> None:
    told = account(core(meminfo(SwapFree=3_900_000)), (), (), processes(COLD), (), NOTHING)
    assert (told.total, told.used) == (4_000_000 * KIB, 100_000 * KIB)


def test_rates_between_two_readings() -> None:
    first, last = Vmstat(pswpin=100, pswpout=5), Vmstat(pswpin=150, pswpout=5, zswpin=7)
    found = rates(first, last, 5.0)
    assert (found["pswpin"], found["pswpout"], found["zswpin"]) == (10.0, 0.0, None)
    assert set(rates(first, first, 0.0).values()) == {None}
    assert set(rates(None, last, 5.0).values()) == {None}
