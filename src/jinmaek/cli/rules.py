"""``jinmaek rules``: the catalogue, one rule in full, and all of it as a rule file or a dashboard."""

from __future__ import annotations

import argparse
import re

from jinmaek.cli import limits
from jinmaek.cli.errors import Usage
from jinmaek.cli.fleet import labels
from jinmaek.i18n import LANGUAGES, from_locale

SUMMARY = "the catalogue of rules: list, show, export for Prometheus"


def build(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|export")
    listing = actions.add_parser("list", help="all rules: id, severity, title")
    showing = actions.add_parser("show", help="one rule in full: limits and their sources, PromQL")
    showing.add_argument("id", metavar="ID", help="as rules list prints it: cpu.saturated")
    for action in (listing, showing):
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    export = actions.add_parser("export", help="all rules as alerts or a dashboard, on standard output")
    export.add_argument(
        "--format",
        choices=("prometheus", "vmalert", "kubernetes", "grafana"),
        default="prometheus",
        help="a rule file of Prometheus or vmalert, a PrometheusRule, or a dashboard (default prometheus)",
    )
    export.add_argument(
        "--by",
        type=labels,
        default=("instance",),
        metavar="LABELS",
        help="the labels that tell hosts apart (default instance; cluster,instance)",
    )
    export.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the text (default en)")
    export.add_argument(
        "--keep-firing",
        action="store_true",
        help="of vmalert: let alerts go on for a while after their condition, which it can since 1.91",
    )
    for action in (showing, export):
        limits.add_option(action)
    export.add_argument(
        "--window", type=window, default="5m", metavar="TIME", help="of rates without their own (default 5m)"
    )


def window(text: str) -> str:
    """A duration as Prometheus writes it: ``30s``, ``5m``."""
    if not re.fullmatch(r"[1-9][0-9]*(ms|s|m|h|d)", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 30s or 5m")
    return text


def run(args: argparse.Namespace) -> int:
    match args.action:
        case "list":
            _show(args, all_rules=True)
        case "show":
            _show(args, all_rules=False)
        case "export":
            print(_exported(args), end="")
    return 0


def _exported(args: argparse.Namespace) -> str:
    chosen, by = limits.chosen(args), ", ".join(args.by)
    if args.format == "grafana":
        from jinmaek.views.grafana import dashboard

        return dashboard(chosen, window=args.window, instance=by, lang=args.lang) + "\n"
    from jinmaek.diagnosis.rule_file import rule_file

    keep = args.format != "vmalert" or args.keep_firing
    return rule_file(chosen, args.format, window=args.window, instance=by, lang=args.lang, keep_firing=keep)


def _show(args: argparse.Namespace, *, all_rules: bool) -> None:
    from rich.console import Console

    from jinmaek.rules import rules
    from jinmaek.views.rules import as_json, show, table

    chosen = rules() if all_rules else tuple(rule for rule in limits.chosen(args) if rule.id == args.id)
    if not chosen and not all_rules:
        raise Usage(args.id, "there is no such rule", _nearest(args.id, [rule.id for rule in rules()]))
    if args.json:
        print(as_json(chosen, args.lang))
        return
    screen = Console(highlight=False, markup=False, emoji=False)
    if all_rules:
        screen.print(table(chosen, args.lang))
    else:
        show(chosen[0], args.lang, screen)


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    near = [rule for rule in known if name in rule] or difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else "jinmaek rules list names them all"
