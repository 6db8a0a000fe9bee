"""Pages of rules: complete, of this catalogue, and the ones that lie in docs."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from jinmaek.i18n import LANGUAGES, tr
from jinmaek.rules import rules
from jinmaek.views.rules_markdown import index, page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_in_docs_are_of_these_rules() -> None:
    wanted: dict[str, str] = runpy.run_path(str(DOCS / "generate.py"))["pages"]()
    there = {
        str(path.relative_to(DOCS / "rules")): path.read_text("utf-8") for path in DOCS.glob("rules/*/*.md")
    }
    assert there == wanted, "make docs"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_has_all_that_a_rule_says(lang: str) -> None:
    for rule in rules():
        text = page(rule, lang).replace("\\", "")
        for said in (
            rule.why,
            *rule.helps,
            *rule.does_not_help,
            *(sign.name for sign in (*rule.agree, *rule.unless)),
        ):
            assert tr(lang, said).replace("\\", "") in text
        assert "```promql" in text
        assert f"]({rule.id}.md)" in index(rules(), lang)


def test_nothing_in_a_text_is_taken_for_markup() -> None:
    (rule,) = (one for one in rules() if one.id == "swap.stale")
    assert "\\_" in page(rule, "en")
