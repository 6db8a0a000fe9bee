"""``jinmaek tune``: what each vm.* sysctl would change on this host; ``--apply`` is all that ever writes."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence

from jinmaek.advice import tuning
from jinmaek.advice.knob import Knob, Value
from jinmaek.advice.knobs import knobs
from jinmaek.advice.seen import Seen
from jinmaek.cli import progress
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr
from jinmaek.root import LIVE, Root
from jinmaek.sampling import read_text
from jinmaek.views.tune import Where

SUMMARY = "what each vm.* sysctl would change on this host, and setting one so that it can be taken back"
PROG = "tune"
NO_KNOBS = ("drop_caches", "compact_memory")


def build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "asked",
        nargs="*",
        metavar="NAME[=VALUE]",
        help="a knob in full, or what another value would change here; without it all knobs",
    )
    parser.add_argument(
        "--for",
        dest="span",
        type=seconds,
        metavar="TIME",
        help="how long to watch: 5s, 2m (default 5s; with --measure 30s, before and again after)",
    )
    parser.add_argument("--apply", metavar="NAME=VALUE", help="set it (root): checks, writes, reads back")
    parser.add_argument(
        "--force", action="store_true", help="with --apply: also a value that is refused as unsafe"
    )
    parser.add_argument(
        "--measure",
        action="store_true",
        help="watch the counters that decide, with --apply before and after; alone with NAME only watch",
    )
    parser.add_argument(
        "--revert",
        action="store_true",
        help="with --measure --apply: take it back afterwards, also at Ctrl-C",
    )
    parser.add_argument(
        "--cgroup",
        metavar="PATH",
        help="with --apply or --measure: this cgroup's memory.swappiness (version 1) and counters",
    )
    parser.add_argument("--root", metavar="DIR", help="judge a captured tree that holds proc/ and sys/")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")


def run(args: argparse.Namespace) -> int:
    if args.span is not None and args.span < 1:
        raise Usage(PROG, "--for is too short", "give at least 1s")
    if args.apply is not None or args.measure or args.revert or args.force or args.cgroup is not None:
        from jinmaek.cli import tune_apply

        return tune_apply.run(args)
    named, trials = _asked(args.asked)
    seen, where = _look(args)
    found = [tuning.judged(knob, seen) for knob in named]
    tried = [tuning.tried(knob, seen, value) for knob, value in trials]
    everything = not (found or tried)
    if everything:
        found = list(tuning.everything(seen))
    if args.json:
        from jinmaek.views.tune_json import document

        said = document(where, found, args.lang, about=bool(named), tried=tried)
        print(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        _show(found, tried, where, args.lang, everything=everything)
    if all(one.value is None for one in found) and all(one.old is None for one in tried):
        raise SourceUnreadable(
            args.root or "/", "no file of the knobs asked for could be read", "is it a tree with proc/sys/vm?"
        )
    return 0


def _show(
    found: Sequence[tuning.Judged],
    tried: Sequence[tuning.Tried],
    where: Where,
    lang: str,
    *,
    everything: bool,
) -> None:
    from rich.console import Group

    from jinmaek.views import tune
    from jinmaek.views.screen import put

    if everything:
        put(tune.overview(found, where, lang))
        return
    parts = [*(tune.long_form(one, lang) for one in found), *(tune.what_if(one, lang) for one in tried)]
    put(Group(*(part for index, one in enumerate(parts) for part in (["", one] if index else [one]))))


def _asked(words: Sequence[str]) -> tuple[list[Knob], list[tuple[Knob, Value]]]:
    """Knobs to show in full, and values to try."""
    named: list[Knob] = []
    trials: list[tuple[Knob, Value]] = []
    for word in words:
        if "=" in word:
            trials.append(setting(word))
        else:
            named.append(knob_of(word))
    return named, trials


def setting(word: str) -> tuple[Knob, Value]:
    """``NAME=VALUE`` of the command line; raises ``Usage``."""
    name, equals, text = word.partition("=")
    knob = knob_of(name)
    if not equals:
        raise Usage(PROG, f"{word}: no value", f"give {knob.name}=VALUE")
    try:
        return knob, tuning.value_of(knob, text)
    except ValueError as wanted:
        raise Usage(PROG, f"{knob.name}={text}: no value of it", f"give {wanted}") from None


def knob_of(name: str) -> Knob:
    """A knob of the list; raises ``Usage``."""
    knob = tuning.find(name)
    if knob is not None:
        return knob
    plain = name.removeprefix("vm.")
    if plain in NO_KNOBS:
        raise Usage(
            PROG,
            f"{plain} is no knob: writing to it does something once, and nothing can take that back",
            "see the other knobs: jinmaek tune",
        )
    import difflib

    near = difflib.get_close_matches(plain, [one.name for one in knobs()], n=1, cutoff=0.5)
    raise Usage(
        PROG, f"{name}: not on the list of knobs", f"did you mean {near[0]}?" if near else "see jinmaek tune"
    )


def _look(args: argparse.Namespace) -> tuple[Seen, Where]:
    if args.root is None:
        seen = tuning.watch(args.span or 5.0, progress.countdown(tr(args.lang, "watching: {left} s")))
        name = os.uname()
        return seen, _where(seen, name.nodename, name.release, "live")
    if not os.path.isdir(args.root):
        raise SourceUnreadable(args.root, "not a directory", "--root wants one that holds proc/ and sys/")
    root = Root(os.path.abspath(args.root))
    seen = tuning.of_tree(root)
    host = _word(root, "proc/sys/kernel/hostname") or os.path.basename(root.base)
    kernel = _word(root, "proc/sys/kernel/osrelease")
    if not kernel:
        words = _word(root, "proc/version").split()
        kernel = words[2] if len(words) > 2 else "unknown"
    return seen, _where(seen, host, kernel, root.base)


def _where(seen: Seen, host: str, kernel: str, source: str) -> Where:
    window = seen.look.seconds if seen.look else 0.0
    return Where(host, kernel, source, window, seen.known("uptime.uptime"))


def _word(root: Root, path: str) -> str:
    text = read_text(root, path)
    return text.strip() if isinstance(text, str) else ""


def now() -> Seen:
    """One reading of the live machine: what a value is checked against."""
    return tuning.of_tree(LIVE)
