"""``jinmaek swap``: what is in swap, whose it is, whether anybody uses it, and whether that is a problem."""

from __future__ import annotations

import argparse
import os
from typing import get_args

from jinmaek.cli import moments, progress
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import Usage
from jinmaek.cli.memory import GROUPS, missing, reading
from jinmaek.i18n import LANGUAGES, from_locale, tr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.accounts.swap_reading import SwapLook
    from jinmaek.diagnosis.swap_verdict import SwapVerdict
    from jinmaek.root import Root

SUMMARY = "what is in swap and whose it is, whether anybody reads it back, and whether that matters"


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add(
        "--for",
        dest="span",
        type=seconds,
        default=5.0,
        metavar="TIME",
        help="how long to watch the traffic (default 5s)",
    )
    add("-v", "--all", action="store_true", dest="whole", help="all owners")
    add("--by", choices=GROUPS, default="process", help="what processes are put together by (process)")
    add("--budget", type=seconds, default=2.0, metavar="TIME", help="at most so long for all processes (2s)")
    add("--json", action="store_true", help="one JSON object in bytes")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    add("--root", metavar="DIR", help="a captured tree that holds proc/ and sys/")
    moments.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Read the account, watch, judge."""
    from jinmaek.accounts.memory_reading import NoMeminfo
    from jinmaek.root import LIVE, Root

    if args.span < 1:
        raise Usage("swap --for", "too short to see traffic", "give 1s or more")
    if moments.asked(args):
        from jinmaek.cli import accounts_past

        return shown(args, *accounts_past.swap(args))
    root = LIVE if args.root is None else Root(os.path.abspath(args.root))
    try:
        look, verdict = watch(root, args.by, args.span, args.budget, args.lang)
    except NoMeminfo as absent:
        raise missing(root, absent) from None
    return shown(args, look, verdict)


def shown(args: argparse.Namespace, look: SwapLook, verdict: SwapVerdict) -> int:
    """Print the account."""
    if args.json:
        import json

        from jinmaek.views.swap_json import data

        print(json.dumps(data(look, verdict, args.lang)))
        return 0
    from jinmaek.views import swap
    from jinmaek.views.paragraph import screen

    for line in swap.lines(look, verdict, args.lang, whole=args.whole, width=screen()):
        print(line)
    return 0


def watch(root: Root, by: str, span: float, budget: float, lang: str) -> tuple[SwapLook, SwapVerdict]:
    """The account and what it means. Raises ``NoMeminfo``."""
    from jinmaek.accounts.memory_owners import By
    from jinmaek.accounts.swap_reading import look as take
    from jinmaek.diagnosis.glance import glance
    from jinmaek.diagnosis.swap_verdict import RULES, TABLES, verdict
    from jinmaek.rules import rules

    kinds: tuple[By, ...] = get_args(By)
    kind = next(one for one in kinds if one == by)
    wanted = tuple(rule for rule in rules() if rule.id in RULES)
    seen = progress.wanted()
    try:
        look, verdicts, found = glance(
            root,
            wanted,
            TABLES,
            span,
            lang,
            lambda: take(root, kind, budget, reading(lang) if seen else None),
            progress.countdown(tr(lang, "watching swap: {left} s")),
        )
    finally:
        progress.clear()
    return found, verdict(found.account, look, verdicts, wanted)
