"""Files in memory and shared memory: no process owns them, no reclaim drops them."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import all_of, limit, named, now, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import LITTLE_AVAILABLE, SWAPS_OUT, WAITS
from jinmaek.rules.terms import AVAILABLE
from jinmaek.rules.trends import rising, window

SHARE = now("meminfo.Shmem") / now("meminfo.MemTotal")
IN_SEGMENTS = named(
    "System V segments somebody is attached to",
    total(all_of(now("sysvipc_shm.rss"), now("sysvipc_shm.nattch") > 0)),
)

RULE = Rule(
    id="memory.shmem-growth",
    title="Shared memory and files in memory (tmpfs) take the memory",
    when=SHARE > limit("shmem", 0.2, "checkmk"),
    agree=(
        Sign(
            "it grows",
            rising(now("meminfo.MemTotal") * limit("grown", 0.01), window(), ("meminfo.Shmem",)),
        ),
        Sign("little memory is available", LITTLE_AVAILABLE),
        Sign("threads wait for memory", WAITS),
        Sign("pages leave for swap", SWAPS_OUT),
    ),
    unless=(
        Sign(
            "it is nearly all in System V segments in use: the buffers of a database",
            IN_SEGMENTS > now("meminfo.Shmem") * limit("segments", 0.8),
        ),
    ),
    held=120,
    severity="info",
    worse=(
        (
            "warning",
            all_of(SHARE > limit("shmem-warning", 0.3, "checkmk"), LITTLE_AVAILABLE),
        ),
        (
            "critical",
            all_of(
                SHARE > limit("shmem-warning", 0.3, "checkmk"),
                AVAILABLE < limit("available-critical", 0.05, "earlyoom"),
            ),
        ),
    ),
    why=(
        "Files in tmpfs, /dev/shm, memfd and System V segments are counted as cache and are none: there is "
        "no disk to read them from again, so only swap or deleting them frees that memory. They outlive the "
        "process that wrote them."
    ),
    helps=(
        "Which files: df -h -t tmpfs, then du -xh /dev/shm /tmp /run | sort -h | tail; delete or move them",
        "Bound it: mount -o remount,size=2G /tmp (fstab: size=2G); each tmpfs may take half of the memory",
        "Segments nobody is attached to: ipcs -m -p, then ipcrm -m SHMID",
        "Files that were deleted and are still open, memfd among them: lsof +L1; restart who holds them",
        "A journal in memory: journalctl --vacuum-size=64M, or Storage=persistent",
    ),
    does_not_help=(
        "Dropping the cache: shared memory is counted in Cached and cannot be dropped",
        "Killing the largest process: the files stay",
        "Reading used and cached of free: tmpfs is in cached",
    ),
    culprits=memory_culprits.by_shared,
    tables=("sysvipc_shm",),
)
