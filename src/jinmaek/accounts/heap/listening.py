"""Where a process listens: the TCP sockets among its descriptors, as addresses one can connect to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel.net_tcp import LISTEN, Socket, parse
from jinmaek.root import Root
from jinmaek.tasks.files import listing

MOST = 65_536
"""Descriptors that are looked at."""


def addresses(sockets: Iterable[Socket], inodes: Iterable[int]) -> tuple[str, ...]:
    """``127.0.0.1:9090``: of those of ``sockets`` that listen and are among ``inodes``, by port."""
    held = frozenset(inodes)
    ours = {(s.port, s.address) for s in sockets if s.state == LISTEN and s.inode in held}
    return tuple(f"{_host(address)}:{port}" for port, address in sorted(ours))


def of(root: Root, pid: int) -> tuple[str, ...]:
    """Those of one process; raises ``Unreadable``."""
    folder = root.path(f"proc/{pid}")
    inodes = set()
    for name in listing(f"{folder}/fd")[:MOST]:
        try:
            kind, _, rest = os.readlink(f"{folder}/fd/{name}").partition(":[")
        except FileNotFoundError:
            continue  # closed since it was listed
        if kind == "socket":
            inodes.add(int(rest.removesuffix("]")))
    sockets: list[Socket] = []
    for table in ("tcp", "tcp6"):
        try:
            sockets += parse(procfile.read(f"{folder}/net/{table}"))
        except (procfile.Unreadable, Malformed):
            continue  # a kernel without IPv6 has no tcp6
    return addresses(sockets, inodes)


def _host(packed: bytes) -> str:
    address = ip_address(packed)
    if address.is_unspecified:
        return "127.0.0.1" if len(packed) == 4 else "[::1]"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
