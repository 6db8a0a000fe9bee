"""Every rule says what it must say, in both languages, and where its numbers come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import jinmaek
from jinmaek.diagnosis.expr import AllOf, AnyOf, Compare, Expr, Unless
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import subject_labels
from jinmaek.model import SEVERITIES
from jinmaek.rules import rules

SOURCE = Path(jinmaek.__file__).parent
HANGUL = re.compile("[가-힣]")
FIELD = re.compile(r"\{(\w*)\}")

every_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)


@pytest.fixture(scope="module")
def korean() -> Catalog:
    with (SOURCE / "locale/ko/LC_MESSAGES/jinmaek.po").open("rb") as file:
        return read_po(file, locale="ko", domain="jinmaek", abort_invalid=True)


def texts(rule: Rule) -> Iterator[str]:
    yield rule.title
    yield rule.why
    yield from (sign.name for sign in (*rule.agree, *rule.unless))
    yield from rule.helps
    yield from rule.does_not_help


def conditions(expr: Expr) -> Iterator[Expr]:
    """The leaves of what is joined by and, or, unless."""
    match expr:
        case AllOf(terms) | AnyOf(terms):
            for term in terms:
                yield from conditions(term)
        case Unless(term, vetoes):
            for part in (term, *vetoes):
                yield from conditions(part)
        case leaf:
            yield leaf


def test_every_file_is_a_rule_named_after_its_place() -> None:
    files = {
        f"{path.parent.name}.{path.stem}".replace("_", "-")
        for path in (SOURCE / "rules").glob("*/*.py")
        if path.stem != "__init__"
    }
    assert [rule.id for rule in rules()] == sorted(files)


@every_rule
def test_it_tells_what_helps_and_what_does_not(rule: Rule) -> None:
    assert rule.helps
    assert rule.does_not_help
    for text in texts(rule):
        assert text == text.strip()
        assert text
        assert not HANGUL.search(text), text


@every_rule
def test_every_text_is_in_korean_too(rule: Rule, korean: Catalog) -> None:
    for text in texts(rule):
        message = korean.get(text)
        assert message is not None, text
        translated = str(message.string)
        assert HANGUL.search(translated), text
        assert sorted(FIELD.findall(translated)) == sorted(FIELD.findall(text)), text


@every_rule
def test_a_text_names_only_labels_of_the_subject(rule: Rule) -> None:
    labels = dict.fromkeys(subject_labels(rule.condition()), "x")
    for text in texts(rule):
        assert FIELD.search(text.format(**labels)) is None


@every_rule
def test_it_says_where_its_thresholds_come_from(rule: Rule) -> None:
    assert rule.sources
    assert all(rule.sources)


@every_rule
def test_severities_rise(rule: Rule) -> None:
    ladder = [SEVERITIES.index(level) for level in (rule.severity, *(level for level, _ in rule.worse))]
    assert ladder == sorted(set(ladder))
    assert rule.severity != "benign" or not rule.worse
    assert rule.held >= 0


@every_rule
def test_every_condition_is_a_comparison(rule: Rule) -> None:
    """A bare number would hold whenever it can be read."""
    signs = [sign.expr for sign in (*rule.agree, *rule.unless)]
    for expr in (rule.when, *signs, *(expr for _, expr in rule.worse)):
        for leaf in conditions(expr):
            assert isinstance(leaf, Compare), leaf


@every_rule
def test_signs_are_told_apart_by_name(rule: Rule) -> None:
    names = [sign.name for sign in (*rule.agree, *rule.unless)]
    assert len(set(names)) == len(names)
