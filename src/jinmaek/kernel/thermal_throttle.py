"""/sys/devices/system/cpu/cpu*/thermal_throttle/*: how often and how long heat slowed a CPU down.

    core_throttle_count: 12
    core_throttle_total_time_ms: 340

arch/x86/kernel/cpu/mce/therm_throt.c; drivers/thermal/intel/therm_throt.c since 5.1. Intel only; virtual
machines have none. The times are there since 5.6.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, counter, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/devices/system/cpu/cpu"
MS = 1000
FILES = {
    "core_throttle_count": "core_throttle_count",
    "core_throttle_total_time_ms": "core_throttle_total_time",
    "package_throttle_count": "package_throttle_count",
    "package_throttle_total_time_ms": "package_throttle_total_time",
}


@row
class ThermalThrottle:
    """One CPU. node_exporter has the counts by package and core, under other labels."""

    cpu: int
    core_throttle_count: int | None = counter("count", "times its core was slowed down")
    core_throttle_total_time: float | None = counter("seconds", "its core was slowed down (5.6)")
    package_throttle_count: int | None = counter("count", "times its package was slowed down")
    package_throttle_total_time: float | None = counter("seconds", "its package was slowed down (5.6)")


def parse(tree: Mapping[str, str]) -> Iterator[ThermalThrottle]:
    """One row for each CPU."""
    found: dict[int, dict[str, float]] = {}
    for path, text in tree.items():
        cpu, _, file = path.removeprefix(FOLDER).partition("/thermal_throttle/")
        words = text.split()
        if not words or file not in FILES or not cpu.isdecimal():
            continue
        value = unsigned(words[0], 1)
        found.setdefault(int(cpu), {})[FILES[file]] = value / MS if file.endswith("_ms") else value
    for number, values in sorted(found.items()):
        yield ThermalThrottle(cpu=number, **values)  # type: ignore[arg-type]


READERS = (
    TreeReader(
        table="thermal_throttle",
        paths=tuple(f"{FOLDER}*/thermal_throttle/{name}" for name in FILES),
        row=ThermalThrottle,
        parse=parse,
        devices=True,
    ),
)
