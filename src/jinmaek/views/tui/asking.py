"""The threads that ask the source for what the full-screen view shows: one for pictures, one for accounts."""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.message import Message

from jinmaek.views.tui.messages import Found, Pictured, Told
from jinmaek.views.tui.source import Account, Asked, Left, Source, Tab

AGAIN: dict[Tab, float] = {"memory": 15.0, "swap": 15.0, "load": 0.5}
"""Seconds after which the account of a live host is made anew, for as long as its tab is shown."""


class Asking:
    """``asked`` and ``delay`` tell what is on the screen now; answers are posted, from any thread."""

    def __init__(
        self,
        source: Source,
        asked: Callable[[], Asked],
        delay: Callable[[], float],
        post: Callable[[Message], object],
    ) -> None:
        self._source, self._asked, self._delay, self._post = source, asked, delay, post
        self._over = threading.Event()
        self._picture = threading.Event()
        self._account = threading.Event()

    def stop(self) -> None:
        """No thread asks any more."""
        self._over.set()
        self.anew()

    def anew(self, *, account: bool = True) -> None:
        """Another picture without waiting, and another account."""
        self._picture.set()
        if account:
            self._account.set()

    def pictures(self) -> None:
        """Ask for pictures until stopped."""
        while not self._over.is_set():
            self._picture.clear()
            self._post(Pictured(self._source.picture(self._asked())))
            self._picture.wait(self._delay() if self._source.live else None)

    def accounts(self) -> None:
        """Ask for the account of the tab that is shown until stopped; one that is left is given up."""
        while not self._over.is_set():
            self._account.clear()
            asked = self._asked()
            try:
                account = self._source.account(asked, self._progress(asked))
            except Left:
                continue
            if account is not None:
                self._post(Told(asked, "", account))
            self._account.wait(AGAIN.get(asked.tab) if self._source.live else None)

    def _progress(self, of: Asked) -> Callable[[Tab, str, Account | None], None]:
        def progress(tab: Tab, text: str, account: Account | None) -> None:
            now = self._asked()
            if self._over.is_set() or (now.tab, now.place) != (tab, of.place):
                raise Left
            self._post(Told(of, text, account))

        return progress

    def search(self, *, forward: bool) -> None:
        """The next thing that was wrong, or the one before."""
        self._post(Found(self._source.finding(self._asked().place, forward=forward)))
