"""Swap is full while memory is short: what comes next is killed."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import all_of, highest, limit, named, now, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import LITTLE_AVAILABLE, PLENTIFUL, SWAPS_OUT, WAITS
from jinmaek.rules.terms import AVAILABLE, SWAP_USED

LOST = named(
    "fall of what is available in 5 min",
    highest("meminfo.MemAvailable", over=60, ago=240) - now("meminfo.MemAvailable"),
)

RULE = Rule(
    id="swap.full",
    title="Swap is full and memory is short",
    # Of no swap at all 0 / 0 is no number, and not above anything.
    when=SWAP_USED / now("meminfo.SwapTotal") > limit("used", 0.9, "netdata, pcp"),
    agree=(
        Sign("little memory is available", LITTLE_AVAILABLE),
        Sign("threads wait for memory", WAITS),
        Sign("pages still leave for swap", SWAPS_OUT),
        Sign("what is available shrinks", LOST > now("meminfo.MemTotal") * limit("lost", 0.02)),
    ),
    unless=(
        Sign(
            "memory is plentiful: full swap holds what nobody uses",
            all_of(PLENTIFUL, rate("vmstat.pswpin") < limit("swapped-in", 10, "atop")),
        ),
    ),
    held=120,
    severity="info",
    worse=(
        ("warning", LITTLE_AVAILABLE),
        ("critical", AVAILABLE < limit("available-critical", 0.05, "earlyoom")),
    ),
    why=(
        "Hardly any more memory can be moved out of the way: what programs ask for now must come from the "
        "cache, and when that is gone the OOM killer ends a process. Full swap that nobody reads, beside "
        "plenty of memory, is no risk and is not reported."
    ),
    helps=(
        "Limit or restart the process that grows: systemctl set-property UNIT MemoryMax=4G",
        "See what holds the swap: the processes and segments named here, and files: df -h -t tmpfs",
        "Keep one service from taking all of it: systemctl set-property UNIT MemorySwapMax=1G",
        "More swap, if what it holds is cold: it buys time",
    ),
    does_not_help=(
        "swapoff -a && swapon -a: what is in swap does not fit into memory",
        "vm.swappiness=0: the kernel swaps anyway when nothing else is left",
        "Alerts on the percentage of swap used alone",
    ),
    culprits=memory_culprits.by_swap,
    tables=("sysvipc_shm",),
)
