"""Threads in D that no disk of this machine will ever wake."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, highest, increase, limit
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import IDLE, LASTING, NOT_FOR_IO, UNNAMED, pressure, waiting
from jinmaek.tasks.waits import LOCK, REMOTE

HELD_UP = waiting(LOCK, REMOTE)

RULE = Rule(
    id="load.blocked-on-lock",
    title="Threads are blocked on a lock or a remote server, not on a disk",
    when=any_of(
        all_of(HELD_UP >= 1, LASTING >= 1),
        all_of(
            UNNAMED >= limit("unnamed", 3),
            LASTING - highest("stat.procs_blocked") >= limit("unnamed", 3),
        ),
    ),
    agree=(
        Sign("the kernel does not count them as waiting for I/O", NOT_FOR_IO >= 1),
        Sign("I/O pressure does not explain it", pressure("io") < limit("io-pressure", 0.1)),
        Sign("the CPUs have time to spare", IDLE > limit("idle", 0.1)),
        Sign("the kernel reports hung tasks", increase("sys_kernel.hung_task_detect_count") > 0),
    ),
    unless=(
        Sign(
            "threads stall on memory: they wait for those that reclaim",
            pressure("memory", "full") > limit("memory-stalled", 0.1, "nohang-desktop"),
        ),
    ),
    held=30,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                all_of(
                    HELD_UP >= limit("threads-warning", 3),
                    LASTING >= limit("threads-warning", 3),
                ),
                all_of(
                    UNNAMED >= limit("unnamed", 3),
                    LASTING >= limit("threads-warning", 3),
                ),
            ),
        ),
        (
            "critical",
            all_of(
                HELD_UP >= limit("threads-critical", 50),
                LASTING >= limit("threads-critical", 50),
            ),
        ),
    ),
    why=(
        "Threads sleep uninterruptibly in a lock, a frozen file system, NFS or FUSE. They raise the load "
        "average "
        "without using CPU or disk, and procs_blocked and iowait do not show them."
    ),
    helps=(
        (
            "See where each of them sleeps: ps -eLo pid,tid,stat,wchan:32,comm | grep ' D', then cat "
            "/proc/TID/stack as root"
        ),
        "Frozen file system (percpu_rwsem_wait, __sb_start_write): fsfreeze --unfreeze MOUNTPOINT",
        "NFS, CIFS or FUSE: bring the server or daemon back, or umount -f -l MOUNTPOINT",
        (
            "Lock: find the one thread of that program or file system that sleeps somewhere else; it holds "
            "the lock"
        ),
    ),
    does_not_help=(
        "kill -9: the signal is taken only after the wait is over",
        "Faster disks or more CPUs: neither is what they wait for",
        "A reboot as the first step: it loses the evidence and may hang on the same lock",
    ),
    culprits=culprits.by_waiting_on_lock,
)
