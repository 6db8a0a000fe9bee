"""Strict overcommit is about to refuse allocations."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, limit, now, rate, slope
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import AVAILABLE, MIB

PROMISED = now("meminfo.Committed_AS") / now("meminfo.CommitLimit")

RULE = Rule(
    id="memory.commit-exhausted",
    title="The kernel is about to refuse allocations (strict overcommit)",
    when=all_of(
        PROMISED > limit("promised", 0.9),
        now("sys_vm.overcommit_memory").equals(
            limit("mode", 2, "Documentation/mm/overcommit-accounting.rst")
        ),
    ),
    agree=(
        Sign("what is promised grows", slope("meminfo.Committed_AS") > 0),
        Sign(
            "memory itself is still available: it is the promise that runs out",
            AVAILABLE > limit("available", 0.1),
        ),
        Sign(
            "processes are being started, and fork needs a promise too",
            rate("stat.processes") > limit("forks", 0.1),
        ),
    ),
    unless=(
        Sign(
            "much may still be promised, whatever its share",
            now("meminfo.CommitLimit") - now("meminfo.Committed_AS") > limit("room", 16384 * MIB),
        ),
    ),
    held=60,
    severity="warning",
    worse=(("critical", PROMISED > limit("promised-critical", 0.97)),),
    why=(
        "vm.overcommit_memory is 2, so the kernel promises no more than CommitLimit, and nearly all of it is "
        "promised. "
        "malloc and fork then fail with ENOMEM although memory may be free."
    ),
    helps=(
        "Raise the limit: sysctl vm.overcommit_ratio=90, or vm.overcommit_kbytes",
        "Add swap: it raises CommitLimit even if it is never used",
        (
            "Go back to the kernel's own estimate, if nothing on this host needs mode 2: sysctl "
            "vm.overcommit_memory=0"
        ),
        "See who has been promised most: grep -H VmData /proc/[0-9]*/status | sort -k2 -n | tail",
    ),
    does_not_help=(
        "Dropping the cache: the limit counts promises, not pages in use",
        "MAP_NORESERVE in the program: mode 2 ignores it",
    ),
    culprits=culprits.by_commit,
)
