"""Questions are bounded: what is out of bounds is refused by name, and nothing else is ever raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinmaek.views.web.api import LIMIT, OPERATIONS, SORT
from jinmaek.views.web.parameters import AT, LANG, POINTS, Refused, read


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ([("lang", "de")], "lang: one of en, ko"),
        ([("lang", "ko"), ("lang", "en")], "lang: given twice"),
        ([("at", "-1")], "at: from 0 to 4102444800"),
        ([("at", "nan")], "at: a number"),
        ([("at", "inf")], "at: a number"),
        ([("at", "1_0")], "at: a number"),
        ([("at", "١")], "at: a number"),
        ([("points", "2.5")], "points: a whole number"),
        ([("points", "9" * 300)], "points: a whole number"),
        ([("points", "2001")], "points: from 2 to 2000"),
        ([("limit", "0")], "limit: from 1 to 300"),
        ([("Lang", "ko")], "there is no such parameter here; see /api/v1/openapi.json"),
    ],
)
def test_what_is_refused(query: list[tuple[str, str]], why: str) -> None:
    with pytest.raises(Refused) as refused:
        read(query, (LANG, AT, POINTS, LIMIT))
    assert refused.value.status == 400
    assert refused.value.why == why


def test_what_is_read() -> None:
    got = read([("at", "12.5"), ("lang", "ko")], (LANG, AT, POINTS, SORT))
    assert got == {"lang": "ko", "at": 12.5, "points": 300, "sort": "cpu"}


@given(st.lists(st.tuples(st.sampled_from(["lang", "at", "points", "x"]), st.text(max_size=30))))
def test_nothing_else_comes_of_any_text(query: list[tuple[str, str]]) -> None:
    try:
        got = read(query, (LANG, AT, POINTS))
    except Refused:
        return
    assert got["lang"] in ("en", "ko")
    assert got["at"] is None or 0 <= got["at"] <= 4_102_444_800
    assert 2 <= got["points"] <= 2000


def test_defaults_are_within_their_own_bounds() -> None:
    for operation in OPERATIONS:
        for parameter in operation.parameters:
            if parameter.default is not None:
                assert parameter.read(str(parameter.default)) == parameter.default
