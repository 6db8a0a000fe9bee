"""The limits of a rule: told by name, and set otherwise everywhere they stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.made import look, softnet

from jinmaek.diagnosis.expr import all_of, any_of, limit, mean, named, now, number, rate, slope, unless
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.limits import Limit, UnknownLimit, changed, limits, with_limits
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.model import ChangedLimit, Finding, Quiet

dropped = rate("softnet_stat.dropped")
window = limit("window", 600)
backlog = slope("softnet_stat.backlog_len", over=window / 2, ago=window * 0.5 + limit("gap", 0))

RULE = Rule(
    id="network.test",
    title="t",
    when=all_of(dropped > limit("dropped", 10, "netdata"), any_of(dropped > limit("dropped", 10, "netdata"))),
    agree=(Sign("a", number(now("softnet_stat.backlog_len") >= limit("backlog", 0)) >= 1),),
    unless=(Sign("u", unless(named("n", dropped) * limit("factor", 1) > 1e9, dropped < limit("few", 1))),),
    held=3,
    severity="info",
    worse=(
        ("warning", all_of(dropped > limit("many", 100), now("softnet_stat.backlog_len", ago=window) > 0)),
        ("critical", backlog > mean("softnet_stat.backlog_len", over=window)),
    ),
    why="w",
    helps=(),
    does_not_help=(),
)


def test_each_is_told_once_with_its_unit_and_source() -> None:
    assert limits(RULE) == (
        Limit("dropped", 10, 10, "count/s", "netdata"),
        Limit("backlog", 0, 0, "count", "proposed"),
        Limit("factor", 1, 1, "", "proposed"),
        Limit("few", 1, 1, "count/s", "proposed"),
        Limit("many", 100, 100, "count/s", "proposed"),
        Limit("window", 600, 600, "seconds", "proposed"),
        Limit("gap", 0, 0, "", "proposed"),
        Limit("held", 3, 3, "seconds", "proposed"),
        Limit("clear", 0.85, 0.85, "ratio", "netdata"),
        Limit("clear-for", 900, 900, "seconds", "netdata"),
    )
    assert changed([RULE]) == ()


@pytest.mark.parametrize("name", [one.name for one in limits(RULE)])
def test_it_is_set_wherever_it_stands_and_nothing_else_is(name: str) -> None:
    (other,) = with_limits([RULE], {f"network.test.{name}": 42})
    assert {one.name: one.value for one in limits(other)} == {
        **{one.name: one.value for one in limits(RULE)},
        name: 42,
    }
    assert [(one.rule, one.name, one.value) for one in changed([other])] == [("network.test", name, 42)]
    (back,) = with_limits([other], {f"network.test.{one.name}": one.default for one in limits(other)})
    assert replace(back, defaults=()) == RULE
    assert changed([back]) == ()


def test_set_twice_the_default_is_still_the_rule_s_own() -> None:
    (once,) = with_limits([RULE], {"network.test.few": 5})
    (twice,) = with_limits([once], {"network.test.few": 7, "network.test.held": 9})
    assert changed([twice]) == (
        ChangedLimit("network.test", "few", 7, 1, "count/s"),
        ChangedLimit("network.test", "held", 9, 3, "seconds"),
    )


def test_a_limit_there_is_not_is_refused() -> None:
    with pytest.raises(UnknownLimit) as refused:
        with_limits([RULE], {"network.test.nothing": 1})
    assert refused.value.known == [f"network.test.{one.name}" for one in limits(RULE)]


def test_the_verdict_follows_it() -> None:
    seen = look([[softnet(0, 20 * second)] for second in range(6)])
    assert isinstance(judge([RULE], seen)[0], Finding)
    (stricter,) = with_limits([RULE], {"network.test.dropped": 50})
    assert isinstance(judge([stricter], seen)[0], Quiet)
    (finding,) = judge(with_limits([RULE], {"network.test.dropped": 15}), seen)
    assert isinstance(finding, Finding)
    assert finding.evidence[0].limit == 15
