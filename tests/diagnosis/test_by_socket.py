"""Where packets are lost: at whose socket, at which interface, on which CPU; only where they are lost now."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.diagnosis.test_culprits import Process, look, told
from tests.made import ring, softnet

from jinmaek.columns import columns_of
from jinmaek.diagnosis import by_socket
from jinmaek.diagnosis.look import Look
from jinmaek.kernel.net_dev import NetDev
from jinmaek.kernel.net_netstat import Netstat
from jinmaek.kernel.net_snmp import Snmp
from jinmaek.root import LIVE

Stat: Any = Netstat
Counters: Any = Snmp


def device(name: str, drop: int, errs: int = 0) -> NetDev:
    zero = dict.fromkeys(columns_of(NetDev), 0)
    return NetDev(device=name, **{**zero, "receive_drop": drop, "receive_errs": errs})


def of(*readings: Mapping[str, tuple[object, ...]]) -> Look:
    """A look with these tables in its readings; this process is the only one there is."""
    seen = look(Process(os.getpid(), "me"))
    for second, tables in enumerate(readings, 1):
        last = seen.last
        ring(seen).add(replace(last, monotonic=last.monotonic + second, tables={**last.tables, **tables}))
    return seen


def test_interfaces_and_backlogs_by_what_they_lost_in_the_look() -> None:
    seen = of(
        {
            "net_dev": (device("eth0", 100), device("eth1", 7), device("lo", 0)),
            "softnet_stat": (softnet(0, 5), softnet(1, 5)),
        },
        {
            "net_dev": (device("eth0", 160, 30), device("eth1", 17), device("lo", 500)),
            "softnet_stat": (softnet(0, 5), softnet(1, 45)),
        },
    )
    found = by_socket.by_queue(seen)
    assert told(found) == [("eth0", 0.9), ("eth1", 0.1), ("CPU 1", 1.0)]
    assert [culprit.kind for culprit in found] == ["device", "device", "kernel"]
    assert found[0].why == "90 packets lost or damaged in this look"
    assert found[2].why == "40 packets did not fit its backlog in this look"


def test_who_does_not_accept_is_named_only_while_connections_are_refused() -> None:
    refused = ({"net_netstat": (Stat(TcpExt_ListenOverflows=n),)} for n in (3, 9))
    calm = ({"net_netstat": (Stat(TcpExt_ListenOverflows=3),)} for _ in range(2))
    with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            found = by_socket.by_queue(replace(of(*refused), root=LIVE))
            quiet = by_socket.by_queue(replace(of(*calm), root=LIVE))
    mine = [culprit for culprit in found if str(port) in culprit.why]
    assert [(c.kind, c.name, c.pid, c.why) for c in mine] == [
        ("process", "me", os.getpid(), f"1 connections to port {port} not accepted")
    ]
    assert quiet == ()


def test_a_socket_of_nobody_known_is_named_by_its_port() -> None:
    lost = ({"net_snmp": (Counters(Udp_RcvbufErrors=n),)} for n in (0, 60))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.bind(("127.0.0.1", 0))
        port = slow.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(64):
                sender.sendto(b"x" * 1000, ("127.0.0.1", port))
        seen = of(*lost)
        # As if this process were not among those of the last scan.
        stranger = Look(seen.history, "en", lambda _: None, lambda: (), LIVE)
        stranger.__dict__["deltas"] = []
        found = [culprit for culprit in by_socket.by_queue(stranger) if str(port) in culprit.why]
    assert [(c.kind, c.name, c.pid) for c in found] == [("kernel", f"udp {port}", os.getpid())]
