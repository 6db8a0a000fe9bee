"""/proc/meminfo: how the memory of the host is used.

    MemTotal:       24684084 kB
    Active(anon):       1424 kB
    HugePages_Total:       0

fs/proc/meminfo.c meminfo_proc_show(), arch/*/mm arch_report_meminfo(). "kB" is KiB; HugePages_* are
counts. ``Active(anon)`` is ``Active_anon`` here. Figures overlap: see each line.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Metric, Reader, columns_of, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Meminfo:
    """The host's memory."""

    MemTotal: int = gauge("bytes", "RAM the kernel manages")
    MemFree: int = gauge("bytes", "RAM that holds nothing at all")
    MemAvailable: int | None = gauge("bytes", "an estimate of what programs can have without swapping (3.14)")
    Buffers: int | None = gauge("bytes", "page cache of block devices")
    Cached: int | None = gauge("bytes", "page cache of files, Shmem included")
    SwapCached: int | None = gauge("bytes", "pages in RAM that also have a copy in swap")
    Active: int | None = gauge("bytes", "pages used lately")
    Inactive: int | None = gauge("bytes", "pages not used lately")
    Active_anon: int | None = gauge("bytes", "anonymous, shmem and tmpfs pages used lately")
    Inactive_anon: int | None = gauge("bytes", "anonymous, shmem and tmpfs pages not used lately")
    Active_file: int | None = gauge("bytes", "file pages used lately")
    Inactive_file: int | None = gauge("bytes", "file pages not used lately")
    Unevictable: int | None = gauge("bytes", "pages reclaim must not touch, Mlocked included")
    Mlocked: int | None = gauge("bytes", "pages held by mlock()")
    HighTotal: int | None = gauge("bytes", "memory the kernel does not map (32 bit)")
    HighFree: int | None = gauge("bytes", "free part of HighTotal")
    LowTotal: int | None = gauge("bytes", "memory the kernel maps (32 bit)")
    LowFree: int | None = gauge("bytes", "free part of LowTotal")
    MmapCopy: int | None = gauge("bytes", "copies made for mappings without an MMU")
    SwapTotal: int | None = gauge("bytes", "swap space")
    SwapFree: int | None = gauge("bytes", "swap space that holds nothing")
    Zswap: int | None = gauge("bytes", "RAM the compressed pages of zswap take (5.19)")
    Zswapped: int | None = gauge("bytes", "size before compression of the pages in zswap (5.19)")
    Dirty: int | None = gauge("bytes", "page cache waiting to be written")
    Writeback: int | None = gauge("bytes", "page cache being written")
    AnonPages: int | None = gauge("bytes", "memory of programs without a file behind it, mapped")
    Mapped: int | None = gauge("bytes", "page cache and shmem mapped by programs")
    Shmem: int | None = gauge("bytes", "tmpfs and shared memory; contained in Cached")
    KReclaimable: int | None = gauge("bytes", "kernel memory reclaim can shrink, with SReclaimable (4.20)")
    Slab: int | None = gauge("bytes", "kernel objects: SReclaimable + SUnreclaim")
    SReclaimable: int | None = gauge("bytes", "kernel objects reclaim can shrink: dentries, inodes")
    SUnreclaim: int | None = gauge("bytes", "kernel objects reclaim cannot shrink")
    KernelStack: int | None = gauge("bytes", "kernel stacks of threads")
    ShadowCallStack: int | None = gauge("bytes", "shadow stacks of threads (arm64)")
    PageTables: int | None = gauge("bytes", "page tables of programs")
    SecPageTables: int | None = gauge("bytes", "page tables of guests and IOMMUs (6.1)")
    Quicklists: int | None = gauge("bytes", "page tables kept for reuse (until 5.1)")
    NFS_Unstable: int | None = gauge("bytes", "data sent to an NFS server but not stored there; 0 since 5.8")
    Bounce: int | None = gauge("bytes", "copies for devices that cannot reach all memory")
    WritebackTmp: int | None = gauge("bytes", "copies FUSE is writing")
    CommitLimit: int | None = gauge("bytes", "most memory promised under vm.overcommit_memory=2")
    Committed_AS: int | None = gauge("bytes", "memory promised to programs, touched or not")
    VmallocTotal: int | None = gauge("bytes", "address space for vmalloc")
    VmallocUsed: int | None = gauge("bytes", "pages from vmalloc (5.3); constant 0 from 4.4 to 5.2")
    VmallocChunk: int | None = gauge("bytes", "largest free piece of that address space; 0 since 4.4")
    Percpu: int | None = gauge("bytes", "per-CPU memory of the kernel")
    EarlyMemtestBad: int | None = gauge("bytes", "bad memory found at boot")
    HardwareCorrupted: int | None = gauge("bytes", "pages the hardware damaged and the kernel put aside")
    AnonHugePages: int | None = gauge("bytes", "huge pages among AnonPages")
    ShmemHugePages: int | None = gauge("bytes", "huge pages among Shmem (4.8)")
    ShmemPmdMapped: int | None = gauge("bytes", "shmem mapped by huge entries (4.8)")
    FileHugePages: int | None = gauge("bytes", "huge pages of files in the page cache (5.4)")
    FilePmdMapped: int | None = gauge("bytes", "files mapped by huge entries (5.4)")
    CmaTotal: int | None = gauge("bytes", "memory set aside for contiguous allocation")
    CmaFree: int | None = gauge("bytes", "free part of CmaTotal; contained in MemFree")
    Unaccepted: int | None = gauge("bytes", "guest memory not yet accepted; contained in MemFree (6.5)")
    Balloon: int | None = gauge("bytes", "memory given back to the hypervisor")
    GPUActive: int | None = gauge("bytes", "memory of the GPU in use")
    GPUReclaim: int | None = gauge("bytes", "memory of the GPU that reclaim can shrink")
    HugePages_Total: int | None = gauge("count", "huge pages of the default size in the pool")
    HugePages_Free: int | None = gauge("count", "huge pages in the pool not in use")
    HugePages_Rsvd: int | None = gauge("count", "free huge pages promised to mappings")
    HugePages_Surp: int | None = gauge("count", "huge pages above the size of the pool")
    Hugepagesize: int | None = gauge("bytes", "default size of a huge page")
    Hugetlb: int | None = gauge("bytes", "huge page pools of all sizes, free pages included (4.16)")
    DirectMap4k: int | None = gauge("bytes", "RAM the kernel maps by pages of 4 KiB")
    DirectMap64k: int | None = gauge("bytes", "RAM the kernel maps by pages of 64 KiB")
    DirectMap1M: int | None = gauge("bytes", "RAM the kernel maps by pages of 1 MiB")
    DirectMap2M: int | None = gauge("bytes", "RAM the kernel maps by pages of 2 MiB")
    DirectMap4M: int | None = gauge("bytes", "RAM the kernel maps by pages of 4 MiB")
    DirectMap1G: int | None = gauge("bytes", "RAM the kernel maps by pages of 1 GiB")
    DirectMap2G: int | None = gauge("bytes", "RAM the kernel maps by pages of 2 GiB")


_FIELDS: dict[str, tuple[str, bool]] = {}
"""Name in the file → column, and whether the figure is in KiB."""

for _name, _column in columns_of(Meminfo).items():
    _kib = _column.unit == "bytes"
    _column.metric = Metric(f"node_memory_{_name}_bytes" if _kib else f"node_memory_{_name}")
    _base, _, _sort = _name.partition("_")
    _FIELDS[f"{_base}({_sort})" if _sort in ("anon", "file") else _name] = (_name, _kib)


def parse(text: str) -> Iterator[Meminfo]:
    """The one row of /proc/meminfo."""
    values: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, _, rest = line.partition(":")
        field = _FIELDS.get(name)
        if field is None:
            continue
        column, kib = field
        value, *unit = rest.split() or [""]
        if unit[:1] != (["kB"] if kib else []):
            raise Malformed(number, f"{name} is not in its unit")
        values[column] = unsigned(value, number) * (1024 if kib else 1)
    if "MemTotal" not in values or "MemFree" not in values:
        raise Malformed(0, "no MemTotal and MemFree")
    yield Meminfo(**values)


READERS = (Reader(table="meminfo", path="proc/meminfo", row=Meminfo, parse=parse),)
