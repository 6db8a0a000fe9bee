"""/proc/cgroups: how many cgroups each controller has, those removed but not yet gone included.

    #subsys_name	hierarchy	num_cgroups	enabled
    memory	4	33	1

kernel/cgroup/cgroup-v1.c proc_cgroupstats_show(). A removed cgroup counts until the last page charged to it
has gone; version 2 tells those apart (cgroup.stat), version 1 does not. Hierarchy 0 is version 2.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Controller:
    """One controller."""

    subsys_name: str
    hierarchy: int = gauge("count", "number of its hierarchy; 0 is version 2")
    num_cgroups: int = gauge("count", "cgroups of its hierarchy, removed ones that are still held included")
    enabled: int = gauge("count", "0: switched off at boot")


def parse(text: str) -> Iterator[Controller]:
    """A row for every controller."""
    head, *lines = text.split("\n")
    if not head.startswith("#subsys_name"):
        raise Malformed(1, "no header")
    for number, line in enumerate(lines, 2):
        words = line.split()
        if not words:
            continue
        if len(words) < 4:
            raise Malformed(number, "fewer than 4 words")
        hierarchy, count, enabled = (unsigned(word, number) for word in words[1:4])
        yield Controller(subsys_name=words[0], hierarchy=hierarchy, num_cgroups=count, enabled=enabled)


READERS = (Reader(table="cgroups", path="proc/cgroups", row=Controller, parse=parse),)
