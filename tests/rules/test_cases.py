"""Every rule against its cases, in our engine and in promtool: one file proves both.

A case file is ``tests/rules/<folder>/<name>.yaml`` in promtool's format, and the first word of a test's
name is the verdict: ``firing``, ``quiet``, ``vetoed`` (it would fire but for ``unless``), or ``unknown`` (a
column has no series at all: Prometheus stays silent, we say what is missing).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from tests.rules.promtool_series import Series, seconds

from jinmaek.diagnosis.alerts import alerts_over, conditions, prometheus_rules
from jinmaek.diagnosis.evaluate import Missing
from jinmaek.diagnosis.promql import exported_labels
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import subject_labels
from jinmaek.rules import rules

HERE = Path(__file__).parent
WINDOW = 300.0
VERDICTS = ("firing", "quiet", "vetoed", "unknown")


def case_file(rule: Rule) -> Path:
    folder, _, name = rule.id.partition(".")
    return HERE / folder / f"{name.replace('-', '_')}.yaml"


def verdict(test: Mapping[str, Any]) -> str:
    return str(test["name"]).partition(" ")[0].rstrip(":,")


def problems(rule: Rule, document: Mapping[str, Any]) -> Iterator[str]:
    """Where our engine and a case file disagree."""
    step = seconds(document.get("evaluation_interval", "1m"))
    for test in document["tests"]:
        series = [(one["series"], one["values"]) for one in test["input_series"]]
        history = Series(seconds(test["interval"]), series)
        if not test.get("alert_rule_test"):
            yield f"{test['name']}: no alert_rule_test"
        for moment in test.get("alert_rule_test", ()):
            for problem in _at(rule, verdict(test), history, step, moment):
                yield f"{test['name']}, at {moment['eval_time']}: {problem}"


def _at(rule: Rule, word: str, history: Series, step: float, moment: Mapping[str, Any]) -> Iterator[str]:
    times = [step * n for n in range(int(seconds(moment["eval_time"]) // step) + 1)]
    levels = alerts_over(rule, history, times, WINDOW)[-1]
    names = {label: exported_labels(rule.condition())[label] for label in subject_labels(rule.condition())}
    found = sorted(
        (level, *sorted((names[label], text) for label, text in subject))
        for level, vector in levels.items()
        if not isinstance(vector, Missing)
        for subject in vector
    )
    expected = sorted(
        (labels["severity"], *sorted((k, str(v)) for k, v in labels.items() if k in names.values()))
        for labels in (alert["exp_labels"] for alert in moment.get("exp_alerts") or ())
    )
    base = levels[rule.severity]
    if moment["alertname"] != rule.id:
        yield f"it asks for {moment['alertname']}"
    if found != expected:
        yield f"fires for {found}, expected {expected}; base {base}"
    match word:
        case "firing":
            pass
        case "quiet":
            if expected or isinstance(base, Missing):
                yield f"not quiet: {base}"
        case "vetoed":
            free = alerts_over(replace(rule, unless=()), history, times, WINDOW)[-1][rule.severity]
            if expected or isinstance(free, Missing) or not free:
                yield f"without the vetoes: {free}"
        case "unknown":
            if expected or not isinstance(base, Missing):
                yield f"known: {base}"
        case _:
            yield f"the name begins with {word!r}, not with one of {', '.join(VERDICTS)}"


def load(rule: Rule) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(case_file(rule).read_text(encoding="utf-8"))
    return document


every_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)


@every_rule
def test_cases_in_our_engine(rule: Rule) -> None:
    assert list(problems(rule, load(rule))) == []


@every_rule
def test_cases_in_promtool(rule: Rule, peer: Callable[[str], str], tmp_path: Path) -> None:
    promtool = peer("promtool")
    (tmp_path / "rules.yml").write_text(prometheus_rules([rule], annotations=False), encoding="utf-8")
    shutil.copy(case_file(rule), tmp_path / "cases.yaml")
    assert load(rule)["rule_files"] == ["rules.yml"]
    run = subprocess.run(
        [promtool, "test", "rules", str(tmp_path / "cases.yaml")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, (run.stdout + run.stderr)[:4000]


@every_rule
def test_a_rule_has_firing_and_quiet_cases_and_one_for_its_vetoes(rule: Rule) -> None:
    """A test is quiet or firing by its name; one that fires must also be seen to fire in it."""
    tests = load(rule)["tests"]
    words = {verdict(test) for test in tests}
    assert {"firing", "quiet"} <= words
    assert not rule.unless or "vetoed" in words
    for test in tests:
        fires = any(moment.get("exp_alerts") for moment in test["alert_rule_test"])
        assert fires is (verdict(test) == "firing"), test["name"]


@every_rule
def test_texts_name_only_labels_that_every_subject_has(rule: Rule) -> None:
    for expr in conditions(rule).values():
        known = set(subject_labels(expr))
        for text in (rule.title, rule.why):
            assert {field for _, field, _, _ in Formatter().parse(text) if field is not None} <= known, text


def test_the_annotated_rule_file_loads(peer: Callable[[str], str], tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(prometheus_rules(rules(), annotations=True), encoding="utf-8")
    run = subprocess.run(
        [peer("promtool"), "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"SUCCESS: {sum(len(conditions(rule)) for rule in rules())} rules found" in run.stdout
