"""Network devices, sockets, and packets on their way in."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Network: devices, sockets, packet queues"

ENTRIES = (
    Entry(
        names=(
            "net_dev.receive_drop",
            "net_dev.receive_fifo",
            "net_dev.transmit_drop",
            "net_dev.transmit_fifo",
        ),
        text=(
            "Received and not passed on: among them packets nobody wanted (unknown protocols, foreign VLANs),"
            " which are harmless. fifo is packets the card had no room for: its ring is too small or its CPU"
            " too busy."
        ),
        source="net/core/net-procfs.c; Documentation/networking/statistics.rst",
        see=("softnet_stat.dropped",),
    ),
    Entry(
        names=(
            "net_dev.receive_errs",
            "net_dev.receive_frame",
            "net_dev.transmit_errs",
            "net_dev.transmit_colls",
            "net_dev.transmit_carrier",
        ),
        text="Damaged packets: cable, plug, card or switch. More than a few among millions are worth a look.",
        source="net/core/net-procfs.c",
    ),
    Entry(
        names=(
            "net_dev.receive_bytes",
            "net_dev.transmit_bytes",
            "net_dev.receive_packets",
            "net_dev.transmit_packets",
        ),
        text=(
            "What went through the device. Of bridges, bonds and their members the same packets count in"
            " each."
        ),
        steps=(
            Step("received", "bytes/s", "rate(net_dev.receive_bytes)"),
            Step("", "bytes/s", "rate(net_dev.transmit_bytes)"),
        ),
        source="net/core/net-procfs.c",
    ),
    Entry(
        names=(
            "softnet_stat.processed",
            "softnet_stat.dropped",
            "softnet_stat.time_squeeze",
            "softnet_stat.backlog_len",
        ),
        text=(
            "By CPU: packets taken in, packets lost because its backlog (net.core.netdev_max_backlog) was"
            " full, and rounds that ended because time or budget was used up. time_squeeze alone is harmless;"
            " dropped is loss."
        ),
        source="net/core/net-procfs.c softnet_seq_show()",
        see=("stat.softirq",),
    ),
    Entry(
        names=("sockstat.TCP_mem", "sockstat.UDP_mem"),
        text=(
            "Pages of socket buffers of the whole host. It is kernel memory that belongs to no process in"
            " top. Beyond net.ipv4.tcp_mem connections are slowed."
        ),
        steps=(Step("", "bytes", "(sockstat.TCP_mem + sockstat.UDP_mem) * page"),),
        source="net/ipv4/proc.c sockstat_seq_show()",
        see=("meminfo.SUnreclaim",),
    ),
    Entry(
        names=("sockstat.TCP_tw", "sockstat.TCP_orphan"),
        words=("TIME_WAIT",),
        text=(
            "TIME_WAIT: closed connections that are remembered for a minute, about 250 bytes each; thousands"
            " are normal. Orphans: closed by their program while data is still to be sent."
        ),
        source="net/ipv4/proc.c sockstat_seq_show()",
    ),
    Entry(
        names=("sockstat.sockets_used", "sockstat.TCP_inuse", "sockstat.TCP_alloc", "sockstat.UDP_inuse"),
        text=(
            "Sockets that exist. alloc that grows away from inuse are sockets a program forgot to close"
            " (CLOSE_WAIT)."
        ),
        source="net/ipv4/proc.c sockstat_seq_show()",
    ),
)
