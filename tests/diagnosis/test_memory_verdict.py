"""What the accounts mean: the verdict is the rules', the rest is said without alarm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.accounts.made_memory import AGES, GIB, KIB, MIB, core, meminfo, processes
from tests.conftest import CAPTURES
from tests.made import snapshot

from jinmaek.accounts.memory import Ledger
from jinmaek.accounts.memory_buckets import balance
from jinmaek.accounts.memory_owners import Owner
from jinmaek.accounts.memory_used import used
from jinmaek.accounts.shared_memory import SharedMemory
from jinmaek.accounts.swap import Part, SwapAccount
from jinmaek.diagnosis import memory_verdict, swap_verdict
from jinmaek.diagnosis.glance import glance
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.memory_verdict import SENTENCES
from jinmaek.history.live import Ring
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.vmstat_columns import Vmstat
from jinmaek.model import Culprit, Finding, Gap, Indicators, Quiet, Severity, Unknown, Verdict
from jinmaek.root import LIVE, Root
from jinmaek.rules import rules
from jinmaek.views.sentences import say

MADE_VMSTAT: Any = Vmstat
CALM = (Quiet("memory.thrashing"), Quiet("memory.low"), Quiet("memory.cache-heavy"))


def finding(rule: str, severity: Severity = "warning", culprits: tuple[Culprit, ...] = ()) -> Finding:
    return Finding(
        rule=rule,
        title="Memory is running low",
        severity=severity,
        subject=(),
        since=0,
        until=0,
        confidence="high",
        summary="",
        evidence=(),
        indicators=Indicators(),
        culprits=culprits,
    )


def ledger(row: Meminfo | None = None, **owners: tuple[Owner, ...]) -> Ledger:
    one = core(row or meminfo(AGES["6.1"], MemAvailable=9_600_000))
    made = balance(one)
    return Ledger(
        core=one,
        balance=made,
        band=(),
        owners={name.replace("_", "-"): found for name, found in owners.items()},
        cgroups={},
        by="command",
        processes=processes(),
        shared=SharedMemory((), (), (), complete=True),
        used=used(one, None, None),
        reasons=(),
        available=None,
        sockets=None,
        gaps=(),
        wall_s=0.0,
        cpu_s=0.0,
    )


def judged(verdicts: tuple[Verdict, ...], of: Ledger | None = None, *, trend: bool = True) -> tuple[str, str]:
    told = memory_verdict.verdict(of or ledger(), verdicts, trend=trend)
    return told.problem, say(told.judgement, "en")


def test_nothing_to_do() -> None:
    assert judged(CALM) == (
        "nothing",
        "Nothing to do: 9.2 GiB (60.0 %) can be had without swapping, and nobody waits for memory.",
    )


def test_one_reading_is_no_trend() -> None:
    assert judged(CALM, trend=False)[1].startswith("Nothing to do, as far as one reading tells:")


def test_a_cache_that_looks_bad() -> None:
    told = judged((*CALM[:2], Quiet("memory.cache-heavy", "little is free")))
    assert told[0] == "nothing"
    assert "gives it back on demand" in told[1]


def test_a_problem_and_who() -> None:
    who = Culprit("process", "leaker", "10 GiB", pid=77)
    told = judged((finding("memory.low", culprits=(who,)), *CALM[2:]))
    assert told[0] == "problem"
    assert told[1].startswith("A problem: Memory is running low (leaker [77]).")
    assert judged((finding("memory.thrashing"),))[1].startswith("A problem: Memory is running low.")


def test_an_info_is_no_problem() -> None:
    assert judged((finding("memory.thrashing", "info"), *CALM[1:]))[0] == "nothing"


def test_low_and_nothing_agrees() -> None:
    told = judged((CALM[0], Quiet("memory.low", "nothing else agrees with it"), CALM[2]))
    assert told[0] == "nothing"
    assert told[1].startswith("Only 9.2 GiB (60.0 %) can be had without swapping, but nothing is wrong yet: ")
    assert told[1].endswith("nothing else agrees with it.")


def test_what_prevents_a_verdict_is_named() -> None:
    gap = Gap("disabled", "proc/pressure/memory")
    told = judged((Unknown("memory.thrashing", "pressure_memory.some_total", gap), *CALM[1:]))
    assert told == (
        "unknown",
        "Whether that is a problem cannot be said: proc/pressure/memory is missing (disabled).",
    )
    old = ledger(meminfo())
    assert judged(CALM, old)[0] == "unknown"


def test_where_it_went() -> None:
    db = (Owner("command", "db", "db", 5 * GIB), Owner("command", "x", "x", 0))
    told = memory_verdict.verdict(ledger(anonymous=db), CALM, trend=True)
    assert say(told.where, "en") == (
        "1.9 GiB of 15.3 GiB is free; the largest parts are anonymous memory of processes: 6.7 GiB "
        "(db: 5.0 GiB), and page cache of files: 5.3 GiB."
    )
    assert "프로세스의 익명 메모리" in say(told.where, "ko")


@pytest.mark.parametrize(
    ("key", "fields", "owners"),
    [
        ("hugetlb", {}, {"hugetlb": (Owner("pool-free", "hugepages-2048kB", "pool-free", GIB),)}),
        ("shmem", {"Shmem": 3_500_000}, {}),
        ("shmem-unowned", {}, {"shmem": (Owner("tmpfs", "1", "/t", 5 * MIB),)}),
        (
            "negative",
            {},
            {
                "slab_reclaimable": (
                    Owner("slab", "dentry", "dentry", 9, {"names": 900_000, "negative": 500_000}),
                )
            },
        ),
        ("page-tables", {"PageTables": 350_000}, {}),
        ("dying", {}, {"percpu": (Owner("dying-cgroups", "d", "d", None, {"count": 10_001}),)}),
        ("unaccounted", {"MemTotal": 20_000_000}, {}),
    ],
)
def test_remarks(key: str, fields: dict[str, int], owners: dict[str, Any]) -> None:
    fitted = {"MemAvailable": 9_600_000, "MemTotal": 17_000_000}
    with_it = ledger(meminfo(AGES["6.1"], **{**fitted, **fields}), **owners)
    told = {remark.text for remark in memory_verdict.verdict(with_it, CALM, trend=True).remarks}
    assert told == {SENTENCES[key]}
    assert all(say(one, "ko") for one in memory_verdict.verdict(with_it, CALM, trend=True).remarks)
    without = ledger(meminfo(AGES["6.1"], **fitted))
    assert memory_verdict.verdict(without, CALM, trend=True).remarks == ()


def test_a_huge_page_pool_in_use_is_no_waste() -> None:
    owners = (Owner("pool-free", "a", "a", 100 * MIB), Owner("command", "db", "db", 4 * GIB))
    told = memory_verdict.verdict(ledger(hugetlb=owners), CALM, trend=True).remarks
    assert SENTENCES["hugetlb"] not in {remark.text for remark in told}


# Swap

USED = SwapAccount((), 4 * GIB, 300 * MIB, 0, (Part("anon", 300 * MIB, adds=True, bound="exact", who=()),))
IDLE = (Quiet("swap.full"), Quiet("swap.active"), Quiet("swap.stale"))
STALE = (*IDLE[:2], Quiet("swap.stale", "evicted once"))


def look(**moved: int) -> Look:
    ring = Ring()
    counters = dict.fromkeys(("pswpin", "pswpout", "pgmajfault"), 0)
    ring.add(snapshot(0.0, {"vmstat": (MADE_VMSTAT(**counters),)}))
    ring.add(snapshot(10.0, {"vmstat": (MADE_VMSTAT(**{**counters, **moved}),)}))
    return Look(ring, "en", lambda pid: None, tuple)


def swapped(
    account: SwapAccount, verdicts: tuple[Verdict, ...], over: Look
) -> tuple[swap_verdict.SwapVerdict, str]:
    told = swap_verdict.verdict(account, over, verdicts, rules())
    return told, " ".join(say(sentence, "en") for sentence in told.sentences)


def test_no_swap_and_nothing_in_it() -> None:
    none, said = swapped(replace(USED, total=0, used=0), IDLE, look())
    assert (none.state, none.active) == ("none", False)
    assert said.startswith("This host has no swap")
    assert swapped(replace(USED, used=0), IDLE, look())[0].state == "unused"


def test_cold_and_forgotten() -> None:
    told, said = swapped(USED, STALE, look())
    assert (told.state, told.active, told.severity) == ("stale", False, None)
    assert said == (
        "Nothing to do: 300.0 MiB was moved out once, because nobody used it, and nobody reads it back: "
        "0 pages/s in, 0 pages/s out. The kernel does not bring it back before it is needed."
    )
    assert any("swapoff" in text for text in told.does_not_help)


def test_idle_and_moving_without_a_rule_that_minds() -> None:
    assert swapped(USED, IDLE, look(pswpin=5))[0].state == "idle"
    told, said = swapped(USED, IDLE, look(pswpin=50, pswpout=20))
    assert told.state == "moving"
    assert said == "Some pages move, 5 pages/s in and 2 pages/s out; no rule calls that a problem."


def test_in_use() -> None:
    active = (IDLE[0], finding("swap.active"), IDLE[2])
    told, said = swapped(USED, active, look(pswpin=5000, pswpout=3000))
    assert (told.state, told.active, told.severity) == ("active", True, "warning")
    assert said == "Programs work in swap: 500 pages/s come back, 300 pages/s leave."
    assert told.helps
    assert told.rates["pswpin"] == 500.0


def test_full_and_short_says_also_that_it_is_in_use() -> None:
    both = (finding("swap.full", "critical"), finding("swap.active"), IDLE[2])
    told, said = swapped(replace(USED, used=4 * GIB - 5 * MIB), both, look(pswpin=5000))
    assert (told.state, told.active, told.severity) == ("full", True, "critical")
    assert said.startswith("A risk: 5.0 MiB of 4.0 GiB swap is left")
    assert "Programs work in swap" in said


def test_full_and_short_where_there_is_no_rule_for_it() -> None:
    """The veto of swap.stale says so in its stead."""
    assert any(
        sign.name == swap_verdict.NEARLY_FULL
        for rule in rules()
        for sign in rule.unless
        if rule.id == "swap.stale"
    )
    over = look()
    fields = {"SwapTotal": 4_000_000, "SwapFree": 1_000}
    for available, state in ((500_000, "full"), (9_000_000, "idle")):
        ring = Ring()
        for moment in over.history.snapshots:
            row = meminfo(AGES["6.1"], MemAvailable=available, **fields)
            ring.add(snapshot(moment.monotonic, {**moment.tables, "meminfo": (row,)}))
        told, _ = swapped(USED, IDLE[1:], Look(ring, "en", lambda pid: None, tuple))
        assert told.state == state


def test_full_alone_is_no_risk() -> None:
    quiet = (Quiet("swap.full", "memory is plentiful"), *STALE[1:])
    told, said = swapped(replace(USED, used=4 * GIB - 5 * MIB), quiet, look())
    assert told.state == "stale"
    assert "which is no risk by itself" in said


def test_one_reading_and_a_missing_source() -> None:
    ring = Ring()
    ring.add(snapshot(0.0, {"vmstat": (MADE_VMSTAT(pswpin=1, pswpout=1),)}))
    once = Look(ring, "en", lambda pid: None, tuple)
    told, said = swapped(USED, (), once)
    assert (told.state, told.active) == ("unknown", None)
    assert said == "300.0 MiB is in swap. Whether anybody uses it, one reading cannot tell."
    gap = Unknown("swap.stale", "vmstat.pswpin", Gap("denied", "proc/vmstat"))
    ring.add(snapshot(5.0, {}))
    assert "proc/vmstat is missing (denied)" in swapped(USED, (gap,), once)[1]


# The short look


def test_a_glance_reads_a_tree_once_and_the_machine_twice() -> None:
    wanted = tuple(rule for rule in rules() if rule.id in memory_verdict.RULES)
    calls = iter(["done"])
    over, verdicts, result = glance(
        Root(str(CAPTURES / "6.12")), wanted, ("swaps",), 5.0, "en", lambda: next(calls)
    )
    assert (result, len(over.history.snapshots)) == ("done", 1)
    assert {verdict.rule for verdict in verdicts} == set(memory_verdict.RULES)
    assert "swaps" in over.last.tables
    left: list[float] = []
    live, _, _ = glance(LIVE, wanted, (), 0.2, "en", lambda: None, left.append, interval=0.05)
    assert len(live.history.snapshots) >= 2
    assert live.window >= 0.15
    assert left[-1] == 0
    assert all(0 <= one <= 0.2 for one in left)


def test_sizes_of_the_made_host() -> None:
    """What the tests above rest on."""
    assert balance(core(meminfo(AGES["6.1"], MemTotal=17_000_000))).residual < 0.1 * 17_000_000 * KIB
