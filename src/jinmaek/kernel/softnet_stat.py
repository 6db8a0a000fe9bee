"""/proc/net/softnet_stat: what each CPU did with arriving packets; one row of hex words per CPU.

net/core/net-procfs.c softnet_seq_show(). Columns only ever grew: 10 words (3.10), 11 (4.4),
13 (5.10: backlog length and CPU number), 15 (6.12).
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, counter, gauge, row
from jinmaek.kernel.digits import hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Softnet:
    """One CPU's packet backlog."""

    cpu: int
    processed: int = counter("count", "packets taken off the backlog", "node_softnet_processed_total")
    dropped: int = counter("count", "packets thrown away: backlog full", "node_softnet_dropped_total")
    time_squeeze: int = counter("count", "polls ended by the budget", "node_softnet_times_squeezed_total")
    backlog_len: int | None = gauge("count", "packets waiting now", "node_softnet_backlog_len")


def parse(text: str) -> Iterator[Softnet]:
    """Rows of /proc/net/softnet_stat."""
    for index, line in enumerate(text.splitlines()):
        words = [hexadecimal(word, index + 1) for word in line.split()]
        if len(words) < 3:
            raise Malformed(index + 1, "fewer than 3 words")
        # Before 5.10 the row number is the CPU only while no CPU is offline.
        numbered = len(words) >= 13
        yield Softnet(
            cpu=words[12] if numbered else index,
            processed=words[0],
            dropped=words[1],
            time_squeeze=words[2],
            backlog_len=words[11] if numbered else None,
        )


READERS = (Reader(table="softnet_stat", path="proc/net/softnet_stat", row=Softnet, parse=parse),)
