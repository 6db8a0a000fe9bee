"""Telling systemd how a service is: the protocol of sd_notify(3), without its library."""

from __future__ import annotations

import os
import socket


def notify(text: str) -> None:
    """Send ``READY=1`` and the like; nothing where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(text.encode(), address)
        except OSError:
            # Whoever started us has gone: recording goes on.
            os.environ.pop("NOTIFY_SOCKET", None)
