"""A score counts what was made, and nothing else; and every rule is made, or it is said why not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from jinmaek.cli.main import main
from jinmaek.lab import experiments
from jinmaek.lab.bench import Bench
from jinmaek.lab.conditions import files_run_out
from jinmaek.lab.experiment import Expected, Experiment, answer
from jinmaek.lab.healthy import many_open_files
from jinmaek.lab.machine import machine
from jinmaek.lab.markdown import page
from jinmaek.lab.not_made import REASONS
from jinmaek.lab.peers.held import held
from jinmaek.lab.peers.peer import Alarm as Said
from jinmaek.lab.peers.peer import Peer
from jinmaek.lab.runner import Run
from jinmaek.lab.score import Score, of_rules, score
from jinmaek.lab.score_text import lines
from jinmaek.lab.sentence import say
from jinmaek.lab.trial import Alarm, Outcome, Trial, names
from jinmaek.model import Culprit
from jinmaek.rules import rules

FAULT = replace(files_run_out.EXPERIMENT, expects=(Expected("process.files-exhausted", "jm-opener"),))
FINE = many_open_files.EXPERIMENT


def ran(experiment: Experiment, *, holds: bool = True) -> Run:
    return Run(
        experiment=experiment,
        answer=answer(holds, "said"),
        readings=(),
        looks=(),
        seconds=1.0,
        name="run-abc",
        pids=(7,),
        leftovers=(),
    )


def judged(
    experiment: Experiment,
    outcomes: Iterable[Outcome] = (),
    alarms: Iterable[Alarm] = (),
    *,
    holds: bool = True,
) -> Trial:
    return Trial(
        experiment=experiment,
        began=1.0,
        ended=2.0,
        outcomes=tuple(outcomes),
        explained=(),
        alarms=tuple(alarms),
        before=(),
        seen=True,
        run=ran(experiment, holds=holds),
    )


def hit(*, right: bool) -> Outcome:
    return Outcome("process.files-exhausted", fired=True, after=5.0, culprit="jm-opener [7]", right=right)


MISSED = Outcome("process.files-exhausted", fired=False, after=None, culprit=None, right=None)
ALARM = Alarm("process.files-exhausted", "warning", "proxy [9]")


def whole(trials: tuple[Trial, ...]) -> Score:
    return Score(
        trials=trials,
        refused=(),
        rules=of_rules(rules(), trials),
        peers=(),
        absent=(),
        seconds=1.0,
    )


def test_recall_culprits_and_false_alarms_are_counted_apart() -> None:
    done = whole(
        (
            judged(FAULT, [hit(right=True)]),
            judged(FAULT, [hit(right=False)]),
            judged(FAULT, [MISSED]),
            judged(FINE, alarms=[ALARM]),
            judged(FINE),
        )
    )
    (rule,) = [one for one in done.rules if one.rule == "process.files-exhausted"]
    assert (rule.trials, rule.fired, rule.named, rule.right, rule.false_alarms) == (3, 2, 2, 1, 1)
    assert done.recall == pytest.approx(2 / 3)
    assert done.culprits == pytest.approx(1 / 2)
    assert (len(done.healthy), len(done.alarmed)) == (2, 1)


def test_a_condition_that_was_not_made_is_no_trial() -> None:
    done = whole((judged(FAULT, [MISSED], holds=False), judged(FINE, alarms=[ALARM], holds=False)))
    assert (done.recall, done.culprits, done.judged, done.healthy) == (None, None, (), ())
    assert any("not made" in line for line in lines(done, "en"))


def test_what_was_wrong_is_one_item_of_the_page_however_long_it_is() -> None:
    trial = judged(FAULT, holds=False)
    long = replace(trial, run=replace(trial.run, answer=answer(None, "packets " * 30 + "at last")))
    made = page(whole((long, judged(FINE, alarms=[ALARM]))), machine(), 3, "en")
    items = [line for line in made.split("\n") if line.startswith("- not made: ")]
    (item,) = items
    assert item.endswith("at last")
    assert f"- {FINE.name}: false alarm process.files-exhausted (warning, proxy [9])" in made.split("\n")
    folded = [line for line in lines(whole((long,)), "en") if "packets" in line or "at last" in line]
    assert len(folded) > 1
    assert folded[0].startswith("  not made: ")


def test_nobody_of_another_run_is_right() -> None:
    run = ran(FAULT)
    assert names(Culprit("process", "jm-opener", "", pid=7), "jm-opener", run)
    assert not names(Culprit("process", "jm-opener", "", pid=8), "jm-opener", run)
    assert names(Culprit("process", "jm-opener", "", pid=8), "jm-opener", run, {8})
    assert not names(Culprit("process", "other", "", pid=7), "jm-opener", run)
    assert names(Culprit("cgroup", "/jinmaek-lab-run-abc", ""), "jm-opener", run)
    assert not names(Culprit("cgroup", "/jinmaek-lab-run-def", ""), "jm-opener", run)


def test_any_alarm_of_a_peer_counts_but_only_where_something_was_wrong() -> None:
    peer = Peer("peer", "1", say("as shipped"), lambda _since, _until: ())
    trials = (judged(FAULT, [hit(right=True)]), judged(FAULT, [MISSED]), judged(FINE), judged(FINE))
    told = (((Said("any", "jm-opener", 7),),), (None,), ((Said("any", "init", 1),),), ((),))
    (said,) = held((peer,), trials, told)
    assert (said.conditions, said.found, said.named, said.right) == (1, 1, 1, 1)
    assert (said.healthy, said.alarmed) == (2, 1)
    assert said.by_rule == {"process.files-exhausted": (1, 1)}


def test_every_rule_is_made_or_it_is_said_why_not() -> None:
    made = {want.rule for one in experiments() for want in one.expects}
    made |= {rule for one in experiments() for rule in one.explains}
    known = {rule.id for rule in rules()}
    assert made | set(REASONS) == known
    assert not made & set(REASONS)


def test_many_of_them_look_bad_and_are_fine() -> None:
    assert sum(one.healthy for one in experiments()) >= 15


@pytest.mark.kernel
def test_a_fault_and_a_healthy_host_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jinmaek.lab.score.CALM", 1.0)
    monkeypatch.setattr("jinmaek.lab.score.PATIENCE", 0.0)
    wanted = tuple(rule for rule in rules() if rule.id == "process.files-exhausted")
    done = score(
        [replace(FAULT, span=2.0), replace(FINE, span=2.0)],
        wanted,
        str(tmp_path),
        "en",
        1,
        lambda _: None,
        None,
    )
    fault, fine = done.trials
    assert fault.made, fault.run.answer
    assert fine.made, fine.run.answer
    (outcome,) = fault.outcomes
    assert outcome.fired
    assert outcome.right
    assert not [alarm for alarm in fine.alarms if "jm-proxy" in str(alarm.culprit)]
    assert not [*fault.run.leftovers, *fine.run.leftovers]


def test_a_score_that_is_stopped_tells_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = iter([judged(FAULT, [hit(right=True)])])

    def one(*_: object) -> Trial:
        try:
            return next(made)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr("jinmaek.lab.score.trial", one)
    monkeypatch.setattr("jinmaek.lab.score._calm", lambda *_: ((), (0.0, 0.0)))
    page = tmp_path / "page.md"
    asked = ["lab", "score", "--only", "conditions.leak", "--dir", str(tmp_path), "--lang", "en"]
    assert main([*asked, "--page", str(page)]) == 130
    assert "stopped after 1 of 3 trials" in capsys.readouterr().out
    assert "stopped after 1 of 3 trials" in page.read_text()
    assert main(asked) == 130, "before the first trial there is nothing to tell"
    assert not capsys.readouterr().out


def test_what_cannot_run_here_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    asked = ["lab", "score", "--only", "conditions.leak", "--repeats", "1", "--memory", "1M"]
    asked += ["--dir", str(tmp_path), "--lang", "en", "--page", str(page), "--json"]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    assert told["recall"] is None
    assert told["refused"][0]["name"] == "conditions.leak"
    assert "--memory" in page.read_text()


def test_two_labs_at_a_time_would_see_each_other(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = ["lab", "score", "--only", "conditions.leak", "--memory", "1M", "--dir", str(tmp_path)]
    with Bench(str(tmp_path)) as bench:
        assert main(asked) == 3
        assert bench.folder in capsys.readouterr().err
    assert main(asked) == 0


@pytest.mark.parametrize(
    "wrong", [["--repeats", "0"], ["--only", "nothing.at-all"], ["--alerts", os.devnull]]
)
def test_what_is_asked_wrongly(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "score", *wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1
