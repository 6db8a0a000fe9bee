"""Pages travel between memory and swap: more is in use than fits."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import AVAILABLE, pressure

IN = rate("vmstat.pswpin")
OUT = rate("vmstat.pswpout")

RULE = Rule(
    id="swap.active",
    title="Programs work in swap",
    when=IN > 10,
    agree=(
        Sign("pages leave for swap at the same time", OUT > 10),
        Sign("evicted anonymous pages come back", rate("vmstat.workingset_refault_anon") > 10),
        Sign("threads wait for memory", pressure("memory") > 0.05),
        Sign("page faults have to read from disk", rate("vmstat.pgmajfault") > 100),
    ),
    unless=(
        Sign(
            "pages only come back after an earlier shortage, and memory is plentiful",
            all_of(OUT < 1, AVAILABLE > 0.25, pressure("memory") < 0.05),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                all_of(IN > 10, OUT > 10, pressure("memory") > 0.05),
                pressure("memory") > 0.1,
                # Without pressure files, and above what zram moves on an idle machine.
                all_of(IN > 500, OUT > 500),
            ),
        ),
        ("critical", pressure("memory", "full") > 0.4),
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
    sources=("10 pages/s: atop", "500 pages/s and the pressure levels: proposed"),
)
