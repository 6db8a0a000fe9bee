"""Moving through a recording: each key, the line of time, and the pictures of a real recording."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.history.recording.kept import BEGAN, write
from tests.views.test_top import frame_of, process

from jinmaek.cli import moments
from jinmaek.cli.main import main
from jinmaek.cli.replay import Recorded
from jinmaek.views.replay import Replay, keys, press, screen, search
from jinmaek.views.top_frame import Frame

FRAME = frame_of(*(process(pid, cpu=pid / 100, resident=-pid) for pid in range(1, 41)))


@dataclass
class Source:
    """Samples every second for two hours, but for ten minutes after the first half."""

    walls: Sequence[float] = field(
        default_factory=lambda: [float(n) for n in range(7201) if not 3600 < n < 4200]
    )
    gaps: Sequence[tuple[float, float, str]] = ((3600.0, 4200.0, "recorder stopped"),)

    def frame(self, place: int) -> Frame | str:
        return FRAME if place else "nothing there"

    def next_finding(self, after: float) -> tuple[float, str] | None:
        return (5000.0, "WARNING  it was bad") if after < 5000 else None

    def moment(self, text: str) -> float | None:
        return float(text) if text.isdigit() else None


def after(typed: str, begin: float = 1000.0) -> Replay:
    replay = Replay(Source(), 0)
    replay.go(begin)
    for key in keys(typed):
        press(replay, key)
        if replay.searching:
            search(replay)
    return replay


@pytest.mark.parametrize(
    ("typed", "wall"),
    [
        ("l", 1001.0), ("h", 999.0), ("\x1b[C\x1b[C", 1002.0), ("\x1b[D", 999.0), ("]", 1060.0), ("[", 940.0),
        ("\x1b[A", 1060.0), ("\x1b[6~", 4600.0), ("{", 0.0), ("g", 0.0), ("gh", 0.0), ("G", 7200.0),
        ("Gl", 7200.0), ("t5\n", 5.0), ("t50\x7f\n", 5.0), ("t5\x1b", 1000.0), ("tx\n", 1000.0),
        ("t4000\n", 3600.0), ("w", 3600.0), ("wl", 4200.0), ("ww", 3600.0), ("Gb", 3600.0), ("b", 1000.0),
        ("n", 5000.0), ("nn", 5000.0), ("\x1b[Z", 1000.0),
    ],
)  # fmt: skip
def test_where_keys_go(typed: str, wall: float) -> None:
    assert after(typed).wall == wall


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("n", "it was bad"),
        ("nn", "nothing more was wrong"),
        ("b", "no more gaps there"),
        ("tx\n", "x is no moment"),
        ("t12", "To which moment: 12"),
        ("w", "behind this sample none for 10 min 0 s: recorder stopped"),
        ("?", "to the next thing that was wrong"),
        ("x", "unknown key"),
        ("g", "nothing there"),
        ("M", "sample 1,001 of 6,602"),
    ],
)
def test_what_is_said(typed: str, told: str) -> None:
    assert told in screen(after(typed), 100, 24)


def test_playing_faster_and_slower() -> None:
    assert after(" ").playing
    assert not after("  ").playing
    assert after(" +++").speed == 10
    assert after("+-").speed == 1
    assert after("+" * 20).speed == 300


def test_the_line_of_time_leaves_gaps_out() -> None:
    line = screen(after("g"), 73, 24).split("\r\n")[1].removesuffix("\x1b[K")
    assert len(line) == 73
    assert line[0] == "●"
    assert line[37:42] == " " * 5
    assert line[36] == line[43] == "─"


def test_it_fits_any_terminal() -> None:
    for typed in ("", "?", "g", "w"):
        for columns, rows in ((80, 24), (40, 10), (20, 3), (200, 60)):
            lines = screen(after(typed), columns, rows).split("\r\n")
            assert len(lines) <= rows
            for line in lines:
                plain = line.replace("\x1b[7m", "").replace("\x1b[0m", "").removesuffix("\x1b[K")
                assert len(plain) <= columns


def test_pictures_of_a_recording(tmp_path: Path) -> None:
    write(tmp_path, 20)
    write(tmp_path, 20, first=100)
    with moments.opened(argparse.Namespace(recording=str(tmp_path))) as recording:
        source = Recorded(recording, "en")
        assert len(source.walls) == 40
        assert source.gaps == [(BEGAN + 19, BEGAN + 100, "recorder stopped")]
        assert source.moment("@7") == 7.0
        assert source.moment("x") is None
        for place in (0, 19, 20, 39):
            frame = source.frame(place)
            assert not isinstance(frame, str)
            assert frame.wall == source.walls[place]
            assert {one.comm for one in frame.processes} >= {"init", "kid"}
        assert source.next_finding(BEGAN) is None


def test_without_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, 3)
    assert main(["replay", "--recording", str(tmp_path)]) == 2
    assert "no terminal" in capsys.readouterr().err
