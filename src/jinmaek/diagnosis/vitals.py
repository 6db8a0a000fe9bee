"""The few rates that say at a glance whether anybody waits: shown above every pulse, judged by nobody."""

from __future__ import annotations

from jinmaek.diagnosis.evaluate import Missing, evaluate
from jinmaek.diagnosis.expr import Named, average, named, rate
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.words import columns, unit
from jinmaek.model import Evidence

BUSY = named(
    "CPU busy",
    average(
        rate("stat_cpu.user")
        + rate("stat_cpu.nice")
        + rate("stat_cpu.system")
        + rate("stat_cpu.irq")
        + rate("stat_cpu.softirq")
    ),
)
"""Share of the time in which a CPU did work. Guests are part of user; steal is not work."""

VITALS: tuple[Named, ...] = (
    BUSY,
    named("waiting for CPU", rate("pressure_cpu.some_total")),
    named("for memory", rate("pressure_memory.some_total")),
    named("for I/O", rate("pressure_io.some_total")),
)


def vitals(look: Look, window: float) -> tuple[Evidence, ...]:
    """What of them could be read, as shares of the time; none of a single reading."""
    found = []
    for vital in VITALS:
        vector = evaluate(vital, look.history, look.last.monotonic, window)
        if isinstance(vector, Missing) or not vector:
            continue
        files = ", ".join(dict.fromkeys(ref.file for ref in columns(vital)))
        found.append(Evidence(vital.name, (), next(iter(vector.values())), unit(vital), None, files))
    return tuple(found)
