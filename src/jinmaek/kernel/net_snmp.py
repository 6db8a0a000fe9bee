"""/proc/net/snmp: IP, TCP and UDP of this network namespace, as counted for SNMP.

    Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens … OutSegs RetransSegs …
    Tcp: 1 200 120000 -1 82 … 22112 14 …

net/ipv4/proc.c snmp_seq_show(). Two lines for each protocol, names and numbers; names are only ever added.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Metric, Reader, columns_of, counter, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


@row
class Snmp:
    """The protocols; columns are named by protocol and field."""

    Ip_InDiscards: int | None = counter("count", "packets received and thrown away: no buffer")
    Ip_OutDiscards: int | None = counter("count", "packets not sent: no buffer")
    Tcp_ActiveOpens: int | None = counter("count", "connections begun from here")
    Tcp_PassiveOpens: int | None = counter("count", "connections accepted")
    Tcp_AttemptFails: int | None = counter("count", "connections that did not come about")
    Tcp_EstabResets: int | None = counter("count", "connections reset")
    Tcp_CurrEstab: int | None = gauge("count", "connections now")
    Tcp_InSegs: int | None = counter("count", "segments received")
    Tcp_OutSegs: int | None = counter("count", "segments sent, those sent again left out")
    Tcp_RetransSegs: int | None = counter("count", "segments sent again")
    Tcp_InErrs: int | None = counter("count", "bad segments received")
    Tcp_OutRsts: int | None = counter("count", "resets sent")
    Udp_InDatagrams: int | None = counter("count", "datagrams handed to programs")
    Udp_NoPorts: int | None = counter("count", "datagrams to a port where nobody listens")
    Udp_InErrors: int | None = counter("count", "datagrams not handed on, those without room too")
    Udp_OutDatagrams: int | None = counter("count", "datagrams sent")
    Udp_RcvbufErrors: int | None = counter("count", "datagrams thrown away: the receiver's buffer is full")
    Udp_SndbufErrors: int | None = counter("count", "datagrams not sent: the buffer is full")


NAMES = columns_of(Snmp)

for _name, _column in NAMES.items():
    _column.metric = Metric(f"node_netstat_{_name}")


def pairs(text: str, wanted: Collection[str]) -> dict[str, int]:
    """The wanted numbers, by protocol and field; of other fields not even the form is looked at."""
    found: dict[str, int] = {}
    names: list[str] = []
    group = ""
    for number, line in enumerate(text.split("\n"), 1):
        head, colon, rest = line.partition(":")
        if not colon:
            continue
        words = rest.split()
        if head != group:
            group, names = head, words
            continue
        if len(words) != len(names):
            raise Malformed(number, f"{len(words)} numbers for {len(names)} names of {group}")
        for name, word in zip(names, words, strict=True):
            column = f"{group}_{name}"
            if column in wanted:
                found[column] = unsigned(word, number)
        group = ""
    return found


def parse(text: str) -> Iterator[Snmp]:
    """The one row of the file."""
    found = pairs(text, NAMES)
    if not found:
        raise Malformed(0, "no protocol")
    yield Snmp(**found)


READERS = (Reader(table="net_snmp", path="proc/net/snmp", row=Snmp, parse=parse),)
