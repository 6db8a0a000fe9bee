"""Who holds memory and who took it, and what is no process' and named as what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rank
from jinmaek.history.live import Ring
from jinmaek.kernel import hugepages, meminfo, sockstat, vmstat
from jinmaek.kernel.slabinfo import Slab
from jinmaek.kernel.sysvipc_shm import SharedSegment
from jinmaek.model import Culprit
from jinmaek.root import LIVE, Root
from jinmaek.sampling import Snapshot
from jinmaek.tasks.table import Scan, TaskTable

Meminfo: Any = meminfo.Meminfo
Hugepages: Any = hugepages.Hugepages
Sockstat: Any = sockstat.Sockstat
Vmstat: Any = vmstat.Vmstat
"""Columns that are not given are None."""

MIB = 1024 * 1024
Tables = dict[str, tuple[object, ...]]


@dataclass
class Process:
    """One process at both ends of a look, in MiB."""

    pid: int
    comm: str
    anon: tuple[int, int] = (0, 0)
    swap: tuple[int, int] = (0, 0)
    shmem: int = 0
    resident: int = 0
    threads: int = 1
    faults: int = 0


def scan(at: int, processes: Sequence[Process]) -> Scan:
    zero = [0] * len(processes)
    clock = [0.0] * len(processes)
    return Scan(
        way="procfs",
        time=float(at),
        processes=TaskTable(
            pid=[p.pid for p in processes],
            tgid=[p.pid for p in processes],
            ppid=[1] * len(processes),
            start_time=[1.0] * len(processes),
            comm=[p.comm for p in processes],
            state=["S"] * len(processes),
            utime=clock,
            stime=clock,
            minflt=[p.faults * at for p in processes],
            majflt=zero,
            num_threads=[p.threads for p in processes],
            vsize=zero,
            resident=[p.resident * MIB for p in processes],
            vm_swap=[p.swap[at] * MIB for p in processes],
            rss_anon=[p.anon[at] * MIB for p in processes],
            rss_shmem=[p.shmem * MIB for p in processes],
        ),
        waiting=(),
        tables={},
        gaps={},
        cpu_s=0.0,
    )


def look(*processes: Process, first: Tables | None = None, last: Tables | None = None, root: Root) -> Look:
    ring = Ring()
    for at, tables in ((0, first or {}), (1, last or {})):
        ring.add(Snapshot("b", 1000.0 + at, 60.0 * at, tables, scan(at, processes), {}))
    return Look(ring, "en", {7: "/seven.slice"}.get, lambda: (), root)


NOWHERE = Root("/nowhere")


def told(found: tuple[Culprit, ...]) -> list[tuple[str, float | None]]:
    return [(c.name, None if c.share is None else round(c.share, 2)) for c in found]


def memory(**kib: int) -> Tables:
    sizes = {name: size * MIB for name, size in kib.items()}
    return {"meminfo": (Meminfo(**{"MemTotal": 1000 * MIB, "MemFree": 0, **sizes}),)}


def test_who_grew_counts_what_went_to_swap() -> None:
    seen = look(
        Process(7, "leaks", anon=(100, 150), swap=(0, 40)),
        Process(8, "grows", anon=(10, 20)),
        Process(9, "swapped out", anon=(90, 10), swap=(0, 80)),
        Process(10, "shrinks", anon=(90, 10)),
        root=NOWHERE,
    )
    found = memory_culprits.by_growth(seen)
    assert told(found) == [("leaks", 0.9), ("grows", 0.1)]
    assert (found[0].pid, found[0].start_time, found[0].cgroup) == (7, 1.0, "/seven.slice")
    assert found[0].why == "90 MiB more of its own memory than 60 s before, 190 MiB in all"


def test_one_that_was_born_meanwhile_grew_by_all_it_has() -> None:
    ring = Ring()
    for at, there in ((0, []), (1, [Process(7, "new", anon=(0, 50))])):
        ring.add(Snapshot("b", 1000.0 + at, float(at), {}, scan(at, there), {}))
    found = memory_culprits.by_growth(Look(ring, "en", lambda _: None, lambda: (), NOWHERE))
    assert told(found) == [("new", 1.0)]


def status(tmp_path: Path, pid: int, **kib: int) -> None:
    folder = tmp_path / "proc" / str(pid)
    folder.mkdir(parents=True)
    lines = [f"{name}:\t{size * 1024} kB" for name, size in kib.items()]
    (folder / "status").write_text("\n".join(["Uid:\t0\t0\t0\t0", *lines, ""]))


def test_who_had_a_peak(tmp_path: Path) -> None:
    status(tmp_path, 7, VmHWM=900, VmRSS=100)
    status(tmp_path, 8, VmHWM=500, VmRSS=500)
    status(tmp_path, 9, VmHWM=700, VmRSS=10)
    seen = look(
        Process(7, "batch", faults=5000),
        Process(8, "steady", faults=9000),
        Process(9, "long ago"),
        Process(10, "gone", faults=7),
        root=Root(str(tmp_path)),
    )
    (found,) = memory_culprits.by_peak(seen)
    assert found.name == "batch"
    assert found.why == "had 900 MiB at its peak and has 100 MiB now, 5000 page faults in this look"


def segment(shmid: int, rss: int, swap: int = 0, cpid: int = 9, nattch: int = 0) -> SharedSegment:
    return SharedSegment(
        shmid=shmid, key=1, cpid=cpid, uid=0, size=0, nattch=nattch, rss=rss * MIB, swap=swap * MIB
    )


def test_what_is_in_swap_is_of_processes_and_segments() -> None:
    tables = {**memory(SwapTotal=500, SwapFree=300), "sysvipc_shm": (segment(4, 0, 60), segment(5, 0, 0))}
    seen = look(Process(7, "idle", swap=(90, 100)), Process(9, "db"), last=tables, root=NOWHERE)
    found = memory_culprits.by_swap(seen)
    assert told(found) == [("idle", 0.5), ("System V segment 4", 0.3)]
    assert found[1].why == "60 MiB of shared memory in swap, made by db [9]"


def test_shared_memory_is_of_segments_and_of_who_maps_it() -> None:
    """A segment outlives its maker, and its number may be another's by then."""
    tables = {**memory(Shmem=400), "sysvipc_shm": (segment(4, 300, cpid=77, nattch=2), segment(5, 0))}
    seen = look(Process(7, "maps", shmem=100), last=tables, root=NOWHERE)
    found = memory_culprits.by_shared(seen)
    assert told(found) == [("System V segment 4", 0.75), ("maps", 0.25)]
    assert found[0].why == "300 MiB of shared memory, attached 2 times, made by ? [77]"
    assert found[0].pid is None


def cache(name: str, slabs: int, used: int = 100) -> Slab:
    return Slab(
        name=name,
        active_objs=used,
        num_objs=100,
        objsize=192,
        objperslab=21,
        pagesperslab=4,
        active_slabs=slabs,
        num_slabs=slabs,
    )


@pytest.mark.parametrize("page", [4096, 65536])
def test_caches_of_kernel_objects_by_their_pages(page: int) -> None:
    mib = MIB // (4 * page)
    tables: Tables = {
        **memory(Slab=200, SUnreclaim=100),
        "vmstat": (Vmstat(nr_slab_unreclaimable=100 * MIB // page - 1),),
    }
    seen = look(
        first={"slabinfo": (cache("dentry", 40 * mib),)},
        last={
            **tables,
            "slabinfo": (cache("dentry", 100 * mib, 20), cache("new", 20 * mib), cache("tiny", 1)),
        },
        root=NOWHERE,
    )
    found = memory_culprits.by_slab(seen)
    assert told(found) == [("dentry", 0.5), ("new", 0.1)]
    assert found[0].why == "100 MiB, +60 MiB in this look; 20% of its 100 objects are in use"


def test_page_tables_of_many_processes_of_one_name(tmp_path: Path) -> None:
    for pid in range(10, 20):
        status(tmp_path, pid, VmPTE=20)
    status(tmp_path, 30, VmPTE=50)
    connections = [Process(pid, "postgres", resident=9) for pid in range(10, 20)]
    seen = look(
        *connections,
        Process(30, "java", resident=500, threads=4000),
        last=memory(PageTables=400, KernelStack=64),
        root=Root(str(tmp_path)),
    )
    found = memory_culprits.by_bookkeeping(seen)
    assert told(found) == [("postgres", 0.5), ("java", 1.0), ("java", 0.12)]
    assert found[0].why == "200 MiB of page tables in 10 processes of this name, 20.0 in the largest"
    assert found[1].why == "4000 threads, each with a kernel stack"
    assert found[2].why == "50 MiB of page tables"


def test_pools_of_huge_pages() -> None:
    pools = (
        Hugepages(size=2 * MIB, total=100, free=80, reserved=30),
        Hugepages(size=1024 * MIB, total=0, free=0, reserved=0),
    )
    seen = look(last={**memory(), "hugepages": pools}, root=NOWHERE)
    (found,) = memory_culprits.by_pool(seen)
    assert (found.name, found.share) == ("huge pages of 2 MiB", 0.1)
    assert found.why == "100 pages in the pool, 80 free, 30 of them promised"


def test_buffers_of_sockets_are_outside_of_the_lines() -> None:
    tables: Tables = {
        **memory(SUnreclaim=100),
        "vmstat": (Vmstat(nr_slab_unreclaimable=25600),),
        "sockstat": (Sockstat(TCP_mem=25600, UDP_mem=3),),
    }
    (found,) = memory_culprits.by_known_parts(look(last=tables, root=NOWHERE))
    assert (found.name, found.why, found.share) == ("buffers of TCP", "100 MiB, part of it in no line", None)


def test_file_systems_in_memory_here() -> None:
    names = {mount.mountpoint: mount for mount in memory_culprits.tmpfs(LIVE)}
    if not names:
        pytest.skip("no tmpfs is mounted here")
    assert all(mount.used is None or mount.used >= 0 for mount in names.values())
    assert list(memory_culprits.tmpfs(NOWHERE)) == []


@pytest.mark.parametrize(
    "rank",
    [
        memory_culprits.by_growth,
        memory_culprits.by_peak,
        memory_culprits.by_swap,
        memory_culprits.by_slab,
        memory_culprits.by_bookkeeping,
        memory_culprits.by_pool,
        memory_culprits.by_known_parts,
        memory_culprits.by_shared,
    ],
)
def test_without_a_scan_and_tables_nobody_is_blamed(rank: Rank) -> None:
    ring = Ring()
    ring.add(Snapshot("b", 1.0, 1.0, {}, None, {}))
    of: Callable[[int], str | None] = lambda _: None  # noqa: E731
    assert rank(Look(ring, "en", of, lambda: (), NOWHERE)) == ()
    assert rank(Look(ring, "en", of, lambda: ())) == ()
