"""``jinmaek explain``: what a word means, with this host's figures."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.root import Root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.diagnosis.rule import Rule
    from jinmaek.explain.find import Found, Subject
    from jinmaek.explain.here import Here

SUMMARY = "what a column, field, state, sysctl or rule means, with this host's figures"


def build(parser: argparse.ArgumentParser) -> None:
    """The word, ``--pid``, ``--json``, ``--lang`` and ``--root``."""
    parser.add_argument(
        "word",
        nargs="*",
        metavar="WORD",
        help="MemAvailable, si, D, vm.swappiness, swap.active, load average",
    )
    parser.add_argument(
        "--pid",
        type=pid,
        help="the process whose figures are shown where the word is of one (jinmaek itself)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    parser.add_argument("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")


def pid(text: str) -> int:
    """A process id."""
    if not (text.isdigit() and text.isascii() and 0 < len(text) <= 10):
        raise argparse.ArgumentTypeError(f"{text!r} is no process id")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Print the page, the choice, or the list."""
    from jinmaek.explain.find import find
    from jinmaek.explain.here import Here

    if not os.path.isdir(args.root):
        raise SourceUnreadable(args.root, "not a directory", "--root wants one that holds proc/ and sys/")
    root = Root(os.path.abspath(args.root))
    here = Here(root, pid=args.pid or (os.getpid() if root.live else None))
    word = " ".join(args.word)
    if not args.word:
        _overview(args)
        return 0
    rule = _rule(word)
    if rule is not None:
        _show_rule(rule, here, args)
        return 0
    found = find(word)
    named = _named(word)
    if not found.subjects and not named:
        raise Usage(f"explain {word}", "there is no explanation of it", _nearest(word))
    if args.json:
        _json(word, found.subjects or tuple(dict.fromkeys(one for _, one in named)), here, args)
    elif len(found.subjects) == 1:
        _page(found, here, args)
        _print(_list(word, named, args))
    else:
        from jinmaek.views.explain import choices

        _print(choices(word, found.subjects, args.lang) if found.subjects else ())
        _print(_list(word, named, args))
    return 0


def _rule(word: str) -> Rule | None:
    from jinmaek.explain.page import rule_of

    return rule_of(word) if "." in word else None


def _named(word: str) -> list[tuple[str, Subject]]:
    """All columns of the view, the kernel table or the topic of this name."""
    from jinmaek.explain.find import in_table, in_topic, in_view

    name = word.removeprefix("/proc/").removeprefix("proc/")
    return [*in_view(name), *((one.name, one) for one in (*in_table(name), *in_topic(name)))]


def _list(word: str, named: list[tuple[str, Subject]], args: argparse.Namespace) -> Iterator[str]:
    from jinmaek.i18n import tr
    from jinmaek.views.explain import listing

    if named:
        yield ""
        yield tr(args.lang, "{word} has these:").format(word=word)
        yield from listing(named, args.lang)


def _page(found: Found, here: Here, args: argparse.Namespace) -> None:
    from jinmaek.explain.formula import Unknown
    from jinmaek.explain.page import page
    from jinmaek.views.explain import lines

    told = page(found.subjects[0], here)
    try:
        up = here.column("uptime.uptime")[()] if told.rated else None
    except Unknown:
        up = None
    _print(lines(told, args.lang, up=up, also=found.also, own=None if args.pid else here.pid))


def _json(word: str, subjects: tuple[Subject, ...], here: Here, args: argparse.Namespace) -> None:
    from jinmaek.explain.page import page
    from jinmaek.views.explain_json import entry, render

    print(render(word, [entry(page(one, here), args.lang) for one in subjects]))


def _show_rule(rule: Rule, here: Here, args: argparse.Namespace) -> None:
    from jinmaek.explain.page import rule_inputs

    inputs = rule_inputs(rule, here)
    if args.json:
        from jinmaek.diagnosis.words import words
        from jinmaek.views.explain_json import render, rule_entry

        condition = words(rule.condition(), args.lang)
        print(render(rule.id, [rule_entry(rule, inputs, condition, args.lang)]))
        return
    from rich.console import Console

    from jinmaek.i18n import tr
    from jinmaek.views.explain import figures
    from jinmaek.views.rules import show

    show(rule, args.lang, Console(highlight=False, markup=False, emoji=False))
    sys.stdout.flush()
    _print(("", tr(args.lang, "this host"), *figures(inputs, args.lang)))


def _overview(args: argparse.Namespace) -> None:
    from jinmaek.cli.main import COMMANDS
    from jinmaek.explain.find import table_names
    from jinmaek.explain.topics import topics
    from jinmaek.explain.views import COLUMNS
    from jinmaek.i18n import explained, tr

    titles = [(name, explained(args.lang, title)) for name, title, _ in topics()]
    groups = [
        (tr(args.lang, "topics"), titles),
        (tr(args.lang, "views"), [(name, explained(args.lang, COMMANDS[name])) for name in COLUMNS]),
        (tr(args.lang, "kernel files"), [(name, _file(name)) for name in table_names()]),
    ]
    if args.json:
        import json

        named = [{"name": name, "title": title} for name, title in titles]
        tables = [{"name": name, "title": _file(name)} for name in table_names()]
        print(json.dumps({"schema": 1, "word": None, "entries": [], "topics": [*named, *tables]}, indent=2))
        return
    from jinmaek.views.explain import overview

    _print(overview(groups, args.lang))


def _file(table: str) -> str:
    from jinmaek.explain.find import in_table

    files = dict.fromkeys(one.column.file for one in in_table(table) if one.column)
    first = next(iter(files), "")
    return f"{first.rpartition('/')[0]}/*" if len(files) > 1 else first


def _nearest(word: str) -> str:
    from jinmaek.explain.find import nearest
    from jinmaek.rules import rules

    near = nearest(word, [rule.id for rule in rules()])
    return f"did you mean {', '.join(near)}?" if near else "jinmaek explain lists what there is"


def _print(lines: Iterator[str] | tuple[str, ...]) -> None:
    for line in lines:
        print(line)
