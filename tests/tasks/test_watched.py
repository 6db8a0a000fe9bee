"""Work that waits for ever costs a deadline; what was done by then is kept."""

from __future__ import annotations

import os
from pathlib import Path

from jinmaek import procfile
from jinmaek.tasks.watched import Mark, within


def test_work_that_is_done() -> None:
    done: list[int] = []

    def work(mark: Mark) -> None:
        for n in range(3):
            mark()
            done.append(n)

    assert within("proc/1/mem", work, budget=20) is None
    assert done == [0, 1, 2]


def test_a_step_that_sleeps_is_left_behind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stuck")
    done: list[str] = []

    def work(mark: Mark) -> None:
        done.append("first")
        mark()
        os.close(os.open(tmp_path / "stuck", os.O_RDONLY))
        mark()
        done.append("second")

    missed = within("proc/7/pagemap", work, budget=20)
    assert missed is not None
    assert (missed.kind, missed.source, missed.detail) == (
        "timed out",
        "proc/7/pagemap",
        "mmap_lock held > 20 ms",
    )
    os.close(os.open(tmp_path / "stuck", os.O_WRONLY | os.O_NONBLOCK))
    assert done == ["first"]


def test_work_without_end_is_ended_by_its_budget() -> None:
    def work(mark: Mark) -> None:
        while True:
            mark()

    missed = within("proc/7/mem", work, budget=0.05)
    assert missed is not None
    assert missed.detail == "the budget of 0.05 s is used up"


def test_a_refusal_is_told() -> None:
    def work(mark: Mark) -> None:
        raise procfile.Unreadable("denied", "proc/7/mem")

    missed = within("proc/7/mem", work, budget=20)
    assert missed is not None
    assert (missed.kind, missed.source) == ("denied", "proc/7/mem")
