"""The accounts of a moment that was recorded: what the commands print for ``--recording`` and ``--at``."""

from __future__ import annotations

import time
from typing import assert_never

from jinmaek.accounts.memory_owners import By
from jinmaek.diagnosis import account_at
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.recording.past import Past
from jinmaek.views import load_json, memory_json, swap_json
from jinmaek.views.web.accounts import Kind

SPANS = {"swap": 5.0, "load": 60.0}
"""Seconds before the moment: load1 moves every 5 s, and threads are recorded once a sample."""


def account(past: Past, at: int, kind: Kind, by: By, rules: tuple[Rule, ...], lang: str) -> dict[str, object]:
    """``memory``, ``swap`` or ``load --json`` of a sample. Raises ``NoMeminfo``, ``LookupError``."""
    match kind:
        case "memory":
            return memory_json.data(*account_at.memory(past, at, by, rules, lang), lang)
        case "swap":
            return swap_json.data(*account_at.swap(past, at, by, SPANS["swap"], rules, lang), lang)
        case "load":
            cpu, wall = time.thread_time(), time.monotonic()
            made, read = account_at.load(past, at, SPANS["load"])
            return load_json.document(made, read, lang, (time.thread_time() - cpu, time.monotonic() - wall))
        case _:
            assert_never(kind)
