"""How much of the CPU time that the host counted its processes account for, in a few words."""

from __future__ import annotations

from jinmaek.i18n import tr
from jinmaek.model import Explained

NOISE = 0.05
"""Shares that exceed all by no more need no explanation."""


def words(told: Explained | None, lang: str) -> str:
    """Shares of the host's busy time; empty where nothing was busy or nothing is known."""
    if told is None or told.alive is None or told.exited is None:
        return ""
    text = tr(lang, "CPU explained {alive:.0%}, {exited:.0%} in exited tasks")
    said = text.format(alive=told.alive, exited=told.exited)
    if told.alive + told.exited <= 1 + NOISE:
        return said
    # /proc/stat is sampled by the tick where the kernel does not account each switch (TICK_CPU_ACCOUNTING).
    return f"{said} {tr(lang, '(over 100%: the host counts in ticks, processes by the clock)')}"
