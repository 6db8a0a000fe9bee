"""Who holds memory, who took it, and what of it is no process': rankings for the rules about memory.

What belongs to no process is named as what it is: a mount, a segment, a cache of kernel objects.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from itertools import islice

from jinmaek.columns import Malformed
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.ranking import MOST
from jinmaek.diagnosis.ranking import largest as _largest
from jinmaek.diagnosis.ranking import of_task as _process
from jinmaek.kernel import mounts, pid_status
from jinmaek.kernel.hugepages import Hugepages
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.mounts import Tmpfs
from jinmaek.kernel.pid_status import PidStatus
from jinmaek.kernel.slabinfo import Slab
from jinmaek.kernel.sockstat import Sockstat
from jinmaek.kernel.sysvipc_shm import SharedSegment
from jinmaek.kernel.vmstat_columns import Vmstat
from jinmaek.model import Culprit, Gap
from jinmaek.root import Root
from jinmaek.sampling import Snapshot, read_text
from jinmaek.tasks.delta import TaskDelta

MIB = 1024 * 1024
ASKED = 256
"""Processes whose status file is read for a figure the scan does not have, at most."""


def by_growth(look: Look) -> tuple[Culprit, ...]:
    """Whose own memory grew between both ends of the look, of all such growth; what is in swap is its own."""

    def grown(task: TaskDelta) -> int:
        if task.rss_anon_grown is None or task.vm_swap_grown is None:
            return 0
        return task.rss_anon_grown + task.vm_swap_grown

    whole = sum(max(0, grown(task)) for task in look.deltas)
    return tuple(
        _process(
            look,
            task,
            grown(task) / whole,
            "{grown:.0f} MiB more of its own memory than {seconds:.0f} s before, {held:.0f} MiB in all",
            grown=grown(task) / MIB,
            seconds=look.window,
            held=((task.rss_anon or 0) + (task.vm_swap or 0)) / MIB,
        )
        for task in _largest(look.deltas, grown, max(MIB, 0.02 * whole))
    )


def by_peak(look: Look) -> tuple[Culprit, ...]:
    """Whose memory was once much larger than it is, of those that touched most new pages in the look."""
    found = []
    for task, status in _asked(look, lambda task: task.minflt):
        peak, now = status.VmHWM or 0, status.VmRSS or 0
        if peak - now > MIB and task.minflt > 0:
            found.append((peak - now, task, peak, now))
    found.sort(key=lambda one: (-one[0], one[1].pid))
    return tuple(
        _process(
            look,
            task,
            None,
            "had {peak:.0f} MiB at its peak and has {now:.0f} MiB now, {faults} page faults in this look",
            peak=peak / MIB,
            now=now / MIB,
            faults=task.minflt,
        )
        for _, task, peak, now in found[:MOST]
    )


def by_swap(look: Look) -> tuple[Culprit, ...]:
    """Whose pages are in swap, of all that is: processes, and segments of shared memory."""
    whole = sum(row.SwapTotal - row.SwapFree for row in _meminfo(look.last) if row.SwapTotal and row.SwapFree)
    found = [
        (
            task.vm_swap or 0,
            _process(
                look,
                task,
                (task.vm_swap or 0) / whole if whole else None,
                "{swap:.0f} MiB of anonymous memory in swap",
                swap=(task.vm_swap or 0) / MIB,
            ),
        )
        for task in _largest(look.deltas, lambda task: task.vm_swap or 0, MIB)
    ]
    for segment in _rows(look, "sysvipc_shm"):
        if isinstance(segment, SharedSegment) and (segment.swap or 0) >= MIB:
            held = segment.swap or 0
            why = look.say("{swap:.0f} MiB of shared memory in swap", swap=held / MIB)
            found.append((held, _segment(look, segment, why, held / whole if whole else None)))
    return _most(found)


def by_shared(look: Look) -> tuple[Culprit, ...]:
    """What shared memory there is, of all of it: file systems in memory, segments, what processes map.

    A page of a file that is mapped is in both: shares need not add up.
    """
    whole = sum(row.Shmem or 0 for row in _meminfo(look.last))
    found = []
    for mount in tmpfs(look.root):
        held = mount.used or 0
        why = look.say("{held:.0f} MiB of files in memory", held=held / MIB)
        found.append((held, Culprit("device", mount.mountpoint, why, _share(held, whole))))
    for segment in _rows(look, "sysvipc_shm"):
        if isinstance(segment, SharedSegment):
            held = segment.rss or 0
            why = look.say(
                "{held:.0f} MiB of shared memory, attached {count} times",
                held=held / MIB,
                count=segment.nattch,
            )
            found.append((held, _segment(look, segment, why, _share(held, whole))))
    for task in _largest(look.deltas, lambda task: task.rss_shmem or 0, MIB):
        held = task.rss_shmem or 0
        share = _share(held, whole)
        found.append(
            (held, _process(look, task, share, "maps {held:.0f} MiB of shared memory", held=held / MIB))
        )
    return _most([one for one in found if one[0] >= MIB])


def by_slab(look: Look) -> tuple[Culprit, ...]:
    """Caches of kernel objects by the pages they take, of all slab memory; root only."""
    page = _page_size(look)
    before = {cache.name: cache.num_slabs * cache.pagesperslab * page for cache in _caches(look.first)}
    whole = sum(row.Slab or 0 for row in _meminfo(look.last))
    found = []
    for cache in _caches(look.last):
        held = cache.num_slabs * cache.pagesperslab * page
        used = cache.active_objs / cache.num_objs if cache.num_objs else 0.0
        why = look.say(
            "{held:.0f} MiB, {grown:+.0f} MiB in this look; {used:.0%} of its {count} objects are in use",
            held=held / MIB,
            grown=(held - before.get(cache.name, held)) / MIB,
            used=used,
            count=cache.num_objs,
        )
        found.append((held, Culprit("kernel", cache.name, why, _share(held, whole))))
    return _most([one for one in found if one[0] >= MIB])


def by_bookkeeping(look: Look) -> tuple[Culprit, ...]:
    """For whom the kernel keeps page tables and stacks: programs by name, many small ones together."""
    tables: dict[str, list[tuple[int, TaskDelta]]] = {}
    for task, status in _asked(look, lambda task: task.resident or 0):
        if status.VmPTE:
            tables.setdefault(task.comm, []).append((status.VmPTE, task))
    whole = sum(row.PageTables or 0 for row in _meminfo(look.last))
    found = []
    for group in tables.values():
        held = sum(size for size, _ in group)
        size, task = max(group, key=lambda one: one[0])
        named = _process(
            look,
            task,
            _share(held, whole),
            "{held:.0f} MiB of page tables"
            if len(group) == 1
            else "{held:.0f} MiB of page tables in {count} processes of this name, {most:.1f} in the largest",
            held=held / MIB,
            count=len(group),
            most=size / MIB,
        )
        found.append((held, named))
    threads = sum(task.num_threads for task in look.deltas)
    stacks = sum(row.KernelStack or 0 for row in _meminfo(look.last))
    for task in _largest(look.deltas, lambda task: task.num_threads, 1000):
        part = task.num_threads / threads
        named = _process(
            look, task, part, "{threads} threads, each with a kernel stack", threads=task.num_threads
        )
        found.append((int(stacks * part), named))
    return _most([one for one in found if one[0] >= MIB])


def by_pool(look: Look) -> tuple[Culprit, ...]:
    """Pools of huge pages by what lies unused in them, of the memory of the host."""
    whole = sum(row.MemTotal for row in _meminfo(look.last))
    found = []
    for pool in _rows(look, "hugepages"):
        if isinstance(pool, Hugepages) and pool.total and pool.free is not None:
            unused = (pool.free - (pool.reserved or 0)) * pool.size
            why = look.say(
                "{total} pages in the pool, {free} free, {reserved} of them promised",
                total=pool.total,
                free=pool.free,
                reserved=pool.reserved or 0,
            )
            name = look.say("huge pages of {size:.0f} MiB", size=pool.size / MIB)
            found.append((unused, Culprit("kernel", name, why, _share(unused, whole))))
    return _most([one for one in found if one[0] > 0])


def by_known_parts(look: Look) -> tuple[Culprit, ...]:
    """What the kernel does tell of pages outside of /proc/meminfo's lines: socket buffers."""
    page = _page_size(look)
    found = []
    for row in _rows(look, "sockstat"):
        if isinstance(row, Sockstat):
            for name, counted in (("TCP", row.TCP_mem), ("UDP", row.UDP_mem)):
                held = (counted or 0) * page
                why = look.say("{held:.0f} MiB, part of it in no line", held=held / MIB)
                found.append((held, Culprit("kernel", look.say("buffers of {protocol}", protocol=name), why)))
    return _most([one for one in found if one[0] >= MIB])


def _share(held: float, whole: float) -> float | None:
    return held / whole if whole else None


def _page_size(look: Look) -> int:
    """Bytes of a page of the host that is looked at, which may be another one."""
    for memory, counted in zip(_meminfo(look.last), _rows(look, "vmstat"), strict=False):
        if isinstance(counted, Vmstat) and counted.nr_slab_unreclaimable and memory.SUnreclaim:
            return int(2 ** round(math.log2(memory.SUnreclaim / counted.nr_slab_unreclaimable)))
    return os.sysconf("SC_PAGESIZE")


def _most(found: list[tuple[int, Culprit]]) -> tuple[Culprit, ...]:
    """The largest first; of equals the one that was found first."""
    return tuple(culprit for _, culprit in sorted(found, key=lambda one: -one[0])[:MOST])


def _meminfo(snapshot: Snapshot) -> Iterator[Meminfo]:
    for row in snapshot.tables.get("meminfo", ()):
        if isinstance(row, Meminfo):
            yield row


def _caches(snapshot: Snapshot) -> Iterator[Slab]:
    for row in snapshot.tables.get("slabinfo", ()):
        if isinstance(row, Slab):
            yield row


def _rows(look: Look, table: str) -> tuple[object, ...]:
    return look.last.tables.get(table, ())


def _segment(look: Look, segment: SharedSegment, why: str, share: float | None) -> Culprit:
    """It may have outlived who made it: the number of that process is told, its name only if it is there."""
    maker = next((task.comm for task in look.deltas if task.pid == segment.cpid), None)
    name = look.say("System V segment {shmid}", shmid=segment.shmid)
    made = look.say("made by {name} [{pid}]", name=maker or "?", pid=segment.cpid)
    return Culprit("kernel", name, f"{why}, {made}", share)


def tmpfs(root: Root | None) -> Iterator[Tmpfs]:
    """File systems in memory of our mount namespace, each once however often it is mounted."""
    if root is None or not root.live:
        return
    text = read_text(root, "proc/self/mounts")
    try:
        told = [] if isinstance(text, Gap) else list(mounts.parse(text))
    except Malformed:
        return
    seen = set()
    for mount in {one.mountpoint: one for one in told if one.fstype in ("tmpfs", "ramfs")}.values():
        try:
            device = os.stat(mount.mountpoint).st_dev
            if device not in seen:
                seen.add(device)
                yield from mounts.tmpfs_usage([mount], os.statvfs)
        except OSError:
            continue  # unmounted meanwhile, or not for us to see


def _asked(look: Look, size: Callable[[TaskDelta], float]) -> Iterator[tuple[TaskDelta, PidStatus]]:
    """The largest processes with what their status file says now; nobody where there is none to ask."""
    if look.root is None:
        return
    for task in islice(sorted(look.deltas, key=lambda task: (-size(task), task.pid)), ASKED):
        text = read_text(look.root, f"proc/{task.pid}/status")
        if not isinstance(text, Gap):
            try:
                yield task, pid_status.parse(text)
            except Malformed:
                continue
