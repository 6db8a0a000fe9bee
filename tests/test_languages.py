"""Every sentence the program says is there in Korean, and every translation fills the same blanks."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from jinmaek.accounts import memory_titles
from jinmaek.accounts.heap.content import Class
from jinmaek.accounts.heap.verdict import State
from jinmaek.diagnosis import memory_verdict, swap_verdict
from jinmaek.lab.text import VERDICTS
from jinmaek.model import SEVERITIES, Confidence, GapKind
from jinmaek.views import memory_words, swap
from jinmaek.views.capacity import HEADS as ANSWERS
from jinmaek.views.capacity_growers import CLASSES
from jinmaek.views.fleet import COUNTED
from jinmaek.views.load import NAMES as KINDS_OF_LOAD
from jinmaek.views.report import page as report_page
from jinmaek.views.report import words as report_words
from jinmaek.views.report.charts import CHARTS
from jinmaek.views.top_live import ASKED, HELP
from jinmaek.views.tui import cgroups, disks, footer, history, keys, overview
from jinmaek.views.tui.source import CHARTS as TRENDS
from jinmaek.views.tui.source import TRACES

SOURCE = Path(__file__).parents[1] / "src" / "jinmaek"
PAGE = Path(report_page.__file__).parent / "page.html"
SAYING = {
    "tr": 1,
    "say": 0,
    "_process": 3,
    "of_task": 3,
    "_inside": 3,
    "_ranked": 2,
    "_shares": 4,
    "named": 0,
    "answer": 1,
    "CannotMake": 0,
    "take": 0,
}
"""Functions that translate, and which argument is the sentence."""


@cache
def korean() -> Catalog:
    with (SOURCE / "locale" / "ko" / "LC_MESSAGES" / "jinmaek.po").open("rb") as file:
        return read_po(file, locale="ko")


WORDS = (
    *(
        text
        for texts in (
            memory_titles.TITLES,
            memory_titles.MEANINGS,
            memory_titles.BAND,
            memory_titles.PARTS,
            memory_titles.INSIDE,
            memory_titles.USED,
            memory_verdict.SENTENCES,
            swap_verdict.SENTENCES,
            memory_words.OWNERS,
            memory_words.UNOWNED,
            swap.TITLES,
            swap.RATES,
        )
        for text in texts.values()
    ),
    *(text for text in swap.BOUNDS.values() if text),
    *(sentence for _, sentence in HELP),
    *ASKED.values(),
    *KINDS_OF_LOAD.values(),
    *VERDICTS.values(),
    "before",
    "during",
    "after",
    *get_args(GapKind),
    *(severity.upper() for severity in SEVERITIES if severity != "benign"),
    *(f"{confidence} confidence" for confidence in get_args(Confidence)),
    *(state.upper() for state in get_args(State)),
    *get_args(Class),
    *ANSWERS.values(),
    *CLASSES.values(),
    *COUNTED.values(),
    *report_words.WORDS,
    *(text for chart in CHARTS for text in (chart.title, *(line.title for line in chart.lines)) if text),
    *(text for text in re.findall(r"\[\[ ?(.+?) ?\]\]", PAGE.read_text())),
    *TRENDS,
    *TRACES,
    *cgroups.ORDER,
    *disks.COLUMNS,
    *footer.NAMES.values(),
    *overview.NAMES.values(),
    *history.TITLES.values(),
    *(sentence for _, sentence in (*keys.HELP, *keys.HELP_OF_A_RECORDING)),
)


def sentences() -> Iterator[tuple[str, str]]:
    """Literal sentences in the code outside the rules (those have a test of their own), and where."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            place = SAYING.get(name or "")
            if place is None or len(node.args) <= place:
                continue
            if isinstance(node.args[place], ast.JoinedStr):
                continue  # put together from the words below
            for part in ast.walk(node.args[place]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.strip():
                    yield part.value, f"{path.relative_to(SOURCE)}:{node.lineno}"


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("sentence", "place"), sorted({*sentences(), *((word, "model") for word in WORDS)}))
def test_every_sentence_has_its_korean(sentence: str, place: str) -> None:
    message = korean().get(sentence)
    assert message is not None, place
    assert message.string, place


@pytest.mark.parametrize("name", ["jinmaek", "explain"])
def test_no_message_is_translated_twice(name: str) -> None:
    """The last would count, whatever the first one says."""
    text = (SOURCE / "locale" / "ko" / "LC_MESSAGES" / f"{name}.po").read_text(encoding="utf-8")
    found = Counter(re.findall(r'^msgid ((?:"(?:[^"\\]|\\.)*"\n)+)', text, re.MULTILINE))
    assert not [message for message, times in found.items() if times > 1]


def test_translations_fill_the_same_blanks() -> None:
    for message in korean():
        if message.id:
            assert blanks(str(message.string)) == blanks(str(message.id)), message.id
            assert "fuzzy" not in message.flags
