"""Which part of the hardware: memory controller, hot CPU, clock."""

from __future__ import annotations

from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.ranking import MOST
from jinmaek.kernel.clocksource import Clocksource
from jinmaek.kernel.edac import Edac
from jinmaek.kernel.thermal_throttle import ThermalThrottle
from jinmaek.model import Culprit
from jinmaek.sampling import read_text

SLOW = frozenset(("hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies"))
"""Clocks that cannot be read without a system call."""
CLOCKS = "sys/devices/system/clocksource/clocksource"


def by_device(look: Look) -> tuple[Culprit, ...]:
    """Controllers with errors, CPUs slowed down in the look, and a slow clock with those there are."""
    return (*_controllers(look), *_hot(look), *_clocks(look))


def _controllers(look: Look) -> list[Culprit]:
    rows = [row for row in look.read("edac", -1) if isinstance(row, Edac)]
    return [
        Culprit(
            "device",
            f"mc{row.controller}",
            look.say(
                "{corrected} memory errors corrected, {others} not",
                corrected="?" if row.ce_count is None else row.ce_count,
                others="?" if row.ue_count is None else row.ue_count,
            ),
        )
        for row in rows
        if row.ce_count or row.ue_count
    ]


def _hot(look: Look) -> list[Culprit]:
    def slowed(index: int) -> dict[int, float]:
        rows = [row for row in look.read("thermal_throttle", index) if isinstance(row, ThermalThrottle)]
        return {row.cpu: row.core_throttle_total_time or 0.0 for row in rows}

    first, last = slowed(0), slowed(-1)
    grown = {cpu: seconds - first.get(cpu, seconds) for cpu, seconds in last.items()}
    ranked = sorted((cpu for cpu in grown if grown[cpu] > 0), key=lambda cpu: -grown[cpu])[:MOST]
    return [
        Culprit(
            "device",
            f"CPU {cpu}",
            look.say("slowed down by heat for {seconds:.1f} s of this look", seconds=grown[cpu]),
            share=grown[cpu] / look.window,
        )
        for cpu in ranked
    ]


def _clocks(look: Look) -> list[Culprit]:
    rows = [row for row in look.read("clocksource", -1) if isinstance(row, Clocksource)]
    found = []
    for row in rows:
        if row.clocksource in SLOW:
            path = f"{CLOCKS}{row.device}/available_clocksource"
            text = None if look.root is None else read_text(look.root, path)
            there = ", ".join(text.split()) if isinstance(text, str) else "?"
            found.append(
                Culprit("device", row.clocksource, look.say("in use; there are {clocks}", clocks=there))
            )
    return found
