"""/proc/net/snmp, /proc/net/netstat and the statistics folders of interfaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel import net_netstat, net_snmp, net_statistics
from jinmaek.kernel.net_netstat import Netstat
from jinmaek.kernel.net_snmp import Snmp
from jinmaek.kernel.net_statistics import NetStatistics
from jinmaek.root import Root

NET = CAPTURES / "6.18/proc/net"


def test_snmp_of_the_capture() -> None:
    text = (NET / "snmp").read_text()
    (row,) = net_snmp.parse(text)
    assert isinstance(row, Snmp)
    for protocol in ("Ip", "Tcp", "Udp"):
        names, numbers = (line.split()[1:] for line in text.splitlines() if line.startswith(f"{protocol}:"))
        for name, number in zip(names, numbers, strict=True):
            assert getattr(row, f"{protocol}_{name}", int(number)) == int(number)
    assert row.Tcp_OutSegs
    assert row.Udp_RcvbufErrors == 0


def test_netstat_of_the_capture() -> None:
    text = (NET / "netstat").read_text()
    (row,) = net_netstat.parse(text)
    assert isinstance(row, Netstat)
    names, numbers = (line.split()[1:] for line in text.splitlines() if line.startswith("TcpExt:"))
    told = dict(zip(names, map(int, numbers), strict=True))
    assert row.TcpExt_TCPTimeouts == told["TCPTimeouts"]
    assert row.TcpExt_ListenOverflows == told["ListenOverflows"] == 0


def test_a_field_an_old_kernel_lacks_is_none_and_the_negative_is_not_read() -> None:
    (row,) = net_snmp.parse("Tcp: MaxConn ActiveOpens\nTcp: -1 82\n")
    assert (row.Tcp_ActiveOpens, row.Tcp_RetransSegs) == (82, None)
    (old,) = net_netstat.parse("TcpExt: ListenDrops New\nTcpExt: 3 9\nIpExt: InOctets\nIpExt: 7\n")
    assert (old.TcpExt_ListenDrops, old.TcpExt_TCPRcvQDrop) == (3, None)


@pytest.mark.parametrize("parse", [net_snmp.parse, net_netstat.parse])
@pytest.mark.parametrize(
    "text", ["", "Icmp: A\nIcmp: 1\n", "Tcp: OutSegs\nTcp: 1 2\n", "TcpExt: ListenDrops\nTcpExt: x\n"]
)
def test_malformed(parse: Callable[[str], Iterable[object]], text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))


@pytest.mark.parametrize(
    ("name", "stock"),
    [
        ("TcpExt_ListenOverflows", True),
        ("Udp_RcvbufErrors", True),
        ("Tcp_RetransSegs", True),
        ("TcpExt_TCPBacklogDrop", False),
        ("Ip_InDiscards", False),
    ],
)
def test_what_node_exporter_exports_by_default(name: str, *, stock: bool) -> None:
    assert net_netstat.stock(name) is stock


def test_statistics_of_the_capture() -> None:
    tables = sampling.take(Root(str(CAPTURES / "6.18")), ["net_statistics"]).tables
    zero = dict.fromkeys(net_statistics.FILES, 0)
    assert tables["net_statistics"] == (
        NetStatistics(device="eth0", **zero),
        NetStatistics(device="lo", **zero),
    )


def test_an_interface_without_a_figure() -> None:
    (row,) = net_statistics.parse({"sys/class/net/eth0/statistics/rx_missed_errors": "12\n"})
    assert (row.device, row.rx_missed_errors, row.rx_nohandler) == ("eth0", 12, None)
    with pytest.raises(Malformed):
        list(net_statistics.parse({"sys/class/net/eth0/statistics/rx_crc_errors": "-1\n"}))
