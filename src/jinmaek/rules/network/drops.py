"""Packets or connections are thrown away on this host."""

from __future__ import annotations

from jinmaek.diagnosis import by_socket
from jinmaek.diagnosis.expr import all_of, any_of, largest, limit, named, rate, total
from jinmaek.diagnosis.rule import Rule, Sign

BACKLOG = named("packets the kernel's backlogs throw away", total(rate("softnet_stat.dropped")))
INTERFACE = named(
    "packets received and thrown away by interfaces",
    total(rate("net_dev.receive_drop", ("device", "!=", "lo"))),
)
OVERFLOWS = rate("net_netstat.TcpExt_ListenOverflows")
DATAGRAMS = rate("net_snmp.Udp_RcvbufErrors")
UDP_SHARE = named("datagrams thrown away, of all", DATAGRAMS / (DATAGRAMS + rate("net_snmp.Udp_InDatagrams")))
DAMAGED = named(
    "damaged packets, of all received",
    largest(rate("net_dev.receive_errs") / (rate("net_dev.receive_errs") + rate("net_dev.receive_packets"))),
)
RESENT = named(
    "TCP segments sent again, of all sent", rate("net_snmp.Tcp_RetransSegs") / rate("net_snmp.Tcp_OutSegs")
)
RINGS = named(
    "packets for which a ring had no room",
    total(rate("net_statistics.rx_missed_errors")) + total(rate("net_dev.receive_fifo")),
)

RULE = Rule(
    id="network.drops",
    title="Packets or connections are thrown away on this host",
    when=any_of(
        OVERFLOWS > limit("overflows", 0.5),
        BACKLOG > limit("backlog", 10, "netdata"),
        DATAGRAMS > limit("datagrams", 10),
        INTERFACE > limit("interface", 10),
        DAMAGED > limit("damaged", 0.01, "prometheus node-mixin"),
    ),
    agree=(
        Sign(
            "connections have to be asked for again",
            rate("net_netstat.TcpExt_TCPSynRetrans") > limit("asked-again", 0.1),
        ),
        Sign("TCP has to send much of its data again", RESENT > limit("resent", 0.02)),
        Sign("rings of interfaces have no room", RINGS > limit("rings", 1)),
        Sign(
            "packets do not fit the budget of a poll",
            total(rate("softnet_stat.time_squeeze")) > limit("squeezed", 10),
        ),
        Sign("a good part of the datagrams is lost", UDP_SHARE > limit("datagram-share", 0.01)),
        Sign(
            "a CPU spends much of its time on packets",
            largest(rate("stat_cpu.softirq")) > limit("softirq", 0.3),
        ),
    ),
    unless=(
        Sign(
            "interfaces only discard what nobody here wants: no queue of this host is full",
            all_of(
                INTERFACE > limit("interface", 10),
                RINGS < limit("rings", 1),
                BACKLOG < 1,
                DATAGRAMS < 1,
                OVERFLOWS <= 0,
                DAMAGED < limit("damaged", 0.01, "prometheus node-mixin"),
            ),
        ),
        Sign(
            "it is attacked with connection requests and defends itself with SYN cookies",
            all_of(
                rate("net_netstat.TcpExt_SyncookiesSent") > limit("cookies", 10),
                OVERFLOWS <= 0,
                BACKLOG < 1,
                DATAGRAMS < 1,
            ),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                OVERFLOWS > limit("overflows-warning", 5),
                BACKLOG > limit("backlog-warning", 100),
                all_of(
                    DATAGRAMS > limit("datagrams-warning", 100),
                    UDP_SHARE > limit("datagram-share-warning", 0.05),
                ),
                RINGS > limit("rings-warning", 100),
                DAMAGED > limit("damaged-warning", 0.05),
            ),
        ),
        (
            "critical",
            any_of(OVERFLOWS > limit("overflows-critical", 100), BACKLOG > limit("backlog-critical", 10000)),
        ),
    ),
    why=(
        "Somewhere between the wire and the program a queue is full, and what comes then is thrown "
        "away: a ring of the interface, the backlog of a CPU, the buffer of a UDP socket, or the "
        "connections a server has not accepted yet. Clients see timeouts and slow answers."
    ),
    helps=(
        (
            "Accept queue full (ListenOverflows): ss -ltn, Recv-Q at Send-Q; the program accepts too "
            "slowly, or its listen() backlog or net.core.somaxconn is too small"
        ),
        (
            "UDP buffer full (RcvbufErrors): ss -uamn, column d of skmem; read faster, or a larger "
            "SO_RCVBUF under net.core.rmem_max"
        ),
        "Ring full (rx_missed_errors): ethtool -g eth0, then ethtool -G eth0 rx 4096",
        (
            "Backlog full (softnet dropped): spread the packets with receive side scaling or rps_cpus, "
            "net.core.netdev_max_backlog=5000"
        ),
        "Damaged packets: cable, optics or duplex: ethtool -S eth0 | grep -iE 'crc|err'",
    ),
    does_not_help=(
        "net.core.netdev_budget alone: netdev_budget_usecs ends the poll first",
        "A larger accept queue for a program that does not accept: clients only wait longer",
        (
            "Looking in the host for what a container drops: its sockets are counted in its own network "
            "namespace"
        ),
    ),
    culprits=by_socket.by_queue,
)
