"""/proc/net/netstat: what TCP of this network namespace counts beyond SNMP.

    TcpExt: SyncookiesSent SyncookiesRecv … ListenOverflows ListenDrops …
    TcpExt: 0 0 … 0 0 …

net/ipv4/proc.c netstat_seq_show(), linked to LINUX_MIB_* of include/uapi/linux/snmp.h. The form is that of
/proc/net/snmp; which fields there are depends on the kernel.
"""

from __future__ import annotations

import re

from jinmaek.columns import Malformed, Metric, Reader, columns_of, counter, row
from jinmaek.kernel.net_snmp import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Netstat:
    """TCP; columns are named by group and field."""

    TcpExt_SyncookiesSent: int | None = counter("count", "SYN cookies sent: the SYN queue was full")
    TcpExt_SyncookiesRecv: int | None = counter("count", "SYN cookies that came back")
    TcpExt_SyncookiesFailed: int | None = counter("count", "SYN cookies that were not valid")
    TcpExt_PruneCalled: int | None = counter("count", "receive queues cut down: too little socket memory")
    TcpExt_RcvPruned: int | None = counter("count", "segments thrown away: too little socket memory")
    TcpExt_TCPTimeouts: int | None = counter("count", "segments sent again after a timeout")
    TcpExt_TCPLostRetransmit: int | None = counter("count", "segments lost again after they were sent again")
    TcpExt_TCPSynRetrans: int | None = counter("count", "SYN and SYN-ACK sent again (3.12)")
    TcpExt_ListenOverflows: int | None = counter("count", "connections refused: the accept queue was full")
    TcpExt_ListenDrops: int | None = counter("count", "connections refused for any reason")
    TcpExt_TCPBacklogDrop: int | None = counter("count", "segments thrown away: the socket was busy")
    TcpExt_TCPReqQFullDrop: int | None = counter("count", "SYNs thrown away: the SYN queue was full")
    TcpExt_TCPRcvQDrop: int | None = counter("count", "segments thrown away: receive buffer full (4.18)")
    TcpExt_TCPAbortOnMemory: int | None = counter("count", "connections ended: too little socket memory")
    TcpExt_TCPMemoryPressures: int | None = counter("count", "times TCP came under memory pressure")
    TcpExt_TCPZeroWindowDrop: int | None = counter("count", "segments thrown away: window closed (6.1)")


NAMES = columns_of(Netstat)

for _name, _column in NAMES.items():
    _column.metric = Metric(f"node_netstat_{_name}")

STOCK = re.compile(
    r".*_(InErrors|InErrs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
    r"|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
    r"|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors)"
)
"""Fields of this file and of snmp in the default of node_exporter's --collector.netstat.fields (1.8)."""


def stock(name: str) -> bool:
    """Whether node_exporter exports this field without --collector.netstat.fields."""
    return STOCK.fullmatch(name) is not None


def parse(text: str) -> Iterator[Netstat]:
    """The one row of the file."""
    found = pairs(text, NAMES)
    if not found:
        raise Malformed(0, "no field of TcpExt")
    yield Netstat(**found)


READERS = (Reader(table="net_netstat", path="proc/net/netstat", row=Netstat, parse=parse),)
