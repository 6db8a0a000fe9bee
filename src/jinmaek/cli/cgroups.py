"""``jinmaek cgroups``: what each cgroup holds, is allowed, did and waited for, and which is held back."""

from __future__ import annotations

import argparse
import json
import os

from jinmaek.cli import moments, progress
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.diagnosis.rule import Rule
    from jinmaek.history.protocol import Readings
    from jinmaek.model import Verdict
    from jinmaek.sampling import Snapshot

    Seen = tuple[Snapshot, Snapshot, tuple[Verdict, ...]]

SUMMARY = "what each cgroup holds, is allowed, did and waited for, and which one is held back"

ORDERS = ("cpu", "memory", "own", "swap", "io", "throttled", "waits", "threads")
RULES = (
    "cgroup.cpu-throttled",
    "cgroup.memory-thrashing",
    "cgroup.memory-near-limit",
    "process.pids-exhausted",
)
"""Those that have a cgroup for a subject."""


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add(
        "--for", dest="span", type=seconds, default=3.0, metavar="TIME", help="how long to watch (default 3s)"
    )
    add("--sort", choices=ORDERS, help="a list, largest first, not the tree")
    add("-n", "--lines", type=int, metavar="N", help="at most so many")
    add("-v", "--all", action="store_true", dest="whole", help="those with nobody in them too")
    add("--json", action="store_true", help="one JSON object in base units")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    add("--root", metavar="DIR", help="a captured tree that holds proc/ and sys/")
    moments.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Read, watch, read again; judge."""
    from jinmaek.accounts.cgroups import TABLES, account

    if args.lines is not None and args.lines < 1:
        raise Usage("cgroups -n", "at least one line", "leave it out for all")
    first, last, verdicts = _recorded(args) if moments.asked(args) else _watched(args)
    cgroups = account(first, last)
    gaps = [gap for table, gap in last.gaps.items() if table in TABLES]
    span = last.monotonic - first.monotonic
    if not cgroups:
        what = gaps[0] if gaps else None
        where = "sys/fs/cgroup" if what is None else what.source
        raise SourceUnreadable(where, "no cgroup can be read there", "is /sys/fs/cgroup mounted?")
    if args.json:
        from jinmaek.views.cgroups_json import data

        print(json.dumps(data(cgroups, verdicts, gaps, span)))
        return 0
    from jinmaek.views import cgroups as view
    from jinmaek.views.paragraph import screen

    for line in view.lines(
        cgroups,
        verdicts,
        gaps,
        args.lang,
        span=span,
        sort=args.sort,
        most=args.lines,
        whole=args.whole,
        width=screen(),
    ):
        print(line)
    return 0


def _rules() -> tuple[Rule, ...]:
    from jinmaek.rules import rules

    return tuple(rule for rule in rules() if rule.id in RULES)


def _watched(args: argparse.Namespace) -> Seen:
    from jinmaek.accounts.cgroups import TABLES
    from jinmaek.diagnosis.glance import glance
    from jinmaek.root import LIVE, Root

    if args.span < 1:
        raise Usage("cgroups --for", "too short to see rates", "give 1s or more")
    root = LIVE if args.root is None else Root(os.path.abspath(args.root))
    seen = progress.countdown(tr(args.lang, "watching cgroups: {left} s"))
    look, verdicts, _ = glance(root, _rules(), TABLES, args.span, args.lang, lambda: None, seen)
    return look.first, look.last, verdicts


def _recorded(args: argparse.Namespace) -> Seen:
    from jinmaek.diagnosis.judge import judge
    from jinmaek.diagnosis.look import WINDOW
    from jinmaek.diagnosis.past import look_at
    from jinmaek.history.recording.past import Past

    if args.root is not None:
        raise Usage("cgroups", "--root and --recording are two sources", "give one of them")
    with moments.opened(args) as recording:
        past, at = moments.sample(recording, args.at)
        end = past.times[at]
        look = look_at(Past(recording, past.boot, end - max(WINDOW, args.span), end), args.lang)
        begin, last = _readings(look.history, args.span)
        part = Past(recording, past.boot, begin, last)
        seen = part.snapshot(0), part.snapshot(len(part) - 1), judge(_rules(), look)
        moments.tell_damage(recording)
    return seen


def _readings(history: Readings, span: float) -> tuple[float, float]:
    """When cgroups were read last, and last at least ``span`` before: a recorder reads them now and then."""
    from jinmaek.catalog import ref
    from jinmaek.model import Gap

    first, last = history.times[0], history.times[-1]
    series = history.series(ref("cgroup_cpu.usage"), first, last)
    if isinstance(series, Gap):
        return last, last
    read = sorted({at for points in series.values() for at, _ in points})
    if not read:
        return last, last
    return max((at for at in read if at <= read[-1] - span), default=read[0]), read[-1]
