from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
from types import SimpleNamespace

import pytest

from jinmaek.cli import progress
from jinmaek.views.fit import cells


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> int:
    """Standard error as a terminal of 40 columns; the end that reads what is written there."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    # pytest puts its own in the place of sys.stderr before each test
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=os.fdopen(writer, "w")))
    return reader


def shown(reader: int) -> str:
    return os.read(reader, 4096).decode()


def test_nothing_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert progress.countdown("watching: {left} s") is None
    assert progress.part("reading: {share}") is None
    progress.show("looking")
    progress.clear()
    assert capsys.readouterr() == ("", "")


def test_a_countdown_is_gone_in_the_end(terminal: int) -> None:
    tell = progress.countdown("watching: {left} s")
    assert tell is not None
    tell(2.6)
    assert shown(terminal) == "\r\x1b[Kwatching: 3 s "
    tell(0.0)
    assert shown(terminal) == "\r\x1b[K"


def test_a_part(terminal: int) -> None:
    tell = progress.part("reading: {share}")
    assert tell is not None
    tell(0.256)
    assert shown(terminal) == "\r\x1b[Kreading:  26% "
    progress.clear()
    assert shown(terminal) == "\r\x1b[K"


@pytest.mark.parametrize("text", ["x" * 100, "메모리 관찰 중 " * 10])
def test_never_a_second_line(terminal: int, text: str) -> None:
    progress.show(text)
    line = shown(terminal).removeprefix("\r\x1b[K")
    assert cells(line) < 40
    assert text.startswith(line.rstrip())


def test_a_hostile_name_steers_no_terminal(terminal: int) -> None:
    progress.show("fastest: \x1b]0;owned\x07\n\udcff")
    line = shown(terminal).removeprefix("\r\x1b[K")
    assert line.startswith("fastest: ")
    assert line.isprintable()


def test_a_terminal_that_is_no_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress.show("y" * 100)
    assert capsys.readouterr().err == "\r\x1b[K" + "y" * 78 + " "
