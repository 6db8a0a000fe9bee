"""``jinmaek fleet``: every rule on every host that Prometheus or VictoriaMetrics knows."""

from __future__ import annotations

import argparse
import re
import time

from jinmaek.cli import engine, limits, moments
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.model import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.diagnosis.expr import Match
    from jinmaek.diagnosis.fleet.scope import Scope
    from jinmaek.diagnosis.fleet.survey import Fleet

SUMMARY = "all hosts that Prometheus or VictoriaMetrics knows, judged by the same rules"
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
MATCHER = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)(=~|!~|!=|=)(.*)", re.DOTALL)


def build(parser: argparse.ArgumentParser) -> None:
    engine.add_options(parser)
    parser.add_argument(
        "--host", action="append", default=[], metavar="NAME", help="only this host: web-7:9100, or web-7"
    )
    parser.add_argument("--at", metavar="TIME", help=f"as it was then: {moments.HELP}")
    parser.add_argument("--since", metavar="TIME", help="all that came since then, and how often: 6h, 03:12")
    parser.add_argument(
        "--match",
        type=matcher,
        action="append",
        default=[],
        metavar="LABEL=VALUE",
        help="only series with this label: env=prod, dc=~eu-.*, job!=test",
    )
    parser.add_argument(
        "--by",
        type=labels,
        default=("instance",),
        metavar="LABELS",
        help="the labels that tell hosts apart (default instance; cluster,instance)",
    )
    parser.add_argument(
        "--window",
        type=seconds,
        default=300.0,
        metavar="TIME",
        help="of rates without their own (default 5m)",
    )
    limits.add_option(parser)
    parser.add_argument("--all", action="store_true", help="name every host, not the worst 20 only")
    parser.add_argument("--json", action="store_true", help="print the judgement as one JSON object")
    parser.add_argument("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES[1:],
        metavar="SEVERITY",
        help="exit with 1 on a finding at or above info, warning or critical; a host gone blind is a warning",
    )


def run(args: argparse.Namespace) -> int:
    from jinmaek.diagnosis.fleet.scope import Scope

    if not 15 <= args.window <= 86400:
        raise Usage("--window", "it is not between 15s and 24h", "four scrapes or more, such as 5m, do well")
    now = time.time()
    at = engine.moment("--at", args.at, now) if args.at else now
    since = engine.moment("--since", args.since, at) if args.since else None
    if since is not None and not 60 <= at - since <= 31 * 86400:
        raise Usage("--since", "it is not between a minute and 31 days before", "name another time")
    scope = Scope(
        labels=args.by, only=tuple(args.match), window=args.window, hosts=tuple(dict.fromkeys(args.host))
    )
    fleet = _survey(args, scope, at, since)
    if args.json:
        from jinmaek.views.fleet_json import render

        print(render(fleet))
    else:
        from jinmaek.views.fleet import show

        show(fleet, args.lang, every=args.all, full=bool(args.host))
    return _status(fleet, args.fail_on)


def _survey(args: argparse.Namespace, scope: Scope, at: float, since: float | None) -> Fleet:
    from jinmaek.diagnosis.fleet.survey import NoHosts, survey
    from jinmaek.history.prometheus.answer import NoAnswer

    asked = engine.opened(args)
    progress = engine.progress()
    try:
        return survey(asked, scope, limits.chosen(args), at, since, args.lang, progress)
    except NoAnswer as fault:
        raise engine.unanswered(asked.access.url, fault) from None
    except NoHosts:
        todo = (
            "are --host, --match, --by and --at right?"
            if args.host or args.match
            else ("does it scrape node_exporter, and did it at that time?")
        )
        raise SourceUnreadable(
            asked.access.url, "it knows no host: it has no node_exporter series in the hour before", todo
        ) from None
    finally:
        if progress:
            progress(1, 1)


def _status(fleet: Fleet, fail_on: str | None) -> int:
    if fail_on is None:
        return 0
    serious = SEVERITIES[SEVERITIES.index(fail_on) :]
    blind = bool(fleet.blind) and "warning" in serious
    return int(blind or any(one.finding.severity in serious for one in fleet.findings))


def matcher(text: str) -> Match:
    """``dc=~eu-.*`` is ``("dc", "=~", "eu-.*")``."""
    found = MATCHER.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not LABEL=VALUE (nor !=, =~, !~)")
    name, how, value = found.groups()
    match how:
        case "=" | "!=" | "=~" | "!~":
            return name, how, value
        case _:
            raise AssertionError(how)


def labels(text: str) -> tuple[str, ...]:
    """``cluster,instance`` is ``("cluster", "instance")``."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if not all(LABEL.fullmatch(name) for name in names):
        raise argparse.ArgumentTypeError(f"{text!r} are not labels such as cluster,instance")
    return names
