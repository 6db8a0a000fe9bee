"""``jinmaek`` and ``jinmaek diagnose``: take the pulse of a host and say what is wrong."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jinmaek.cli import limits, moments, progress, remote
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr
from jinmaek.model import SEVERITIES, Diagnosis
from jinmaek.root import Root

SUMMARY = "watch this host for 5 s and say what is wrong, who does it, and what only looks wrong"
MOST = 600
"""Readings of a look whose interval was not asked for: enough for a trend, and their memory is bounded."""


def build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--for",
        dest="span",
        type=seconds,
        default=5.0,
        metavar="TIME",
        help="how long to watch: 5s, 2m (default 5s)",
    )
    parser.add_argument(
        "--interval",
        type=seconds,
        metavar="TIME",
        help="between two readings (default 1s, in a long look a 600th of it)",
    )
    parser.add_argument("--root", metavar="DIR", help="diagnose a captured tree that holds proc/ and sys/")
    moments.add_options(parser)
    parser.add_argument(
        "--since", metavar="TIME", help="of a recording: when each rule held from then on, and who did it"
    )
    parser.add_argument("--until", metavar="TIME", help="with --since: up to then (the end of the record)")
    parser.add_argument(
        "--tasks",
        choices=("auto", "bpf", "procfs"),
        default="auto",
        help="how to read all processes: with the kernel's task iterator, or from /proc (default: "
        "whichever can be used, the iterator first)",
    )
    parser.add_argument(
        "--no-history",
        action="store_true",
        help="judge this look alone, even where a recorder runs and knows the hours before it",
    )
    limits.add_option(parser)
    remote.add_options(parser)
    parser.add_argument("--json", action="store_true", help="print the diagnosis as one JSON object")
    parser.add_argument("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES[1:],
        metavar="SEVERITY",
        help="exit with 1 on a finding at or above info, warning or critical",
    )


def run(args: argparse.Namespace) -> int:
    from jinmaek.diagnosis.pulse import of_tree, watch
    from jinmaek.tasks.choose import Refused

    rules = limits.chosen(args)

    if remote.asked(args, "--root", "--recording", "--since", "--until"):
        diagnosis = remote.diagnosis(args)
    elif moments.asked(args) or args.since is not None or args.until is not None:
        from jinmaek.cli.diagnose_past import diagnosed

        diagnosis = diagnosed(rules, args)
    elif args.root is not None:
        if args.tasks == "bpf":
            raise Usage(
                "--tasks bpf", "a captured tree is read from its files", "leave out --tasks or --root"
            )
        diagnosis = of_tree(rules, _tree(args.root), args.lang)
    else:
        interval = max(1.0, args.span / MOST) if args.interval is None else args.interval
        if interval < 0.1 or args.span < interval:
            raise Usage(
                "--for and --interval", "too short", "--interval is at least 100ms, and --for at least that"
            )
        seen = _seen(args.lang) if progress.wanted() else None
        try:
            diagnosis = watch(rules, args.span, interval, args.lang, seen, args.tasks, _history(args))
        except Refused as refused:
            raise SourceUnreadable(
                "--tasks bpf", str(refused), "leave it out: /proc tells the same, for more CPU"
            ) from None
    if args.json:
        from jinmaek.views.diagnosis_json import render as render_json

        print(render_json(diagnosis))
    else:
        from jinmaek.views.diagnosis import show

        show(diagnosis, args.lang)
    if not diagnosis.facts:
        raise SourceUnreadable(
            args.root or "/", "no kernel file could be read", "is it a tree with proc/ and sys/?"
        )
    return _status(diagnosis, args.fail_on)


def _status(diagnosis: Diagnosis, fail_on: str | None) -> int:
    if fail_on is None:
        return 0
    serious = SEVERITIES[SEVERITIES.index(fail_on) :]
    return int(any(finding.severity in serious for finding in diagnosis.findings))


def _tree(path: str) -> Root:
    import os

    if not os.path.isdir(path):
        raise SourceUnreadable(path, "not a directory", "--root wants one that holds proc/ and sys/")
    return Root(os.path.abspath(path))


def _history(args: argparse.Namespace) -> tuple[str, ...]:
    """Where a recorder may be at work, if its history is wanted."""
    if args.no_history:
        return ()
    from jinmaek.history.recording.running import places

    return places()


def _seen(lang: str) -> Callable[[float], None]:
    """Seconds left, and that history is read where they are below 0."""
    watching, reading = tr(lang, "taking the pulse: {left} s"), tr(lang, "reading what the recorder kept")

    def show(left: float) -> None:
        progress.show(reading if left < 0 else watching.format(left=f"{left:.0f}") if left else "")

    return show


def seconds(text: str) -> float:
    """A length of time: ``5``, ``5s``, ``500ms``, ``2m``, ``1h``."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    number = text.rstrip("msh")
    factor = units.get(text[len(number) :] or "s")
    if factor is None or not number.replace(".", "", 1).isdecimal() or not number.isascii():
        raise argparse.ArgumentTypeError(f"not a length of time: {text!r} (try 5s, 500ms or 2m)")
    return float(number) * factor
