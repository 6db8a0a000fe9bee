"""/proc/vmstat: the counters of memory management, in pages unless a column says otherwise.

    nr_free_pages 1074329
    pgpgin 1224041

mm/vmstat.c vmstat_start(). ``stock`` says which of them node_exporter exports by default.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, columns_of
from jinmaek.kernel.digits import unsigned
from jinmaek.kernel.vmstat_columns import KIB, Vmstat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["READERS", "Vmstat", "parse", "stock"]

NAMES = columns_of(Vmstat)


def stock(name: str) -> bool:
    """Whether node_exporter exports this field without --collector.vmstat.fields."""
    return name.startswith(("oom_kill", "pgpg", "pswp")) or (name.startswith("pg") and "fault" in name)


def parse(text: str) -> Iterator[Vmstat]:
    """The one row of /proc/vmstat."""
    values: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0] not in NAMES:
            continue
        if len(words) < 2:
            raise Malformed(number, f"no value of {words[0]}")
        values[words[0]] = unsigned(words[1], number) * (1024 if words[0] in KIB else 1)
    if not values:
        raise Malformed(0, "no field of vmstat")
    if "nr_zone_active_anon" not in values:
        # Before 4.8 this counts stacks, of a size that depends on the architecture.
        values.pop("nr_kernel_stack", None)
    yield Vmstat(**values)


READERS = (Reader(table="vmstat", path="proc/vmstat", row=Vmstat, parse=parse),)
