"""/proc/pressure/{cpu,memory,io,irq}: how long threads waited for a resource (PSI).

    some avg10=0.45 avg60=2.04 avg300=0.79 total=5164265
    full avg10=0.45 avg60=2.01 avg300=0.77 total=4977601

kernel/sched/psi.c psi_show(). ``some``: at least one thread waited; ``full``: all that could have run waited.
cpu has a ``full`` line since 5.13, always zero for the whole host; irq (6.1) has only ``full``.
A kernel built with PSI but started without it answers EOPNOTSUPP.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, columns_of, counter, gauge, row
from jinmaek.kernel.digits import decimal, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PERCENT = 100
MICROSECONDS = 1_000_000

SOME = "share of the last %s in which at least one thread waited"
FULL = "share of the last %s in which every thread that had work waited"
SOME_TOTAL = "time in which at least one thread waited"
FULL_TOTAL = "time in which every thread that had work waited"


@row
class PressureCpu:
    """Waiting for a CPU."""

    some_avg10: float | None = gauge("ratio", SOME % "10 s")
    some_avg60: float | None = gauge("ratio", SOME % "60 s")
    some_avg300: float | None = gauge("ratio", SOME % "300 s")
    some_total: float | None = counter("seconds", SOME_TOTAL, "node_pressure_cpu_waiting_seconds_total")
    full_avg10: float | None = gauge("ratio", "zero for a whole host")
    full_avg60: float | None = gauge("ratio", "zero for a whole host")
    full_avg300: float | None = gauge("ratio", "zero for a whole host")
    full_total: float | None = counter("seconds", "zero for a whole host")


@row
class PressureMemory:
    """Waiting for memory: reclaim, compaction, pages coming back that were just thrown out."""

    some_avg10: float | None = gauge("ratio", SOME % "10 s")
    some_avg60: float | None = gauge("ratio", SOME % "60 s")
    some_avg300: float | None = gauge("ratio", SOME % "300 s")
    some_total: float | None = counter("seconds", SOME_TOTAL, "node_pressure_memory_waiting_seconds_total")
    full_avg10: float | None = gauge("ratio", FULL % "10 s")
    full_avg60: float | None = gauge("ratio", FULL % "60 s")
    full_avg300: float | None = gauge("ratio", FULL % "300 s")
    full_total: float | None = counter("seconds", FULL_TOTAL, "node_pressure_memory_stalled_seconds_total")


@row
class PressureIo:
    """Waiting for block I/O."""

    some_avg10: float | None = gauge("ratio", SOME % "10 s")
    some_avg60: float | None = gauge("ratio", SOME % "60 s")
    some_avg300: float | None = gauge("ratio", SOME % "300 s")
    some_total: float | None = counter("seconds", SOME_TOTAL, "node_pressure_io_waiting_seconds_total")
    full_avg10: float | None = gauge("ratio", FULL % "10 s")
    full_avg60: float | None = gauge("ratio", FULL % "60 s")
    full_avg300: float | None = gauge("ratio", FULL % "300 s")
    full_total: float | None = counter("seconds", FULL_TOTAL, "node_pressure_io_stalled_seconds_total")


@row
class PressureIrq:
    """CPUs that had a thread to run but handled interrupts (6.1, CONFIG_IRQ_TIME_ACCOUNTING)."""

    full_avg10: float | None = gauge("ratio", FULL % "10 s")
    full_avg60: float | None = gauge("ratio", FULL % "60 s")
    full_avg300: float | None = gauge("ratio", FULL % "300 s")
    full_total: float | None = counter("seconds", FULL_TOTAL, "node_pressure_irq_stalled_seconds_total")


def values(text: str) -> Mapping[str, float]:
    """The numbers of a pressure file as ``some_avg10`` (ratio) … ``full_total`` (seconds)."""
    found: dict[str, float] = {}
    for index, line in enumerate(text.split("\n"), 1):
        kind, *words = line.split()[:8] or [""]
        if kind not in ("some", "full"):
            continue
        for word in words:
            name, _, number = word.partition("=")
            if name == "total":
                found[f"{kind}_total"] = unsigned(number, index) / MICROSECONDS
            elif name in ("avg10", "avg60", "avg300"):
                found[f"{kind}_{name}"] = decimal(number, index) / PERCENT
    if not found:
        raise Malformed(0, "neither a some nor a full line")
    return found


def _rows_of(row_type: type) -> Callable[[str], Iterator[object]]:
    names = columns_of(row_type)

    def parse(text: str) -> Iterator[object]:
        yield row_type(**{name: value for name, value in values(text).items() if name in names})

    return parse


READERS = (
    Reader(table="pressure_cpu", path="proc/pressure/cpu", row=PressureCpu, parse=_rows_of(PressureCpu)),
    Reader(
        table="pressure_memory",
        path="proc/pressure/memory",
        row=PressureMemory,
        parse=_rows_of(PressureMemory),
    ),
    Reader(table="pressure_io", path="proc/pressure/io", row=PressureIo, parse=_rows_of(PressureIo)),
    Reader(table="pressure_irq", path="proc/pressure/irq", row=PressureIrq, parse=_rows_of(PressureIrq)),
)
