"""Claims of the notes, tried on the kernel that runs: the answer is the usual one, and all is undone.

A handful of them, or all with JINMAEK_LAB=all: some take half a minute and want a host without other work.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jinmaek.lab import experiments
from jinmaek.lab.experiment import Experiment
from jinmaek.lab.room import MOST, refusal
from jinmaek.lab.runner import look_away, run

pytestmark = pytest.mark.kernel


QUICK = (
    "load.b-misses-locks",
    "memory.cached-holds-tmpfs",
    "memory.read-fills-cache",
    "processes.overcommit-strict",
    "processes.states",
    "processes.zombies-hold-pids",
    "swap.cache-goes-first",
    "swap.out-and-back",
    "swap.used-is-no-trouble",
)
TRIES = 3
CLAIMS = [one for one in experiments() if one.chapter is not None]
TRIED = CLAIMS if os.environ.get("JINMAEK_LAB") == "all" else [one for one in CLAIMS if one.name in QUICK]


@pytest.mark.parametrize("one", TRIED, ids=lambda one: one.name)
def test_the_answer_is_the_usual_one(one: Experiment, tmp_path: Path) -> None:
    why = refusal(one, str(tmp_path), MOST, "en")
    if why:
        pytest.skip(why)
    # Others swap, fill the cache and take memory, too: where that was in the way, it is tried again.
    for _ in range(TRIES):
        done = run(one, str(tmp_path), look_away)
        assert done.leftovers == ()
        said = done.answer.why.told("en")
        if done.answer.says == one.usual:
            break
    if done.answer.says == "could not tell":
        pytest.skip(said)
    assert done.answer.says == one.usual, said
