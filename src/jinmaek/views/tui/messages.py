"""What the threads of the full-screen view tell it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from jinmaek.views.tui.line import Line
from jinmaek.views.tui.source import Account, Asked, Picture


class Pictured(Message):
    """A picture is there."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture


class Told(Message):
    """An account is there, or how far it is."""

    def __init__(self, asked: Asked, text: str, account: Account | None) -> None:
        super().__init__()
        self.asked, self.text, self.account = asked, text, account


class Found(Message):
    """What a search came to: a place and what is there, or nothing."""

    def __init__(self, found: tuple[int, str] | None) -> None:
        super().__init__()
        self.found = found


class Explained(Message):
    """What is to be said of the thing at the cursor; empty where nothing is."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self.lines = lines
