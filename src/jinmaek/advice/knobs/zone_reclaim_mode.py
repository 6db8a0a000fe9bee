"""vm.zone_reclaim_mode: whether a memory node reclaims its own cache before it asks another node.

mm/vmscan.c node_reclaim(), mm/page_alloc.c zone_allows_reclaim(). Off by default since 3.16.
"""

from __future__ import annotations

from jinmaek.advice.knob import Answer, Effect, Knob, Quantity, Value, fits, irrelevant, known, misfit
from jinmaek.advice.reclaim import REFAULTS
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Seen
from jinmaek.advice.watermarks import populated

RUNS = ("vmstat.zone_reclaim_success", "vmstat.zone_reclaim_failed")
AWAY = ("vmstat.numa_miss", "vmstat.numa_hit")
FREE_ELSEWHERE = 0.1


def _nodes(seen: Seen) -> int:
    return len({zone.node for zone in populated(seen)})


def _one_node(seen: Seen) -> Answer | None:
    if _nodes(seen) > 1:
        return None
    return irrelevant(
        say("There is one memory node: there is no other node to ask, whatever the value."),
        seen.facts("zoneinfo.managed"),
    )


def _judge(seen: Seen) -> Answer:
    barred = _one_node(seen)
    if barred:
        return barred
    mode = int(seen.now("sys_vm.zone_reclaim_mode"))
    evidence = (*seen.boot.facts(*RUNS, *AWAY), *seen.facts("meminfo.MemFree"))
    miss, hit = (seen.boot.grew(column) for column in AWAY)
    if not mode:
        return fits(
            say(
                "{nodes} nodes, and {share} of allocations came from another node than was wanted: no cache "
                "was dropped to avoid it.",
                nodes=_nodes(seen),
                share=Amount(seen.boot.share(miss, miss + hit), "ratio"),
            ),
            evidence,
        )
    runs = seen.boot.grew(*RUNS)
    if not runs:
        return irrelevant(say("It is on, but no node had to reclaim for it since boot."), evidence)
    back, free = seen.boot.grew(REFAULTS[1]), seen.now("meminfo.MemFree")
    if back > runs and free > FREE_ELSEWHERE * seen.now("meminfo.MemTotal"):
        return misfit(
            say(
                "On, and harmful: nodes dropped their own cache {runs} times while {free} was free on the "
                "host, and {back} of file pages had to be read again.",
                runs=Amount(runs, "count"),
                free=Amount(free, "bytes"),
                back=Amount(back * seen.page, "bytes"),
            ),
            (*evidence, *seen.boot.facts(REFAULTS[1])),
            ("zone_reclaim_mode", 0),
        )
    return fits(
        say(
            "On: nodes reclaimed their own memory {runs} times, and little of it was missed.",
            runs=Amount(runs, "count"),
        ),
        evidence,
    )


def _what_if(seen: Seen, value: Value) -> Effect:
    barred = _one_node(seen)
    if barred:
        return Effect("nothing", barred.sentence, barred.evidence)
    evidence = seen.boot.facts(*RUNS, *AWAY)
    if value:
        sentence = say(
            "A node that is low would drop its own page cache before it takes memory of another node ({miss} "
            "allocations did so far).",
            miss=Amount(seen.boot.grew(AWAY[0]), "count"),
        )
        return Effect("shifts", sentence, evidence, _risk(value))
    sentence = say(
        "A node that is low would take memory of another node instead of dropping its page cache ({runs} "
        "times so far).",
        runs=Amount(seen.boot.grew(*RUNS), "count"),
    )
    return Effect("shifts", sentence, evidence)


def _risk(value: Value) -> Said | None:
    if not value:
        return None
    return say("File servers and databases then lose their cache while other nodes have free memory.")


KNOBS = (
    Knob(
        name="zone_reclaim_mode",
        path="proc/sys/vm/zone_reclaim_mode",
        most=7,
        default=known(0),
        does=say(
            "On machines with several memory nodes: whether a node first reclaims its own page cache (bit "
            "1), also by writing (2) and swapping (4), before it takes memory of another node."
        ),
        formula=say("numa_miss ÷ (numa_hit + numa_miss) is what it saves, zone_reclaim_* how often it ran."),
        does_not=(
            say("It does nothing with one node."),
            say("It does not move memory that is on the wrong node, nor threads."),
        ),
        sources=("Documentation/admin-guide/sysctl/vm.rst", "mm/vmscan.c node_reclaim()", "10 %: proposed"),
        judge=_judge,
        what_if=_what_if,
        watch=(
            Quantity(say("reclaims of a node"), "rate", RUNS),
            Quantity(say("allocations from another node"), "rate", AWAY[:1]),
            Quantity(say("file pages that came back"), "rate", REFAULTS[1:]),
        ),
        direction=1,
        needs=AWAY,
    ),
)
