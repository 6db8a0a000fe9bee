"""/proc/uptime: seconds since boot, and the idle seconds of all CPUs together.

    1948.51 3746.62

fs/proc/uptime.c uptime_proc_show(). Suspend counts as uptime; idle does not contain iowait.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, counter, gauge, row
from jinmaek.kernel.digits import decimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Uptime:
    """How long the host is up."""

    uptime: float = gauge("seconds", "time since boot, suspend included")
    idle: float = counter("seconds", "idle time, summed over the CPUs")


def parse(text: str) -> Iterator[Uptime]:
    """The one row of /proc/uptime."""
    words = text.partition("\n")[0].split()
    if len(words) < 2:
        raise Malformed(1, "fewer than 2 words")
    yield Uptime(uptime=decimal(words[0], 1), idle=decimal(words[1], 1))


READERS = (Reader(table="uptime", path="proc/uptime", row=Uptime, parse=parse),)
