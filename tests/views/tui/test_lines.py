"""Lines of pages: harmless, as wide as they may be, and of what they say they are about."""

from __future__ import annotations

import pytest
from tests.views.tui.told import HOSTILE

from jinmaek.explain.find import find
from jinmaek.explain.page import rule_of
from jinmaek.views.fit import cells
from jinmaek.views.tui import cgroups, disks, history, load, swap
from jinmaek.views.tui.line import bar, fit, line, share_bar, spark, wrapped
from jinmaek.views.tui.player import Player


@pytest.mark.parametrize("name", HOSTILE)
def test_no_line_steers_a_terminal(name: str) -> None:
    told = [line(name, (name, "bold")), *wrapped(f"who {name} is", 20, lead=(name, ""))]
    for one in told:
        assert one.text.isprintable()


def test_a_line_is_cut_to_cells_not_letters() -> None:
    told = fit(line("한글", ("이름", "bold"), "rest"), 7)
    assert told.text == "한글이"
    assert cells(told.text) <= 7


def test_a_graph_has_a_gap_where_nothing_is_known() -> None:
    assert spark([0.0, None, 1.0], 5, 1.0) == "  ▁ █"
    assert spark([5.0, 10.0], 2) == "▄█"
    assert spark([], 3) == "   "
    assert spark([0.0, 0.0], 2) == "▁▁"


def test_a_bar_is_as_wide_as_it_is_said_and_parts_differ_without_colour() -> None:
    pieces = bar([(50, "a"), (25, "b"), (0, "c"), (5, "d")], 100, 40)
    text = "".join(one for one, _ in pieces)
    assert len(text) == 40
    assert text == "█" * 20 + "▓" * 10 + "░" * 2 + "·" * 8
    assert len("".join(one for one, _ in bar([(1, "a")], 0, 10))) == 10
    assert share_bar(None, 4)[0] == "    "
    assert share_bar(0.5, 4)[0] == "██··"


WORDS = {
    *(word for _, _, word in disks.COLUMNS.values()),
    *cgroups.WORDS.values(),
    *history.WORDS.values(),
    *load.WORDS.values(),
    *(word for _, _, word in swap.FIGURES.values()),
}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_what_a_line_is_about_can_be_explained(word: str) -> None:
    assert rule_of(word) or find(word).subjects


def test_columns_of_cgroups_all_have_their_words() -> None:
    assert set(cgroups.WORDS) == set(cgroups.EXPRS) == set(cgroups.ORDER)


def test_playing_goes_on_with_the_clock_and_over_gaps_at_once() -> None:
    player = Player([0.0, 1.0, 2.0, 100.0, 101.0, 102.0], frozenset({2.0}))
    assert player.due(0, 50.0) is None
    player.toggle(0, 50.0)
    assert player.due(0, 50.5) is None
    assert player.due(0, 51.2) == 1
    player.pace(1, 1, 52.0)
    assert player.speed == 2
    assert player.due(1, 52.5) == 2
    assert player.due(2, 52.6) == 3
    assert player.due(3, 52.6) is None
    assert player.due(3, 53.7) == 5
    assert player.began is None


def test_a_recording_is_left_at_neither_end() -> None:
    player = Player([5.0, 6.0])
    assert player.place(1.0) == 0
    assert player.place(99.0) == 1
    player.toggle(1, 0.0)
    assert player.due(1, 9.0) is None
