"""``jinmaek memory``: where all the memory went, and whether that is a problem."""

from __future__ import annotations

import argparse
import os
from typing import get_args

from jinmaek.cli import moments, progress, remote
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import WHY, SourceUnreadable
from jinmaek.i18n import LANGUAGES, from_locale, tr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jinmaek.accounts.memory import Ledger
    from jinmaek.accounts.memory_reading import NoMeminfo
    from jinmaek.diagnosis.memory_verdict import MemoryVerdict
    from jinmaek.root import Root

SUMMARY = "where all the memory went: buckets that add up, their owners, and who calls what used"

GROUPS = ("command", "process", "user", "cgroup")
SPAN = 1.0
"""Seconds between the two readings the verdict rests on."""


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add("-v", "--all", action="store_true", dest="whole", help="every bucket, and all owners")
    add("--by", choices=GROUPS, default="command", help="what processes are put together by (command)")
    add("--explain", action="store_true", help="add what each bucket is, and how it is made")
    add(
        "--budget",
        type=seconds,
        default=2.0,
        metavar="TIME",
        help="at most so long for the shares of all processes (2s)",
    )
    add("--json", action="store_true", help="one JSON object in bytes")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    add("--root", metavar="DIR", help="a captured tree that holds proc/ and sys/")
    moments.add_options(parser)
    remote.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Read once, and a second time to judge."""
    from jinmaek.accounts import memory_reading
    from jinmaek.root import LIVE, Root

    if remote.asked(args, "--root", "--recording"):
        from jinmaek.cli.memory_scraped import look as of_engine

        return shown(args, *of_engine(args))
    if moments.asked(args):
        from jinmaek.cli import accounts_past

        return shown(args, *accounts_past.memory(args))
    root = LIVE if args.root is None else Root(os.path.abspath(args.root))
    try:
        ledger, verdict = look(root, args.by, args.budget, args.lang)
    except memory_reading.NoMeminfo as absent:
        raise missing(root, absent) from None
    return shown(args, ledger, verdict)


def shown(args: argparse.Namespace, ledger: Ledger, verdict: MemoryVerdict) -> int:
    """Print the ledger."""
    if args.json:
        import json

        from jinmaek.views.memory_json import data

        print(json.dumps(data(ledger, verdict, args.lang)))
        return 0
    from jinmaek.views import memory
    from jinmaek.views.paragraph import screen

    width = screen()
    for line in memory.lines(ledger, verdict, args.lang, whole=args.whole, width=width):
        print(line)
    if args.explain:
        print()
        for line in memory.explained(ledger, args.lang, width):
            print(line)
    return 0


def missing(root: Root, absent: NoMeminfo) -> SourceUnreadable:
    """How the command ends without /proc/meminfo."""
    gap = absent.gap
    why, todo = WHY.get(gap.kind, (gap.kind, "is it the kernel's file, whole and unedited?"))
    return SourceUnreadable(root.path("proc/meminfo"), gap.detail or why, todo)


def look(root: Root, by: str, budget: float, lang: str) -> tuple[Ledger, MemoryVerdict]:
    """The ledger and what it means. Raises ``NoMeminfo``."""
    from jinmaek.accounts.memory import account
    from jinmaek.accounts.memory_owners import By
    from jinmaek.diagnosis.glance import glance
    from jinmaek.diagnosis.memory_verdict import RULES, verdict
    from jinmaek.rules import rules

    kinds: tuple[By, ...] = get_args(By)
    kind = next(one for one in kinds if one == by)
    wanted = tuple(rule for rule in rules() if rule.id in RULES)
    seen = reading(lang) if progress.wanted() else None
    try:
        look, verdicts, ledger = glance(
            root, wanted, ("meminfo",), SPAN, lang, lambda: account(root, kind, budget, seen)
        )
    finally:
        progress.clear()
    return ledger, verdict(ledger, verdicts, trend=look.window > 0)


def reading(lang: str) -> Callable[[int, int], None]:
    """A sign of life on the terminal while processes are read."""
    text = tr(lang, "reading the memory of processes: {done} of {all}")

    def show(done: int, every: int) -> None:
        progress.show(text.format(done=f"{done:,}", all=f"{every:,}"))

    return show
