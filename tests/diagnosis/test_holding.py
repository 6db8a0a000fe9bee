"""A finding that was raised stays until its level is clear of the limit: no flapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.made import look, softnet

from jinmaek.diagnosis.expr import all_of, any_of, limit, now, unless
from jinmaek.diagnosis.holding import near_limit
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.model import Finding, Quiet, Verdict

backlog = now("softnet_stat.backlog_len")
dropped = now("softnet_stat.dropped")

RULE = Rule(
    id="network.test",
    title="t",
    when=backlog > limit("backlog", 100),
    unless=(Sign("a veto", dropped > 0),),
    held=20,
    clear_for=30,
    severity="warning",
    worse=(("critical", backlog > limit("backlog-critical", 1000)),),
    why="w",
    helps=(),
    does_not_help=(),
)
LOOKED = [0] * 61
"""A window of calm before: the longest a rate may ask for."""


def verdict(levels: Sequence[int], rule: Rule = RULE, veto: Sequence[int] = ()) -> Verdict:
    """Of a reading a second; the last minute before them was calm."""
    vetoes = [*[0] * (len(LOOKED) + len(levels) - len(veto)), *veto]
    rows = [[softnet(0, d, backlog=b)] for b, d in zip([*LOOKED, *levels], vetoes, strict=True)]
    (found,) = judge([rule], look(rows))
    return found


@pytest.mark.parametrize(
    ("levels", "stays"),
    [
        ([*[120] * 30, *[90] * 100], True),  # never below 85
        ([*[120] * 30, *[50] * 29], True),  # below, but not for long
        ([*[120] * 30, *[50] * 31], False),
        ([*[120] * 30, *[50] * 20, *[90] * 5, *[50] * 20], True),  # near again in between
        ([*[120] * 15, *[90] * 20], False),  # was never held long enough
        ([*[120] * 30, *[50] * 40, 120, 90], False),  # clear, and a peak of a second since
        ([*[120] * 30, *[50] * 10, *[120] * 5, *[50] * 10], True),
        ([*[120] * 30, *[90] * 200], False),  # so long ago that it is forgotten
    ],
)
def test_it_stays_until_it_is_clear(levels: list[int], *, stays: bool) -> None:
    found = verdict(levels)
    assert isinstance(found, Finding if stays else Quiet)
    if isinstance(found, Finding):
        peak = max(second for second, level in enumerate(levels) if level > 100)
        assert found.fell == 1000 + len(LOOKED) + peak
        assert found.severity == "warning"


def test_it_tells_since_when_and_on_what_number() -> None:
    found = verdict([*[120] * 30, *[90] * 100])
    assert isinstance(found, Finding)
    assert found.since == pytest.approx(1000 + len(LOOKED) - 60, abs=5), "moments are thinned"
    (number,) = found.evidence
    assert number.value == 90
    assert number.limit == pytest.approx(85)


def test_one_that_comes_again_before_it_was_clear_is_the_same() -> None:
    found = verdict([*[120] * 30, *[90] * 10, *[2000] * 5])
    assert isinstance(found, Finding)
    assert found.fell is None
    assert found.severity == "critical"
    assert isinstance(verdict([*[0] * 40, *[2000] * 5]), Quiet), "alone it would not be held"


def test_a_veto_ends_it_after_the_same_time() -> None:
    assert isinstance(verdict([120] * 60, veto=[1] * 20), Finding)
    assert isinstance(verdict([120] * 90, veto=[1] * 40), Quiet)


def test_a_benign_state_and_a_rule_without_the_time_end_at_once() -> None:
    levels = [*[120] * 30, *[90] * 3]
    assert isinstance(verdict(levels, replace(RULE, clear_for=0)), Quiet)
    benign = verdict(levels, replace(RULE, severity="benign", worse=()))
    assert isinstance(benign, Quiet)
    assert benign.evidence == ()


def test_a_limit_is_eased_in_its_own_direction() -> None:
    rule = replace(
        RULE,
        when=all_of(
            backlog > 100,
            backlog >= -100,
            any_of(backlog < 17, backlog <= -17, backlog.equals(3)),
            unless(backlog > dropped * 2, dropped > 5),
        ),
        unless=(),
    )
    assert near_limit(rule) == all_of(
        backlog > 100 * 0.85,
        backlog >= -100 * (1 / 0.85),
        any_of(backlog < 17 * (1 / 0.85), backlog <= -17 * (1 / (1 / 0.85)), backlog.equals(3)),
        unless(backlog > dropped * 2 * 0.85, dropped > 5),
    )
