"""``jinmaek rules``: the catalogue as text, JSON and Prometheus rules."""

from __future__ import annotations

import json

import pytest
import yaml

from jinmaek.cli.main import main
from jinmaek.diagnosis.alerts import conditions
from jinmaek.diagnosis.limits import limits
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
    sources = (one.source for one in limits(chosen))
    said = (chosen.title, chosen.why, *chosen.helps, *chosen.does_not_help, *chosen.sources, *sources)
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
    *groups, sources = yaml.safe_load(text)["groups"]
    alerts = [alert for group in groups for alert in group["rules"]]
    assert all(alert["alert"].startswith("sources.") for alert in sources["rules"])
    assert [alert["alert"] for alert in alerts] == [rule.id for rule in rules() for _ in conditions(rule)]
    assert "[7m]" in text
    assert all({"summary", "description"} <= set(alert["annotations"]) for alert in alerts)


def test_a_limit_set_otherwise_is_in_the_rule_and_said_to_be_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["cpu.saturated", "--lang", "en", "--set", "cpu.saturated.busy=70%"]
    assert main(["rules", "show", *words]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "busy=0.7 70.0 % (prometheus node-mixin) changed, by default 0.9" in shown
    assert main(["rules", "show", *words, "--json"]) == 0
    (rule,) = json.loads(capsys.readouterr().out)
    (busy,) = (one for one in rule["limits"] if one["name"] == "busy")
    expected = {"value": 0.7, "default": 0.9, "unit": "ratio", "source": "prometheus node-mixin"}
    assert busy == {"name": "busy", **expected}
    assert "> 0.7" in rule["promql"]["info"]
    assert main(["rules", "export", "--set", "cpu.saturated.held=42"]) == 0
    alerts = [a for group in yaml.safe_load(capsys.readouterr().out)["groups"] for a in group["rules"]]
    assert {a["for"] for a in alerts if a["alert"] == "cpu.saturated"} == {"42s"}
    assert [a["annotations"].get("changed") for a in alerts if a["alert"] == "cpu.saturated"] == [
        "held=42 (default 300)"
    ] * 3


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("cpu.saturated.bussy=1", "cpu.saturated has busy, pressure, nice"),
        ("cpu.satrated.busy=1", "did you mean cpu.saturated.busy?"),
        ("cpu.saturated.busy", "is not RULE.LIMIT=NUMBER"),
        ("cpu.saturated.busy=nan", "is not RULE.LIMIT=NUMBER"),
        ("cpu.saturated.busy=much", "is not RULE.LIMIT=NUMBER"),
    ],
)
def test_a_limit_there_is_not(setting: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "export", "--set", setting]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("window", ["5", "x", "-5m", "0m"])
def test_a_window_that_is_none_is_refused(window: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "export", f"--window={window}"]) == 2
    assert "is no duration" in capsys.readouterr().err
