"""Every claim of the notes, tried on the kernel that runs: the answer is the usual one, and all is undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from jinmaek.lab import experiments
from jinmaek.lab.experiment import Experiment
from jinmaek.lab.room import MOST, refusal
from jinmaek.lab.runner import look_away, run

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    "one", [one for one in experiments() if one.chapter is not None], ids=lambda one: one.name
)
def test_the_answer_is_the_usual_one(one: Experiment, tmp_path: Path) -> None:
    why = refusal(one, str(tmp_path), MOST, "en")
    if why:
        pytest.skip(why)
    done = run(one, str(tmp_path), look_away)
    assert done.leftovers == ()
    said = done.answer.why.told("en")
    if done.answer.says == "could not tell":
        pytest.skip(said)
    assert done.answer.says == one.usual, said
