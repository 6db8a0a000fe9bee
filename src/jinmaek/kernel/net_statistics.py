"""/sys/class/net/*/statistics/*: losses of a network interface that /proc/net/dev adds up with others.

    rx_missed_errors: 0

include/linux/netdevice.h struct rtnl_link_stats64. One number in each file.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, counter, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/class/net/"


@row
class NetStatistics:
    """One interface. node_exporter has these with --collector.netdev.enable-detailed-metrics."""

    device: str
    rx_missed_errors: int | None = counter(
        "count",
        "packets the interface had no room for: ring full",
        "node_network_receive_missed_errors_total",
    )
    rx_over_errors: int | None = counter(
        "count", "packets lost: overrun in the interface", "node_network_receive_over_errors_total"
    )
    rx_crc_errors: int | None = counter(
        "count", "damaged packets: cable or port", "node_network_receive_crc_errors_total"
    )
    rx_nohandler: int | None = counter(
        "count", "packets nobody here wants (4.6)", "node_network_receive_nohandler_total"
    )


FILES = ("rx_missed_errors", "rx_over_errors", "rx_crc_errors", "rx_nohandler")


def parse(tree: Mapping[str, str]) -> Iterator[NetStatistics]:
    """One row for each interface."""
    found: dict[str, dict[str, int]] = {}
    for path, text in tree.items():
        device, _, file = path.removeprefix(FOLDER).partition("/statistics/")
        words = text.split()
        values = found.setdefault(device, {})
        if words and file in FILES:
            values[file] = unsigned(words[0], 1)
    for device, values in sorted(found.items()):
        yield NetStatistics(device=device, **values)


READERS = (
    TreeReader(
        table="net_statistics",
        paths=tuple(f"{FOLDER}*/statistics/{name}" for name in FILES),
        row=NetStatistics,
        parse=parse,
    ),
)
