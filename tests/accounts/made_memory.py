"""Rows of memory tables made by hand: /proc/meminfo as kernels of other ages print it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinmaek.accounts.memory_core import Core
from jinmaek.accounts.memory_processes import Processes, ProcessMemory
from jinmaek.kernel import meminfo as meminfo_file
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.pid_smaps_rollup import PidSmapsRollup
from jinmaek.kernel.vmstat_columns import Vmstat
from jinmaek.kernel.zoneinfo import Zone

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
MADE_ZONE: Any = Zone
MADE_VMSTAT: Any = Vmstat
"""Columns that are not given are None."""

COMMON: Mapping[str, int] = {
    "MemTotal": 16_000_000,
    "MemFree": 2_000_000,
    "Buffers": 200_000,
    "Cached": 6_000_000,
    "SwapCached": 0,
    "Active": 8_000_000,
    "Inactive": 5_200_000,
    "Active(anon)": 5_000_000,
    "Inactive(anon)": 2_400_000,
    "Active(file)": 3_000_000,
    "Inactive(file)": 2_800_000,
    "Unevictable": 0,
    "SwapTotal": 4_000_000,
    "SwapFree": 4_000_000,
    "Dirty": 1_000,
    "Writeback": 0,
    "AnonPages": 7_000_000,
    "Mapped": 300_000,
    "Shmem": 400_000,
    "Slab": 500_000,
    "SReclaimable": 300_000,
    "SUnreclaim": 200_000,
    "KernelStack": 12_000,
    "PageTables": 60_000,
    "Bounce": 0,
    "WritebackTmp": 0,
    "VmallocTotal": 34_359_738_367,
    "HugePages_Total": 32,
    "HugePages_Free": 8,
    "Hugepagesize": 2048,
}
"""What every kernel since 2.6.28 prints, in KiB (HugePages_* are counts)."""

AGES: Mapping[str, Mapping[str, int]] = {
    # MemAvailable and Percpu are backports; VmallocUsed is address space, and there is a chunk.
    "el7": {
        **COMMON,
        "MemAvailable": 8_000_000,
        "VmallocUsed": 352_840,
        "VmallocChunk": 34_359_338_876,
        "Percpu": 3_000,
    },
    "4.4": {**COMMON, "MemAvailable": 8_000_000, "VmallocUsed": 0, "VmallocChunk": 0},
    "4.19": {
        **COMMON,
        "MemAvailable": 8_000_000,
        "VmallocUsed": 0,
        "VmallocChunk": 0,
        "Percpu": 3_000,
        "Hugetlb": 1_114_112,
    },
    "5.4": {
        **COMMON,
        "MemAvailable": 8_000_000,
        "KReclaimable": 310_000,
        "VmallocUsed": 45_000,
        "VmallocChunk": 0,
        "Percpu": 3_000,
        "Hugetlb": 1_114_112,
    },
    "6.1": {
        **COMMON,
        "MemAvailable": 8_000_000,
        "KReclaimable": 310_000,
        "SecPageTables": 2_000,
        "VmallocUsed": 45_000,
        "VmallocChunk": 0,
        "Percpu": 3_000,
        "Zswap": 50_000,
        "Zswapped": 150_000,
        "Hugetlb": 1_114_112,
    },
    "6.12": {
        **COMMON,
        "MemAvailable": 8_000_000,
        "KReclaimable": 310_000,
        "SecPageTables": 2_000,
        "VmallocUsed": 45_000,
        "VmallocChunk": 0,
        "Percpu": 3_000,
        "Zswap": 50_000,
        "Zswapped": 150_000,
        "Hugetlb": 1_114_112,
        "Unaccepted": 0,
        "HardwareCorrupted": 4,
    },
}
"""Field sets by kernel; a pool of 1 GiB pages besides the default one where Hugetlb is told."""


def text(fields: Mapping[str, int]) -> str:
    """The file."""
    return "".join(
        f"{name}:{size:>12}" + ("\n" if name.startswith("HugePages_") else " kB\n")
        for name, size in fields.items()
    )


def meminfo(fields: Mapping[str, int] = COMMON, **changed: int | None) -> Meminfo:
    """Its row, with some fields another number of KiB, or gone."""
    merged = {**fields, **{name.replace("_anon", "(anon)"): value for name, value in changed.items()}}
    return next(meminfo_file.parse(text({k: v for k, v in merged.items() if v is not None})))


def zone(**columns: int | str | None) -> Zone:
    """The only zone of a host."""
    known = {"node": 0, "zone": "Normal", "free": 0, "min": 1000, "low": 1250, "high": 1500}
    made: Zone = MADE_ZONE(**{**known, "managed": 4_000_000, "protection_max": 0, **columns})
    return made


def core(row: Meminfo, **tables: Any) -> Core:
    """With one zone on two CPUs, unless said otherwise."""
    return Core(row, 4096, **{"zones": (zone(pagesets_count=1000),), "cpus": 2, **tables})


def sums(**columns: int) -> PidSmapsRollup:
    """smaps_rollup of 5.4 and later."""
    known = dict.fromkeys(
        ("Rss", "Pss", "Private_Clean", "Private_Dirty", "Swap", "Pss_Anon", "Pss_File", "Pss_Shmem"), 0
    )
    return PidSmapsRollup(**{"Private_Hugetlb": 0, "SwapPss": 0, **known, **columns})


def process(pid: int, name: str = "app", **columns: Any) -> ProcessMemory:
    """One process."""
    known: dict[str, Any] = {
        "start_time": 1.0,
        "uid": 0,
        "threads": 1,
        "resident": 0,
        "rss_anon": 0,
        "rss_file": 0,
        "rss_shmem": 0,
        "swap": 0,
        "page_tables": 0,
        "hugetlb": 0,
        "sums": None,
    }
    return ProcessMemory(pid=pid, name=name, **{**known, **columns})


def processes(*every: ProcessMemory) -> Processes:
    """All there are."""
    read = sum(one.sums is not None for one in every)
    unread = (("denied", len(every) - read),) if read < len(every) else ()
    return Processes(every, read, unread, (), ())
