"""/sys/devices/system/clocksource/clocksource*/current_clocksource: what the kernel reads the time from.

    tsc

kernel/time/clocksource.c current_clocksource_show().
"""

from __future__ import annotations

from jinmaek.columns import Metric, TreeReader, gauge, row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/devices/system/clocksource/clocksource"


@row
class Clocksource:
    """The clock in use."""

    device: str
    """Its number: 0."""
    clocksource: str
    """tsc, kvm-clock, hpet, acpi_pm, arch_sys_counter, …"""
    current: int = gauge("count", "1: it is in use", Metric("node_time_clocksource_current_info"))


def parse(tree: Mapping[str, str]) -> Iterator[Clocksource]:
    """One row for each device of clocks: there is one."""
    for path, text in sorted(tree.items()):
        words = text.split()
        if words:
            number = path.removeprefix(FOLDER).partition("/")[0]
            yield Clocksource(device=number, clocksource=words[0], current=1)


READERS = (
    TreeReader(table="clocksource", paths=(f"{FOLDER}*/current_clocksource",), row=Clocksource, parse=parse),
)
