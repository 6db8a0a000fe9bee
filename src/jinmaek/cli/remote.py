"""One host in Prometheus or VictoriaMetrics as the source of a command that reads this host otherwise."""

from __future__ import annotations

import os
import time

from jinmaek.cli import engine
from jinmaek.cli.errors import SourceUnreadable, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Collection
    from typing import TypeVar

    from jinmaek.history.prometheus.snapshots import Scrapes
    from jinmaek.model import Diagnosis
    from jinmaek.sampling import Snapshot

    Row = TypeVar("Row")

MEASURED = 300.0
"""Seconds a scrape may be old: as long as Prometheus takes a value for the latest."""


def add_options(parser: ArgumentParser) -> None:
    """``--prometheus URL --host NAME``."""
    engine.add_options(parser)
    parser.add_argument(
        "--host", action="append", default=[], metavar="NAME", help="the host in Prometheus: web-7:9100"
    )


def asked(args: Namespace, *instead: str) -> bool:
    """Whether a host in an engine is asked for; ``instead`` are options that only this host can be read with.

    Raises ``Usage`` where they do not go together.
    """
    if args.prometheus is None and args.host and os.environ.get(engine.URL):
        args.prometheus = os.environ[engine.URL]
    if args.prometheus is None:
        if args.host:
            raise Usage("--host", "it is about a host in Prometheus", "name the engine: --prometheus URL")
        return False
    if len(args.host) != 1:
        raise Usage("--prometheus", "it wants one host", "--host NAME; jinmaek fleet is for all of them")
    for option in instead:
        value = getattr(args, option.strip("-").replace("-", "_"))
        if value not in (None, False, "/"):
            raise Usage(option, "what it needs is not in Prometheus", "leave it out, or --prometheus")
    return True


def diagnosis(args: Namespace) -> Diagnosis:
    """The diagnosis of that host at that time. Raises ``Usage`` and ``SourceUnreadable``."""
    from jinmaek.cli import limits
    from jinmaek.diagnosis.fleet.scope import Scope
    from jinmaek.diagnosis.remote import NotOne, Unheard, of_engine, one_host
    from jinmaek.history.prometheus.answer import NoAnswer

    at = _at(args)
    opened = engine.opened(args)
    url = opened.access.url
    progress = engine.progress()
    scope = Scope(hosts=tuple(args.host))
    try:
        host = one_host(opened, scope, at)
        return of_engine(opened, scope, host, limits.chosen(args), at, args.lang, progress)
    except NoAnswer as fault:
        raise engine.unanswered(url, fault) from None
    except NotOne as found:
        raise _not_one(url, args.host[0], found.names) from None
    except Unheard as blind:
        raise _unheard(args.host[0], down=blind.down) from None
    finally:
        if progress:
            progress(1, 1)


def readings(args: Namespace, tables: Collection[str], back: float = 0.0) -> Scrapes:
    """The scrapes of that host up to that time, and ``back`` seconds before it.

    Raises ``Usage`` and ``SourceUnreadable``, also where the last of them is too old.
    """
    from jinmaek.diagnosis.fleet.scope import Scope
    from jinmaek.diagnosis.remote import NotOne, Unheard, one_host
    from jinmaek.history.prometheus.answer import NoAnswer
    from jinmaek.history.prometheus.snapshots import scrapes

    at = _at(args)
    opened = engine.opened(args)
    url = opened.access.url
    scope = Scope(hosts=tuple(args.host))
    try:
        host = one_host(opened, scope, at)
        found = scrapes(opened, scope.narrowed((host.target,)), tables, at - MEASURED - back, at)
    except NoAnswer as fault:
        raise engine.unanswered(url, fault) from None
    except NotOne as several:
        raise _not_one(url, args.host[0], several.names) from None
    except Unheard as blind:
        raise _unheard(args.host[0], down=blind.down) from None
    if not found.snapshots or at - found.snapshots[-1].wall > MEASURED:
        raise _unheard(args.host[0], down=False)
    if found.partial is not None:
        raise SourceUnreadable(
            url, f"not all of it answered: {found.partial}", "try again when all of it is up"
        )
    return found


def only_row(snapshot: Snapshot, table: str, kind: type[Row]) -> Row:
    """The row of a table that has one. Raises ``SourceUnreadable`` where the exporter has nothing of it."""
    for row in snapshot.tables.get(table, ()):
        if isinstance(row, kind):
            return row
    raise SourceUnreadable(table, "the exporter has nothing of it", "is that collector of it switched off?")


def _at(args: Namespace) -> float:
    now = time.time()
    return engine.moment("--at", args.at, now) if args.at else now


def _not_one(url: str, asked: str, names: tuple[str, ...]) -> SourceUnreadable:
    if not names:
        return SourceUnreadable(
            url,
            f"it knows no host {asked} at that time",
            "jinmaek fleet --prometheus URL names those it knows",
        )
    return SourceUnreadable(asked, f"there are several: {', '.join(names[:5])}", "name one with its port")


def _unheard(asked: str, *, down: bool) -> SourceUnreadable:
    why = "it could not be scraped at that time" if down else "there is nothing of it in the 5 minutes before"
    return SourceUnreadable(asked, why, "is the host up, and does --at name a time it was scraped?")
