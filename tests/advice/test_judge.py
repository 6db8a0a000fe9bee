"""The answer on made looks: what is seen, what is said, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest
from tests.advice.made import BEGIN, GIB, MIB, asked, cgroup, process, rising, watched

from jinmaek.advice.capacity.answer import Answer, Focus
from jinmaek.advice.capacity.grower import Grower
from jinmaek.advice.capacity.headroom import tightest
from jinmaek.kernel.pid_limits import PidLimits
from jinmaek.model import Gap

LEAK = 2 * MIB
LIMITS: Any = PidLimits


def line(start: float, rate: float) -> Any:
    return lambda second: start + rate * second


def said(answer: Answer) -> tuple[str, str]:
    return answer.verdict, answer.cause


def only(answer: Answer) -> Grower:
    (grower,) = answer.case.growers
    return grower


def eta(answer: Answer) -> float:
    first = tightest(answer.case.outlooks)
    assert first is not None
    assert first.eta is not None
    return first.eta


def test_nothing_moves_and_nobody_waits() -> None:
    answer = asked(watched(process(7, GIB)))
    assert said(answer) == ("no", "enough")
    assert answer.case.growers[0].kind == "steady"
    assert answer.confidence == "medium"
    first = tightest(answer.case.outlooks)
    assert first is not None
    assert (first.limit.left, first.eta) == (12 * GIB, None)


def test_a_leak_is_only_delayed_and_the_arithmetic_is_that_of_headroom_by_rate() -> None:
    w = watched(
        process(7, line(GIB, LEAK), name="leaky"),
        available=line(12 * GIB, -LEAK),
    )
    answer = asked(w, None, 4 * GIB)
    assert said(answer) == ("no", "leak")
    assert only(answer).kind == "leak"
    assert only(answer).rate is not None
    assert only(answer).rate.rate == pytest.approx(LEAK, rel=0.001)  # type: ignore[union-attr]
    left = 12 * GIB - 60 * LEAK
    assert eta(answer) == pytest.approx(left / LEAK, rel=0.001)
    (more,) = answer.more
    assert more.outlook.eta == pytest.approx((left + 4 * GIB) / LEAK, rel=0.001)
    assert answer.restart is not None
    assert answer.restart[1] == pytest.approx((GIB + 60 * LEAK) / LEAK, rel=0.001)


def test_a_minute_never_says_leak_with_high_confidence() -> None:
    answer = asked(watched(process(7, line(GIB, LEAK))))
    assert answer.confidence == "low"
    assert "if it goes on" in answer.sentence.text


@pytest.mark.parametrize(("seconds", "pace", "confidence"), [(600, 10, "medium"), (3600, 60, "high")])
def test_a_long_look_is_surer(seconds: int, pace: float, confidence: str) -> None:
    w = watched(process(7, line(GIB, MIB), seconds=seconds, pace=pace), seconds=seconds, pace=pace)
    answer = asked(w)
    assert (only(answer).kind, only(answer).confidence, answer.confidence) == ("leak", confidence, confidence)
    assert "if it goes on" not in answer.sentence.text


def test_a_young_process_stays_unsure_however_long_the_look() -> None:
    w = watched(process(7, line(GIB, MIB), age=10, seconds=600, pace=10), seconds=600, pace=10)
    answer = asked(w)
    assert only(answer).confidence == "low"
    assert any("warm-up can look like this" in note.text for note in only(answer).notes)


def test_a_leak_that_takes_years_does_not_decide() -> None:
    w = watched(process(7, line(GIB, 32 << 10)), available=200 * GIB, total=256 * GIB)
    assert only(asked(w)).kind == "leak"
    assert said(asked(w)) == ("no", "enough")


def test_growth_it_cannot_always_have_had_is_said() -> None:
    answer = asked(watched(process(7, line(GIB, 8 * MIB))))
    assert any("has not always" in note.text for note in only(answer).notes)


def test_threads_that_grow_with_it_are_said() -> None:
    answer = asked(watched(process(7, line(GIB, 8 * MIB), threads=line(10, 1))))
    note = next(note for note in only(answer).notes if "threads grew" in note.text)
    assert (note.values["before"], note.values["after"]) == ("10", "70")


def test_swap_counts_as_room_and_what_is_in_swap_as_held() -> None:
    w = watched(process(7, line(GIB, LEAK)), available=line(2 * GIB, -LEAK), swap=(4 * GIB, 3 * GIB))
    first = tightest(asked(w).case.outlooks)
    assert first is not None
    assert (first.limit.bytes, first.limit.swap) == (20 * GIB, 3 * GIB)
    assert first.limit.left == 5 * GIB - 60 * LEAK


def test_the_tightest_limit_is_a_cgroup_s() -> None:
    w = watched(
        process(7, line(200 * MIB, LEAK), cgroup="/web"),
        available=line(12 * GIB, -LEAK),
        cgroups=[
            cgroup("/web", line(210 * MIB, LEAK), limit=512 * MIB),
            cgroup("/db", 3 * GIB, limit=4 * GIB),
        ],
    )
    answer = asked(w)
    first = tightest(answer.case.outlooks)
    assert first is not None
    assert (first.limit.kind, first.limit.name, first.limit.knob) == ("cgroup", "/web", "memory.max")
    assert eta(answer) == pytest.approx((512 - 210 - 120) / 2, rel=0.01)
    assert [one.limit.name for one in answer.case.outlooks if one.eta is not None] == ["/web", "host"]


def test_cache_in_a_cgroup_is_not_held() -> None:
    group = cgroup("/web", line(100 * MIB, LEAK), limit=512 * MIB, cache=lambda s: 390 * MIB - LEAK * s)
    w = watched(process(7, line(90 * MIB, LEAK), cgroup="/web"), cgroups=[group])
    assert eta(asked(w)) == pytest.approx((512 - 100 - 120) / 2, rel=0.01)


def test_memory_high_is_a_limit_too() -> None:
    group = cgroup("/web", line(100 * MIB, LEAK), limit=GIB, high=300 * MIB)
    answer = asked(watched(process(7, line(90 * MIB, LEAK), cgroup="/web"), cgroups=[group]))
    first = tightest(answer.case.outlooks)
    assert first is not None
    assert (first.limit.knob, first.limit.bytes) == ("memory.high", 300 * MIB)


def test_an_ancestor_s_limit_is_found() -> None:
    w = watched(
        process(7, line(90 * MIB, LEAK), cgroup="/pod/app"),
        cgroups=[
            cgroup("/pod", line(480 * MIB, LEAK), limit=640 * MIB),
            cgroup("/pod/app", line(100 * MIB, LEAK), limit=512 * MIB),
        ],
    )
    answer = asked(w, Focus(cgroup="/pod/app"))
    first = tightest(answer.case.outlooks)
    assert first is not None
    assert first.limit.name == "/pod"
    assert eta(answer) == pytest.approx(40 / 2, rel=0.02)
    assert said(answer) == ("no", "leak")


def test_an_address_space_limit_is_found() -> None:
    leaky = process(7, line(GIB, LEAK), vsize=line(2 * GIB, LEAK))
    w = watched(leaky, allowed={leaky.identity: LIMITS(address_space=3 * GIB)})
    first = tightest(asked(w).case.outlooks)
    assert first is not None
    assert (first.limit.kind, first.limit.knob, first.limit.name) == ("process", "RLIMIT_AS", "worker [7]")
    assert first.eta == pytest.approx((GIB - 60 * LEAK) / LEAK, rel=0.01)


def test_the_commit_limit_counts_where_overcommit_is_off() -> None:
    w = watched(
        process(7, line(GIB, LEAK)),
        meminfo={"CommitLimit": 8 * GIB, "Committed_AS": line(7 * GIB, 4 * MIB)},
        sysctls={"overcommit_memory": 2, "admin_reserve_kbytes": 8 * MIB},
    )
    first = tightest(asked(w).case.outlooks)
    assert first is not None
    assert first.limit.kind == "commit"
    assert first.eta == pytest.approx((GIB - 240 * MIB - 8 * MIB) / (4 * MIB), rel=0.01)


SHORT = {
    "workingset_activate_file": rising(5000),
    "workingset_refault_file": rising(9000),
    "pgscan_kswapd": rising(20000),
    "pgscan_direct": rising(3000),
}


def test_a_working_set_that_does_not_fit_needs_ram() -> None:
    answer = asked(watched(process(7, GIB), vmstat=SHORT, waits=rising(0.3), available=GIB))
    assert said(answer) == ("yes", "short")
    waits: Any = answer.sentence.values["waits"]
    assert waits[0] == pytest.approx(0.3)


def test_a_leak_in_a_host_that_is_short_is_still_only_delayed() -> None:
    w = watched(process(7, line(GIB, LEAK)), vmstat=SHORT, waits=rising(0.3), available=GIB)
    assert said(asked(w)) == ("no", "leak")


def test_swapping_to_and_fro_needs_ram() -> None:
    vmstat = {"pswpin": rising(500), "pswpout": rising(600), "pgscan_kswapd": rising(2000)}
    w = watched(process(7, GIB), vmstat=vmstat, waits=rising(0.2), available=GIB, swap=(GIB, GIB // 2))
    assert said(asked(w)) == ("yes", "short")


def test_what_comes_back_while_nobody_waits_is_no_evidence() -> None:
    assert said(asked(watched(vmstat=SHORT, waits=rising(0.001)))) == ("no-evidence", "felt")


def test_a_cgroup_that_thrashes_needs_its_limit_raised_not_ram() -> None:
    vmstat = {"workingset_activate_file": rising(5000), "workingset_refault_file": rising(9000)}
    group = cgroup("/batch", 60 * MIB, limit=64 * MIB, events_max=rising(100))
    w = watched(vmstat=vmstat, waits=rising(0.2), cgroups=[group])
    answer = asked(w)
    assert said(answer) == ("no", "limit")
    assert answer.sentence.values["cgroup"] == "/batch"
    assert [(one.kind, one.name) for one in answer.case.growers] == [("limit", "/batch")]
    assert said(asked(w, Focus(cgroup="/batch"))) == ("yes", "limit")


def test_two_cgroups_at_their_limits_are_not_told_apart_without_their_own_counters() -> None:
    vmstat = {"workingset_activate_file": rising(5000), "workingset_refault_file": rising(9000)}
    groups = [cgroup(name, 60 * MIB, limit=64 * MIB, events_max=rising(100)) for name in ("/a", "/b")]
    answer = asked(watched(vmstat=vmstat, waits=rising(0.2), cgroups=groups), Focus(cgroup="/a"))
    assert said(answer) == ("no-evidence", "unread")


def test_a_limit_whose_hits_are_not_counted_is_not_taken_for_one_that_was_not_hit() -> None:
    """Version 1, the same limit with swap: the kernel counts on one of the two only, or on none."""
    full = cgroup("/batch", 4 * MIB, limit=64 * MIB, cache=59 * MIB, swap_max=0)
    assert (full.hits, full.came) == (None, True)
    answer = asked(watched(vmstat={"workingset_refault_file": rising(9000)}, cgroups=[full]))
    assert only(answer).kind == "cache"
    assert only(answer).notes[0].values["hits"] == "?"
    roomy = cgroup("/batch", 4 * MIB, limit=64 * MIB, swap_max=0)
    assert (roomy.hits, roomy.came) == (0, False)
    told = cgroup("/batch", 4 * MIB, limit=64 * MIB, cache=59 * MIB, swap_max=0, events_high=0)
    assert (told.hits, told.came) == (0, False), "version 2 counts them all"


def test_a_cgroup_s_own_refaults_are_taken_first() -> None:
    vmstat = {"workingset_activate_file": rising(5000), "workingset_refault_file": rising(9000)}
    groups = [
        cgroup("/a", 60 * MIB, limit=64 * MIB, events_max=rising(100), workingset_refault_file=rising(8000)),
        cgroup("/b", 60 * MIB, limit=64 * MIB, events_max=rising(100), workingset_refault_file=rising(0)),
    ]
    w = watched(vmstat=vmstat, waits=rising(0.2), cgroups=groups)
    assert said(asked(w, Focus(cgroup="/a"))) == ("yes", "limit")
    assert said(asked(w, Focus(cgroup="/b")))[0] != "yes"


def test_a_cgroup_full_of_cache_that_is_read_once_is_no_leak() -> None:
    group = cgroup("/batch", 4 * MIB, limit=64 * MIB, cache=60 * MIB, events_max=rising(300))
    w = watched(vmstat={"workingset_refault_file": rising(9000)}, cgroups=[group])
    answer = asked(w, Focus(cgroup="/batch"))
    assert only(answer).kind == "cache"
    assert said(answer) == ("no-evidence", "cycled")
    assert eta_is_none(answer)
    idle = watched(cgroups=[group])
    assert said(asked(idle, Focus(cgroup="/batch"))) == ("no", "enough")


def eta_is_none(answer: Answer) -> bool:
    first = tightest(answer.case.outlooks)
    return first is not None and first.eta is None


def test_what_processes_of_a_cgroup_do_not_explain_is_named_by_the_kernel_s_words() -> None:
    group = cgroup("/web", line(100 * MIB, LEAK), shmem=line(50 * MIB, LEAK), anon=50 * MIB)
    answer = asked(watched(cgroups=[group]))
    assert [(one.kind, one.name, one.pid) for one in answer.case.growers] == [("leak", "/web", None)]
    assert answer.case.growers[0].notes[0].values["parts"] == "shmem +120.0 MiB"
    assert said(answer) == ("no", "leak")


def test_a_cgroup_that_is_made_again_begins_anew() -> None:
    def again(second: float) -> float:
        return 10 * (second if second < 30 else second - 30)

    group = cgroup("/web", 100 * MIB, events_max=again)
    assert group.times[0] == BEGIN + 30
    assert group.hits == 300


def test_a_cgroup_without_a_limit_is_the_host_s_case() -> None:
    answer = asked(watched(cgroups=[cgroup("/free", GIB, limit=None)]), Focus(cgroup="/free"))
    assert said(answer) == ("no", "enough")
    assert "no limit of its own" in answer.sentence.values["first"].text  # type: ignore[union-attr]


def test_a_cgroup_nearly_full_where_nobody_waits_is_no_evidence() -> None:
    group = cgroup("/web", 950 * MIB, limit=GIB)
    assert said(asked(watched(cgroups=[group]), Focus(cgroup="/web"))) == ("no-evidence", "low")


def burst(second: float) -> float:
    return 100 * MIB + (2 * GIB if 20 <= second < 30 else 0)


def test_a_burst_that_fits_needs_nothing() -> None:
    answer = asked(watched(process(7, burst)))
    assert said(answer) == ("no", "enough")
    (cushion,) = answer.case.cushions
    assert (cushion.fitted, cushion.enough) == (True, True)
    assert cushion.size == 2 * GIB
    assert 8 <= cushion.lasted <= 11


def test_a_burst_that_swap_takes_is_cushioned() -> None:
    vmstat = {"pswpout": rising(100), "pgscan_kswapd": rising(1000)}
    w = watched(process(7, burst), vmstat=vmstat, waits=rising(0.005), swap=(4 * GIB, 3 * GIB))
    answer = asked(w)
    assert said(answer) == ("no", "cushion")
    assert answer.sentence.values["swap"] == (3 * GIB, "bytes")


@pytest.mark.parametrize(
    ("swap", "words"), [((0, 0), "yes"), ((4 * GIB, GIB), "yes"), ((4 * GIB, 3 * GIB), "no")]
)
def test_a_burst_that_does_not_fit_needs_ram_or_swap(swap: tuple[int, int], words: str) -> None:
    w = watched(process(7, burst), vmstat=SHORT, waits=rising(0.3), available=GIB, swap=swap)
    assert said(asked(w)) == (words, "burst" if words == "yes" else "cushion")


def test_a_small_burst_is_named_and_needs_no_cushion() -> None:
    answer = asked(watched(process(7, lambda s: (20 if 20 <= s < 30 else 1) * MIB)))
    assert only(answer).kind == "burst"
    assert answer.case.cushions == ()


def test_fragmented_memory_is_not_short() -> None:
    from jinmaek.kernel.buddyinfo import Buddyinfo

    w = watched(vmstat={"compact_fail": rising(20)})
    last = w.history.snapshots[-1]
    rows = tuple(
        Buddyinfo(node=0, zone="Normal", order=order, free_blocks=count)
        for order, count in enumerate([500_000, 200_000, 9_000, 100, 2, 0, 0])
    )
    last.tables["buddyinfo"] = rows  # type: ignore[index]
    answer = asked(w)
    assert said(answer) == ("no", "fragmentation")
    assert (only(answer).kind, only(answer).name) == ("fragmentation", "node 0, zone Normal")


def test_a_quiet_look_at_a_host_that_was_short_is_no_evidence() -> None:
    assert said(asked(watched(vmstat={"oom_kill": 3}))) == ("no-evidence", "before")
    assert said(asked(watched(waits=BEGIN / 20))) == ("no-evidence", "before")


def test_little_available_is_no_evidence_by_itself() -> None:
    assert said(asked(watched(available=GIB))) == ("no-evidence", "low")


def test_growth_that_is_not_understood_leaves_the_answer_open() -> None:
    late = process(7, lambda second: GIB * second, born=52)
    answer = asked(watched(late, available=12 * GIB))
    assert only(answer).kind is None
    assert said(answer) == ("no-evidence", "unjudged")


def test_too_few_readings() -> None:
    answer = asked(watched(process(7, line(GIB, LEAK), seconds=10), seconds=10))
    assert said(answer) == ("no-evidence", "few")
    assert answer.sentence.values["readings"] == "11"


def test_without_pressure_files_the_answer_is_less_sure() -> None:
    answer = asked(watched(waits=None))
    assert said(answer) == ("no", "enough")
    assert "is not known" in answer.sentence.text
    assert answer.confidence == "low"
    assert any("switched on" in one.text for one in answer.would_change)
    assert said(asked(watched(waits=None, vmstat=SHORT))) == ("yes", "short")


def test_without_vmstat_there_is_no_evidence() -> None:
    w = watched(gaps={"vmstat": Gap("denied", "proc/vmstat")})
    answer = asked(w)
    assert said(answer) == ("no-evidence", "unread")
    assert any("lower bound" in one.text for one in answer.would_change)


def test_one_process_among_others() -> None:
    two = (process(7, line(GIB, LEAK), cgroup="/a"), process(8, GIB, name="calm", cgroup="/a"))
    w = watched(*two, available=line(12 * GIB, -LEAK))
    assert said(asked(w, Focus(pid=7, cgroup="/a"))) == ("no", "leak")
    answer = asked(w, Focus(pid=8, cgroup="/a"))
    assert [one.pid for one in answer.case.growers] == [8]
    assert said(answer) == ("no", "enough"), "another's leak does not make more RAM help this one, or not"
    group = cgroup("/a", line(2 * GIB, LEAK), limit=4 * GIB)
    shared = asked(watched(*two, cgroups=[group]), Focus(pid=8, cgroup="/a"))
    assert said(shared) == ("no", "leak"), "who shares its limit is said"


def test_peaks_of_the_past_are_named() -> None:
    from jinmaek.advice.capacity.series import Peak

    w = watched(peaks=[Peak("job", 9, 6 * GIB, GIB), Peak("calm", 8, GIB, GIB)])
    answer = asked(w)
    assert [peak.name for peak in answer.peaks] == ["job"]


def test_peak_demand_is_the_most_that_was_held() -> None:
    w = watched(available=lambda s: (4 if 20 <= s < 30 else 12) * GIB)
    demand = asked(w).demand
    assert demand is not None
    assert (demand.most, demand.now) == (12 * GIB, 4 * GIB)
    assert BEGIN + 20 <= demand.at < BEGIN + 30
    group = cgroup("/web", 100 * MIB, peak=700 * MIB)
    of_cgroup = asked(watched(cgroups=[group]), Focus(cgroup="/web")).demand
    assert of_cgroup is not None
    assert (of_cgroup.most, of_cgroup.of, of_cgroup.before) == (100 * MIB, GIB, 700 * MIB)


def test_the_answer_says_what_would_change_it() -> None:
    answer = asked(watched(process(7, line(GIB, LEAK), age=30)))
    texts = [one.text for one in answer.would_change]
    assert any("--for" in text for text in texts)
    assert any("warm-up" in text for text in texts)
    longer = next(one for one in answer.would_change if "--for" in one.text)
    assert longer.values["least"] == (MIB, "bytes")
