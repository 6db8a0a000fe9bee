"""The accounts, taken when somebody asks, once for all who ask meanwhile, and kept for some seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Literal, assert_never, get_args

from jinmaek.accounts.load.watch import watch
from jinmaek.accounts.memory import account
from jinmaek.accounts.memory_owners import By
from jinmaek.accounts.swap_reading import look as swap_look
from jinmaek.diagnosis import memory_verdict, swap_verdict
from jinmaek.diagnosis.glance import glance
from jinmaek.diagnosis.rule import Rule
from jinmaek.root import LIVE
from jinmaek.tasks.choose import Scanner
from jinmaek.views import load_json, memory_json, swap_json

Kind = Literal["memory", "load", "swap"]
Document = dict[str, object]

GROUPS: tuple[By, ...] = get_args(By)
BUDGET = 2.0
"""Seconds for reading all processes."""
SPANS: dict[Kind, float] = {"memory": 1.0, "swap": 5.0, "load": 11.0}
"""Seconds each is watched for: load1 moves every 5 s, and two moves are asked for."""
FRESH = 10.0
"""Seconds for which an account answers later questions, too."""
EACH = 0.5
"""Seconds between two samples of threads."""

Key = tuple[Kind, By, str]


class Accounts:
    """Of the running host, one at a time: they read much, and would disturb each other."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._turn = asyncio.Lock()
        self._known: dict[Key, tuple[float, Document]] = {}
        self._going: dict[Key, asyncio.Task[Document]] = {}

    async def get(self, kind: Kind, by: By, lang: str) -> Document:
        """An account at most ``FRESH`` seconds old. Raises ``NoMeminfo``."""
        key = kind, by, lang
        known = self._known.get(key)
        if known is not None and time.monotonic() - known[0] < FRESH:
            return known[1]
        task = self._going.get(key)
        if task is None:
            task = self._going[key] = asyncio.create_task(self._take(key))
        # Whoever goes away does not take the account from the others.
        return await asyncio.shield(task)

    async def _take(self, key: Key) -> Document:
        try:
            async with self._turn:
                made = await asyncio.to_thread(self._make(key))
            self._known[key] = time.monotonic(), made
            return made
        finally:
            del self._going[key]

    def _make(self, key: Key) -> Callable[[], Document]:
        kind, by, lang = key
        match kind:
            case "memory":
                return lambda: memory(self._rules, by, lang)
            case "swap":
                return lambda: swap(self._rules, by, lang)
            case "load":
                return lambda: load(lang)
            case _:
                assert_never(kind)


def memory(rules: tuple[Rule, ...], by: By, lang: str) -> Document:
    """``memory --json``. Raises ``NoMeminfo``."""
    chosen = tuple(rule for rule in rules if rule.id in memory_verdict.RULES)
    look, verdicts, ledger = glance(
        LIVE, chosen, ("meminfo",), SPANS["memory"], lang, lambda: account(LIVE, by, BUDGET)
    )
    return memory_json.data(ledger, memory_verdict.verdict(ledger, verdicts, trend=look.window > 0), lang)


def swap(rules: tuple[Rule, ...], by: By, lang: str) -> Document:
    """``swap --json``. Raises ``NoMeminfo``."""
    chosen = tuple(rule for rule in rules if rule.id in swap_verdict.RULES)
    look, verdicts, found = glance(
        LIVE, chosen, swap_verdict.TABLES, SPANS["swap"], lang, lambda: swap_look(LIVE, by, BUDGET)
    )
    return swap_json.data(found, swap_verdict.verdict(found.account, look, verdicts, chosen), lang)


def load(lang: str) -> Document:
    """``load --json``."""
    cpu, wall = time.thread_time(), time.monotonic()
    with Scanner(LIVE) as scanner:
        made = watch(LIVE, scanner, SPANS["load"], EACH)
        read = scanner.reading
    cost = time.thread_time() - cpu, time.monotonic() - wall
    return load_json.document(made, read, lang, cost)
