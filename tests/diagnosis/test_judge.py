"""One rule, every kind of verdict."""

from __future__ import annotations

import dataclasses

import pytest
from tests.made import look, ring, snapshot, softnet

from jinmaek.diagnosis.expr import all_of, any_of, lowest, now, rate, total
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.model import Culprit, Finding, Quiet, Unknown, Verdict

RULE = Rule(
    id="network.test",
    title="CPU {cpu} throws packets away",
    when=rate("softnet_stat.dropped") > 1,
    agree=(
        Sign("squeezed", rate("softnet_stat.time_squeeze") > 0),
        Sign("a backlog", lowest("softnet_stat.backlog_len") > 0),
    ),
    unless=(Sign("a known storm", now("softnet_stat.processed") > 0),),
    held=3,
    severity="info",
    worse=(("warning", rate("softnet_stat.dropped") > 10), ("critical", rate("softnet_stat.dropped") > 100)),
    why="CPU {cpu} is late.",
    helps=("look at CPU {cpu}",),
    does_not_help=("more memory",),
    culprits=lambda _: (Culprit("kernel", "someone", "because"),),
    sources=("proposed",),
)


def one(rule: Rule, seen: Look) -> Verdict:
    (verdict,) = judge([rule], seen)
    return verdict


def growing(step: int, squeezed: int = 1, backlog: int | None = 0, readings: int = 6) -> Look:
    return look([[softnet(0, 100 + n * step, n * squeezed, backlog)] for n in range(readings)])


@pytest.mark.parametrize(
    ("step", "severity", "limit"), [(5, "info", 1), (50, "warning", 10), (500, "critical", 100)]
)
def test_a_finding_with_its_severity(step: int, severity: str, limit: int) -> None:
    finding = one(RULE, growing(step))
    assert isinstance(finding, Finding)
    assert finding.severity == severity
    assert finding.title == "CPU 0 throws packets away"
    assert finding.summary == "CPU 0 is late."
    assert finding.helps == ("look at CPU 0",)
    assert finding.subject == (("cpu", "0"),)
    assert (finding.since, finding.until) == (1000, 1005)
    assert finding.culprits == (Culprit("kernel", "someone", "because"),)
    first = finding.evidence[0]
    assert (first.column, first.value, first.unit) == ("softnet_stat.dropped", step, "count/s")
    assert first.limit == limit, "the severest that is passed"
    assert first.file == "/proc/net/softnet_stat"


def test_indicators_and_confidence() -> None:
    both = one(RULE, growing(5, backlog=7))
    single = one(RULE, growing(5, backlog=0))
    assert isinstance(both, Finding)
    assert isinstance(single, Finding)
    assert (both.indicators.agree, both.confidence) == (("squeezed", "a backlog"), "high")
    assert (single.indicators.agree, single.indicators.disagree) == (("squeezed",), ("a backlog",))
    assert single.confidence == "medium"
    short = one(dataclasses.replace(RULE, held=60), growing(5, backlog=0))
    assert isinstance(short, Finding)
    assert short.confidence == "low", "one sign only, and not watched for as long as the rule asks"


def test_an_indicator_that_cannot_be_read_is_unknown_and_the_other_decides() -> None:
    finding = one(RULE, growing(5, backlog=None))
    assert isinstance(finding, Finding)
    assert finding.indicators.unknown == ("a backlog",)


def test_a_level_alone_is_quiet_and_says_so() -> None:
    quiet = one(RULE, growing(5, squeezed=0))
    assert isinstance(quiet, Quiet)
    assert quiet.reason == "the level is there, but nothing else agrees with it"


def test_nothing_there_is_quiet_without_a_reason() -> None:
    assert one(RULE, growing(0)) == Quiet("network.test")


def test_a_veto_is_the_reason() -> None:
    rule = dataclasses.replace(RULE, unless=(Sign("a known storm", now("softnet_stat.processed") >= 0),))
    assert one(rule, growing(5)) == Quiet("network.test", "a known storm")


def test_a_veto_decides_where_the_signs_that_should_agree_are_not_known() -> None:
    signs = (Sign("a backlog", lowest("softnet_stat.backlog_len") > 0),)
    unsure = dataclasses.replace(RULE, agree=signs, unless=())
    assert isinstance(one(unsure, growing(5, backlog=None)), Unknown)
    vetoed = dataclasses.replace(unsure, unless=(Sign("a storm", now("softnet_stat.processed") >= 0),))
    assert one(vetoed, growing(5, backlog=None)) == Quiet("network.test", "a storm")


def test_a_benign_state_is_quiet_with_its_reason_and_numbers() -> None:
    quiet = one(dataclasses.replace(RULE, severity="benign", worse=()), growing(5))
    assert isinstance(quiet, Quiet)
    assert quiet.reason == "CPU 0 is late."
    assert quiet.evidence


def test_one_reading_has_no_rate() -> None:
    unknown = one(RULE, growing(5, readings=1))
    assert isinstance(unknown, Unknown)
    assert (unknown.column, unknown.gap.kind) == ("softnet_stat.dropped", "too short")


def test_a_table_that_is_not_there_is_unknown() -> None:
    seen = growing(5)
    ring(seen).add(snapshot(9.0, {}))
    unknown = one(RULE, seen)
    assert isinstance(unknown, Unknown)
    assert unknown.gap.kind == "absent"


def test_a_condition_that_only_came_at_the_end_is_not_held() -> None:
    """Watched for longer than the window of a rate: every moment of ``held`` is judged by itself."""
    calm = [[softnet(0, 0, n, 1)] for n in range(118)]
    late = [[softnet(0, 400 * n, 118 + n, 1)] for n in range(1, 4)]
    assert isinstance(one(dataclasses.replace(RULE, held=40), look(calm + late)), Quiet)
    assert isinstance(one(dataclasses.replace(RULE, held=0), look(calm + late)), Finding)


def test_two_subjects_are_two_findings() -> None:
    seen = look([[softnet(cpu, n * 5 * (cpu + 1), n, 1) for cpu in range(2)] for n in range(6)])
    verdicts = judge([RULE], seen)
    assert [v.subject for v in verdicts if isinstance(v, Finding)] == [(("cpu", "0"),), (("cpu", "1"),)]


def test_evidence_is_of_the_parts_that_hold() -> None:
    """Half of a condition says nothing: packets squeezed beside no backlog are no number to show."""
    squeezed, backlog = rate("softnet_stat.time_squeeze") > 0, now("softnet_stat.backlog_len")
    rule = dataclasses.replace(
        RULE,
        when=any_of(all_of(squeezed, backlog > 5), all_of(RULE.when, backlog < 5)),
        agree=(Sign("squeezed and late", all_of(squeezed, backlog > 5)), Sign("early", backlog < 9)),
        worse=(("warning", all_of(squeezed, backlog > 7)),),
    )
    finding = one(rule, growing(5))
    assert isinstance(finding, Finding)
    assert [(item.column, item.limit) for item in finding.evidence] == [
        ("softnet_stat.dropped", 1),
        ("softnet_stat.backlog_len", 9),
    ]


def test_a_level_that_is_not_known_is_vetoed_too() -> None:
    """A trend needs minutes; that the machine has only just started is known at once."""
    host = total(now("softnet_stat.processed"))
    rule = dataclasses.replace(
        RULE,
        when=total(now("softnet_stat.dropped", ago=60)) > 1,
        agree=(),
        unless=(Sign("a known storm", host >= 0),),
        title="t",
        why="w",
        worse=(),
    )
    assert one(rule, growing(5)) == Quiet("network.test"), "nothing is known to look bad"
    (unknown,) = judge([dataclasses.replace(rule, unless=(Sign("none", host > 0),))], growing(5))
    assert isinstance(unknown, Unknown)
    assert (unknown.gap.kind, unknown.gap.needed) == ("too short", 60)
