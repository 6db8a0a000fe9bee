"""The scripts of the page: every word they say is known, and none of them makes markup of a text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jinmaek.views.web import charts
from jinmaek.views.web.texts import TEXTS, words

STATIC = Path(charts.__file__).parent / "static"
SCRIPTS = sorted(STATIC.rglob("*.js"))
SAID = re.compile(r"""\bt\((?:"([^"]*)"|'([^']*)')""")


def said() -> set[str]:
    found = {a or b for path in SCRIPTS for a, b in SAID.findall(path.read_text())}
    charted = {one.title for one in charts.CHARTS} | {
        line.name for one in charts.CHARTS for line in one.lines if line.name
    }
    return found | charted


def test_every_word_is_there() -> None:
    assert said() - set(words("en")) == set()


def test_no_word_is_there_for_nobody() -> None:
    whole = "".join(path.read_text() for path in SCRIPTS)
    quoted = set(re.findall(r'"([^"]*)"', whole)) | set(re.findall(r"'([^']*)'", whole))
    assert set(TEXTS) - said() - quoted - {"unexplained"} == set()


def test_korean_is_not_english() -> None:
    korean = words("ko")
    same = {text for text in TEXTS if korean[text] == text}
    assert same <= {"CPU", "PID", "S", "cgroup", "htop", "load", "load1", "major faults"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(STATIC)))
def test_no_script_makes_markup(path: Path) -> None:
    text = path.read_text()
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                 "srcdoc", "javascript:", 'setAttribute("style"'):  # fmt: skip
        assert word not in text
    assert len(text.splitlines()) <= 400


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in STATIC.rglob("*"):
        if path.is_file():
            found = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text()))
            assert found <= {"http://www.w3.org"}, path
