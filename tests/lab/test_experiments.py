"""Every experiment says what it must say, in both languages, and is named by where it stands."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import jinmaek
from jinmaek import lab
from jinmaek.lab import TOOLS, experiments
from jinmaek.lab.experiment import Experiment
from jinmaek.lab.readings import read
from jinmaek.lab.room import MOST
from jinmaek.rules import rules

HANGUL = re.compile("[가-힣]")
LONGEST = 90.0

every_experiment = pytest.mark.parametrize("one", experiments(), ids=lambda one: one.name)


@pytest.fixture(scope="module")
def korean() -> Catalog:
    path = Path(jinmaek.__file__).parent / "locale/ko/LC_MESSAGES/jinmaek.po"
    with path.open("rb") as file:
        return read_po(file, locale="ko", domain="jinmaek", abort_invalid=True)


def test_a_module_is_an_experiment_named_after_it() -> None:
    named = {}
    for folder in pkgutil.iter_modules(lab.__path__):
        if folder.ispkg and folder.name not in TOOLS:
            package = importlib.import_module(f"jinmaek.lab.{folder.name}")
            for module in pkgutil.iter_modules(package.__path__):
                place = importlib.import_module(f"{package.__name__}.{module.name}")
                named[f"{folder.name}.{module.name}".replace("_", "-")] = place.EXPERIMENT.name
    assert named == {name: name for name in named}
    assert sorted(named) == sorted(one.name for one in experiments())


@every_experiment
def test_texts_are_there_in_korean(one: Experiment, korean: Catalog) -> None:
    for text in (one.claim, one.how):
        message = korean.get(text)
        assert message is not None, text
        assert HANGUL.search(str(message.string)), text


@every_experiment
def test_its_columns_are_known(one: Experiment) -> None:
    assert list(read(one.shows)) == list(one.shows)


@every_experiment
def test_it_is_bounded(one: Experiment) -> None:
    assert one.seconds <= LONGEST
    assert one.span < one.seconds


@every_experiment
def test_what_is_healthy_is_no_fault(one: Experiment) -> None:
    benign = {rule.id for rule in rules() if rule.severity == "benign"}
    known = {rule.id for rule in rules()}
    assert not (one.healthy and one.expects)
    assert {name for name in one.explains if name in known} <= benign
    assert not {want.rule for want in one.expects} & benign


def test_most_of_them_use_no_more_than_is_allowed_without_asking() -> None:
    asking = [one.name for one in experiments() if one.needs.memory > MOST]
    assert len(asking) <= len(experiments()) // 10, asking
