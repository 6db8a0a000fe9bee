"""Every rule says what it must say, in both languages, and where its numbers come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import jinmaek
from jinmaek.diagnosis.expr import (
    Aggregate,
    AllOf,
    AnyOf,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Length,
    Named,
    Now,
    Range,
    Unless,
)
from jinmaek.diagnosis.limits import EVERY, expressions, limits
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


def held_against(expr: Expr) -> Iterator[Const]:
    """The numbers a comparison holds a quantity against."""
    match expr:
        case Compare(_, left, right):
            yield from (side for side in (left, right) if isinstance(side, Const))
            for side in (left, right):
                yield from (const for const in named_in(side) if const is not side)


def named_in(expr: Expr) -> Iterator[Const]:
    match expr:
        case Const(_, name):
            if name:
                yield expr
        case Arithmetic(_, left, right) | Compare(_, left, right):
            yield from named_in(left)
            yield from named_in(right)
        case Aggregate(_, term) | Named(_, term):
            yield from named_in(term)
        case AnyOf(terms) | AllOf(terms):
            for term in terms:
                yield from named_in(term)
        case Now(_, _, ago):
            yield from lengths(ago)
        case Range(_, _, over, _, ago):
            yield from lengths(over)
            yield from lengths(ago)


def lengths(length: Length | None) -> Iterator[Const]:
    match length:
        case Const() | Arithmetic():
            yield from named_in(length)


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
def test_every_limit_has_a_name_of_its_own_and_a_source(rule: Rule) -> None:
    """A number that is not named could not be set otherwise; 0 and 1 only tell whether there is any."""
    stated: dict[str, set[tuple[float, str]]] = {}
    for expr in expressions(rule):
        for leaf in conditions(expr):
            for const in held_against(leaf):
                if const.name:
                    stated.setdefault(const.name, set()).add((const.value, const.source))
                else:
                    assert const.value in (0, 1), leaf
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in stated)
    assert all(len(values) == 1 and all(source for _, source in values) for values in stated.values())
    assert not EVERY.keys() & stated.keys()
    names = [one.name for one in limits(rule)]
    assert [*dict.fromkeys(names)] == names
    assert {*stated, *EVERY} == set(names)


@every_rule
def test_no_text_repeats_a_limit(rule: Rule) -> None:
    """A sentence that says 90 % is wrong once somebody sets 80 %."""
    for text in (rule.title, rule.why, *(sign.name for sign in (*rule.agree, *rule.unless))):
        assert not re.search(r"\d ?(%|[KMG]iB)", text), text


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
