"""Many questions to an engine, a few at a time, none of them waited for past its deadline.

A server may answer one byte every few seconds for ever, which no timeout of a socket notices: so the threads
that ask are watched, and one that is overdue is left behind. They are daemons, and end with the program.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from jinmaek.history.prometheus.access import Access
from jinmaek.history.prometheus.answer import Answer, NoAnswer, Why
from jinmaek.history.prometheus.http import Instant, Query

Key = TypeVar("Key", bound=Hashable)
Progress = Callable[[int, int], None]
"""Questions answered, and how many there are."""

GRACE = 0.5
"""Seconds beyond the deadline before a thread is left behind."""
WAIT = 0.1
"""Seconds between two looks for such."""
ENOUGH = 3
"""Questions in a row that nobody answered: the rest need not be asked."""
DEAD: tuple[Why, ...] = ("unreachable", "timed out", "denied", "unavailable")
"""Why a question is not answered that was not the question's fault."""


class Asked(Protocol):
    """What answers questions: an ``http.Engine``."""

    access: Access

    def ask(self, query: Query) -> Answer:
        """Raises ``NoAnswer``."""
        ...


def ask(engine: Asked, query: Query) -> Answer:
    """One question. Raises ``NoAnswer``."""
    answer = ask_all(engine, {None: query})[None]
    if isinstance(answer, NoAnswer):
        raise answer
    return answer


def ask_all(
    engine: Asked, queries: Mapping[Key, Query], progress: Progress | None = None
) -> dict[Key, Answer | NoAnswer]:
    """The answer to each question, or why there is none."""
    return _Round(engine, queries).run(progress)


def instants(
    engine: Asked, expressions: Mapping[Key, str], at: float, progress: Progress | None = None
) -> dict[Key, Answer | NoAnswer]:
    """The same of queries at one moment."""
    return ask_all(engine, {key: Instant(text, at) for key, text in expressions.items()}, progress)


class _Round(Generic[Key]):
    """Questions on their way. All but ``_work`` is of the thread that wants the answers."""

    def __init__(self, engine: Asked, queries: Mapping[Key, Query]) -> None:
        self.engine = engine
        self.queries = queries
        self.found: dict[Key, Answer | NoAnswer] = {}
        self.todo: SimpleQueue[tuple[Key, Query] | None] = SimpleQueue()
        self.done: SimpleQueue[tuple[Key, Answer | NoAnswer | BaseException]] = SimpleQueue()
        self.begun: dict[Key, float] = {}
        self.in_vain = 0
        """Questions in a row without an answer."""

    def run(self, progress: Progress | None) -> dict[Key, Answer | NoAnswer]:
        for item in self.queries.items():
            self.todo.put(item)
        workers = min(self.engine.access.at_once, len(self.queries))
        for _ in range(workers):
            self._start()
        try:
            while len(self.found) < len(self.queries):
                self._take()
                if self.in_vain >= ENOUGH:
                    self._give_up()
                if progress:
                    progress(len(self.found), len(self.queries))
        finally:
            self._empty()
            for _ in range(workers):
                self.todo.put(None)
        return {key: self.found[key] for key in self.queries}

    def _take(self) -> None:
        """The next answer, or those that are overdue."""
        try:
            key, answer = self.done.get(timeout=WAIT)
        except Empty:
            latest = time.monotonic() - self.engine.access.timeout - GRACE
            overdue = [k for k, moment in dict(self.begun).items() if moment < latest and k not in self.found]
            for key in overdue:
                self.found[key] = NoAnswer("timed out", f"no answer in {self.engine.access.timeout:g} s")
                self.in_vain += 1
                self._start()
            return
        if isinstance(answer, BaseException) and not isinstance(answer, NoAnswer):
            raise answer
        if key not in self.found:
            self.found[key] = answer
            dead = isinstance(answer, NoAnswer) and answer.why in DEAD
            self.in_vain = self.in_vain + 1 if dead else 0

    def _give_up(self) -> None:
        """The rest need not be asked: it is as the last."""
        last = next(one for one in reversed(self.found.values()) if isinstance(one, NoAnswer))
        self._empty()
        for key in self.queries:
            self.found.setdefault(key, last)

    def _empty(self) -> None:
        try:
            while True:
                self.todo.get_nowait()
        except Empty:
            return

    def _start(self) -> None:
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while (item := self.todo.get()) is not None:
            key, query = item
            self.begun[key] = time.monotonic()
            try:
                answer: Answer | NoAnswer = self.engine.ask(query)
            except NoAnswer as fault:
                answer = fault
            except BaseException as bug:
                self.done.put((key, bug))
                raise
            self.done.put((key, answer))
