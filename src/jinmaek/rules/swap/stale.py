"""Swap is occupied and nobody uses it."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, limit, now, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import AVAILABLE, MIB, SWAP_USED, pressure

RULE = Rule(
    id="swap.stale",
    title="Swap is occupied but not in use",
    when=all_of(
        SWAP_USED > limit("used", 4 * MIB),
        rate("vmstat.pswpin") < 1,
        rate("vmstat.pswpout") < 1,
    ),
    agree=(
        Sign("nobody waits for memory", pressure("memory") < limit("calm", 0.01)),
        Sign("enough memory is available", AVAILABLE > limit("available", 0.15)),
    ),
    unless=(
        Sign("threads wait for memory", pressure("memory") > limit("pressure", 0.05)),
        Sign(
            "swap is nearly full and memory is low too",
            all_of(
                now("meminfo.SwapFree") < now("meminfo.SwapTotal") * limit("swap-left", 0.1),
                AVAILABLE < limit("low", 0.1, "prometheus node-mixin"),
            ),
        ),
        Sign(
            "compressed swap (zswap) is being read",
            rate("vmstat.zswpin") > limit("zswapped-in", 10),
        ),
    ),
    held=60,
    severity="benign",
    why=(
        "These pages were evicted once and nobody has asked for them since. The kernel does not bring them "
        "back "
        "before they are needed, so used swap without swap traffic costs nothing."
    ),
    helps=(
        "Nothing needs to be done. Watch the traffic, not the level: jinmaek vmstat 1, columns si and so",
        "Whose pages they are, process by process and tmpfs by tmpfs: jinmaek swap",
    ),
    does_not_help=(
        "swapoff -a && swapon -a: it reads everything back and can run out of memory on the way",
        "More swap, or alerts on the percentage of swap used",
    ),
    culprits=culprits.by_swap_held,
)
