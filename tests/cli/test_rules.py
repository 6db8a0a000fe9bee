"""``jinmaek rules``: the catalogue as text, JSON and Prometheus rules."""

from __future__ import annotations

import json

import pytest
import yaml

from jinmaek.cli.main import main
from jinmaek.diagnosis.alerts import conditions
from jinmaek.diagnosis.promql import promql
from jinmaek.i18n import tr
from jinmaek.rules import rules

FIRST = rules()[0]


def test_list_names_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list", "--lang", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == [
        rule.id for rule in rules()
    ]


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list", "--json", "--lang", "en"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(rule["id"], rule["severity"], rule["title"]) for rule in listed] == [
        (rule.id, rule.severity, rule.title) for rule in rules()
    ]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_show_tells_the_whole_rule(rule: object, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = next(one for one in rules() if one is rule)
    assert main(["rules", "show", chosen.id, "--lang", lang]) == 0
    shown = capsys.readouterr().out
    plain = " ".join(shown.split())
    said = (chosen.title, chosen.why, *chosen.helps, *chosen.does_not_help, *chosen.sources)
    for text in (tr(lang, each) for each in said):
        # A long line is broken at any character of Korean text.
        assert text.replace(" ", "") in plain.replace(" ", "")
    for expr in conditions(chosen).values():
        assert promql(expr, lines=True) in shown


def test_show_of_an_unknown_rule_says_which_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "show", FIRST.id[:-2]]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"jinmaek: {FIRST.id[:-2]}: there is no such rule; did you mean {FIRST.id}?\n"


def test_export_is_a_rule_file_with_the_window_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "export", "--format", "prometheus", "--window", "7m"]) == 0
    text = capsys.readouterr().out
    alerts = [alert for group in yaml.safe_load(text)["groups"] for alert in group["rules"]]
    assert [alert["alert"] for alert in alerts] == [rule.id for rule in rules() for _ in conditions(rule)]
    assert "[7m]" in text
    assert all({"summary", "description"} <= set(alert["annotations"]) for alert in alerts)


@pytest.mark.parametrize("window", ["5", "x", "-5m", "0m"])
def test_a_window_that_is_none_is_refused(window: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "export", f"--window={window}"]) == 2
    assert "is no duration" in capsys.readouterr().err
