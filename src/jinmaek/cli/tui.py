"""``jinmaek tui``: the whole host on one screen, live or at any recorded moment."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys

from jinmaek.cli import limits, moments
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale

SUMMARY = "the whole host on one screen: findings, processes, memory, load, swap, disks, cgroups, the past"


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add("-d", "--delay", type=seconds, default=2.0, metavar="TIME", help="between two pictures (default 2s)")
    add("--tasks", choices=("auto", "bpf", "procfs"), default="auto", help="how processes are read")
    moments.add_options(parser)
    limits.add_option(parser)
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the screen")


def run(args: argparse.Namespace) -> int:
    """Show it until q is pressed."""
    if importlib.util.find_spec("textual") is None:
        raise Failure("tui", "the library textual is not installed", "pip install 'jinmaek[tui]'")
    if not 0.2 <= args.delay <= 3600:
        raise Usage("--delay", f"{args.delay:g} s is not between 200ms and 1h", "2s is what most want")
    rules = limits.chosen(args)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage("tui", "no terminal to show it on", "jinmaek diagnose prints, and --json everywhere")
    # What a shell exported once would hold against every later size of the terminal.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    from jinmaek.views.tui.app import Tui

    if moments.asked(args):
        from jinmaek.cli.tui_past import Past

        with Past(args, rules) as past:
            Tui(past, lang=args.lang, place=past.begin, moment=past.moment).run()
            past.tell_damage()
        return 0
    from jinmaek.cli.tui_live import Live
    from jinmaek.tasks.choose import Refused

    try:
        live = Live(rules, args.lang, args.tasks)
    except Refused as refused:
        raise SourceUnreadable(f"--tasks {args.tasks}", refused.gap.detail, "use --tasks auto") from None
    with live:
        Tui(live, lang=args.lang, delay=args.delay).run()
    return 0
