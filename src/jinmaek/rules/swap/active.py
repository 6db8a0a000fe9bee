"""Pages travel between memory and swap: more is in use than fits."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, limit, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import AVAILABLE, pressure

IN = rate("vmstat.pswpin")
OUT = rate("vmstat.pswpout")

RULE = Rule(
    id="swap.active",
    title="Programs work in swap",
    when=IN > limit("swapped-in", 10, "atop"),
    agree=(
        Sign("pages leave for swap at the same time", OUT > limit("swapped-out", 10, "atop")),
        Sign(
            "evicted anonymous pages come back",
            rate("vmstat.workingset_refault_anon") > limit("refaults", 10),
        ),
        Sign("threads wait for memory", pressure("memory") > limit("pressure", 0.05)),
        Sign(
            "page faults have to read from disk",
            rate("vmstat.pgmajfault") > limit("major-faults", 100),
        ),
    ),
    unless=(
        Sign(
            "pages only come back after an earlier shortage, and memory is plentiful",
            all_of(
                OUT < 1,
                AVAILABLE > limit("plenty", 0.25),
                pressure("memory") < limit("pressure", 0.05),
            ),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                all_of(
                    IN > limit("swapped-in", 10, "atop"),
                    OUT > limit("swapped-out", 10, "atop"),
                    pressure("memory") > limit("pressure", 0.05),
                ),
                pressure("memory") > limit("pressure-warning", 0.1),
                # Without pressure files, and above what zram moves on an idle machine.
                all_of(
                    IN > limit("traffic-warning", 500),
                    OUT > limit("traffic-warning", 500),
                ),
            ),
        ),
        ("critical", pressure("memory", "full") > limit("stalled-critical", 0.4, "nohang-desktop")),
    ),
    why=(
        "Pages come back from swap because programs need them, and others must leave to make room. More "
        "memory is "
        "in use than the host, or a cgroup, has: every such fault costs a disk access."
    ),
    helps=(
        "See who waits for its pages: the processes named here, and column si in jinmaek vmstat 1",
        (
            "Host or cgroup: if MemAvailable is high, a cgroup's limit forces the swapping; compare "
            "memory.current with memory.max"
        ),
        "Limit or move the process that grows; protect the victim: systemctl set-property UNIT MemoryLow=1G",
        "More memory, or zram for a short peak",
    ),
    does_not_help=(
        "More swap alone: room for more pages, not faster ones",
        "vm.swappiness=0: program files are evicted instead and have to be read again",
        "swapoff -a under load: what does not fit is killed",
    ),
    culprits=culprits.by_major_faults,
)
