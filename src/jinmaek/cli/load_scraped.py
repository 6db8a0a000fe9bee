"""``jinmaek load`` of a host in Prometheus: the kinds of threads, as far as its exporter tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinmaek.cli import remote
from jinmaek.cli.errors import SourceUnreadable

if TYPE_CHECKING:
    from argparse import Namespace

    from jinmaek.accounts.load.account import Load

LEAST = 60.0
"""Seconds that are looked at: scrapes are seconds apart."""


def look(args: Namespace) -> Load:
    """The account of the time before that moment. Raises ``Usage`` and ``SourceUnreadable``."""
    from jinmaek.accounts.load.exported import TABLES, account

    span = max(LEAST, args.span)
    past = remote.readings(args, TABLES, span)
    end = past.snapshots[-1].monotonic
    load = account([one for one in past.snapshots if one.monotonic >= end - span])
    if load.load is None and not load.parts:
        raise SourceUnreadable(
            args.host[0], "its exporter tells neither load nor threads", "are those collectors switched off?"
        )
    return load
