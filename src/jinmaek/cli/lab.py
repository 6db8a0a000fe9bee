"""``jinmaek lab``: claims about the kernel as experiments on the one that runs."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

from jinmaek.cli import progress
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from jinmaek.lab.experiment import Experiment
    from jinmaek.lab.runner import Look, Run

SUMMARY = "claims about the kernel as bounded experiments on this one; recall and false alarms, measured"
ON_DISK = "/var/tmp"  # noqa: S108 - the folder in it is one's own, or refused
TASKS = 30
"""Processes in a capture: waiting and large ones first."""
CAPTURING = 30.0
"""Seconds that may take."""
UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}


def build(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|run|score|clean")
    listing = actions.add_parser("list", help="all experiments and what each is about")
    showing = actions.add_parser("show", help="one experiment: claim, what will be done, what it needs")
    running = actions.add_parser(
        "run", help="run experiments, one after the other, and say what came of them"
    )
    scoring = actions.add_parser(
        "score", help="recall, false alarms, culprits and time to detect, measured here"
    )
    cleaning = actions.add_parser("clean", help="undo what a lab has left that was killed with its guardian")
    showing.add_argument("name", metavar="NAME", help="as lab list prints it")
    running.add_argument(
        "names", metavar="NAME", nargs="+", help="as lab list prints it, or a pattern: 'swap.*'"
    )
    running.add_argument(
        "--capture", metavar="DIR", help="keep DIR/NAME, a capture made meanwhile, without names (--redact)"
    )
    scoring.add_argument("--only", action="append", metavar="PATTERN", help="of these experiments: 'swap.*'")
    scoring.add_argument(
        "--repeats", type=times, default=3, metavar="N", help="trials of each experiment (default 3)"
    )
    scoring.add_argument(
        "--peers",
        action="store_true",
        help="run Prometheus, netdata and glances beside it, and score them too",
    )
    scoring.add_argument(
        "--alerts", metavar="FILE", help="rule file for the Prometheus of --peers, such as that of node-mixin"
    )
    scoring.add_argument("--page", metavar="FILE", help="write a page of Markdown too")
    for action in (listing, showing, running, scoring, cleaning):
        action.add_argument("--json", action="store_true", help="print one JSON object")
        action.add_argument("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    for action in (running, scoring, cleaning):
        add_place(action)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Where a lab may work, and with how much."""
    parser.add_argument(
        "--dir",
        default=ON_DISK,
        metavar="DIR",
        help="where to keep files: on a disk (default /var/tmp)",
    )
    parser.add_argument(
        "--memory", type=size, default=2 * UNITS["G"], metavar="SIZE", help="the most to use (default 2G)"
    )


def size(text: str) -> int:
    """``512M``, ``6G``, or a number of bytes."""
    number = text.rstrip("KMG")
    if not (number.isascii() and number.isdecimal()) or len(text) - len(number) > 1:
        raise argparse.ArgumentTypeError(f"not a size: {text!r} (try 512M or 6G)")
    return int(number) * UNITS.get(text[len(number) :], 1)


def times(text: str) -> int:
    """A number from 1."""
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"not a number of trials: {text!r}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    from jinmaek.lab.journal import Untrusted

    try:
        match args.action:
            case "list":
                return _list(args)
            case "show":
                return _show(args)
            case "run":
                return _run(args)
            case "score":
                from jinmaek.cli.lab_score import run as measure

                return measure(args)
            case _:
                return _clean(args)
    except Untrusted as where:
        raise Failure(
            str(where), "others may write to it", "remove it, or name another place with --dir"
        ) from None


def chosen(patterns: list[str]) -> tuple[Experiment, ...]:
    """Experiments by name or pattern, in the order of the list."""
    from jinmaek.lab import experiments

    names = [one.name for one in experiments()]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise Usage(pattern, "there is no such experiment", _nearest(pattern, names))
    return tuple(one for one in experiments() if any(fnmatchcase(one.name, pattern) for pattern in patterns))


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    near = [one for one in known if name in one] or difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else "jinmaek lab list names them all"


def _list(args: argparse.Namespace) -> int:
    from jinmaek.lab import as_json, experiments
    from jinmaek.lab.text import table

    if args.json:
        print_json({"experiments": [as_json.experiment(one, args.lang) for one in experiments()]})
    else:
        print("\n".join(table(experiments(), args.lang)))
    return 0


def _show(args: argparse.Namespace) -> int:
    from jinmaek.lab import as_json
    from jinmaek.lab.text import page

    for one in chosen([args.name]):
        if args.json:
            print_json(as_json.experiment(one, args.lang))
        else:
            print("\n".join(page(one, args.lang)))
    return 0


def _run(args: argparse.Namespace) -> int:
    from jinmaek.lab import as_json
    from jinmaek.lab.room import refusal
    from jinmaek.lab.text import report

    wanted = chosen(args.names)
    if args.capture is not None:
        checked(args.capture, "--capture wants one")
    done: list[Run] = []
    refused = 0
    with stoppable():
        for index, one in enumerate(wanted):
            why = refusal(one, checked(args.dir), args.memory, args.lang)
            if why is not None:
                refused += 1
                print(f"jinmaek: {one.name}: {why}", file=sys.stderr)
                continue
            result = _once(one, args)
            done.append(result)
            if not args.json:
                print(
                    "\n".join(["", *report(result, os.uname().release, args.lang)][not index :]), flush=True
                )
    if args.json:
        kernel = os.uname().release
        print_json({"kernel": kernel, "runs": [as_json.run(result, args.lang) for result in done]})
    return 3 if refused == len(wanted) or any(result.leftovers for result in done) else 0


def _once(one: Experiment, args: argparse.Namespace) -> Run:
    from jinmaek.capture import capture
    from jinmaek.lab.runner import look_once, run
    from jinmaek.root import LIVE
    from jinmaek.rules import rules

    shown = progress.wanted()

    def watching(left: float) -> None:
        text = tr(args.lang, "watching: {left} s").format(left=f"{left:.0f}")
        status(one.name, text if left > 0 else "")

    if shown:
        status(one.name, tr(args.lang, "making the condition"))
    look = look_once(rules(), args.lang, watching if shown else None)
    kept = f"{args.capture}/{one.name}" if args.capture else None

    def observe(experiment: Experiment, looks: list[Look]) -> None:
        look(experiment, looks)
        if kept is not None and not os.path.exists(kept):
            if shown:
                status(one.name, tr(args.lang, "keeping a capture"))
            capture(LIVE, kept, tasks=TASKS, redacted=True, progress=lambda _: None)

    try:
        return run(one, args.dir, observe, CAPTURING if kept else 0.0)
    finally:
        if shown:
            status("", "")


def status(name: str, text: str) -> None:
    """One line on standard error that the next one replaces; nothing clears it."""
    progress.show(f"{name}: {text}" if text else "")


def checked(folder: str, todo: str = "--dir wants one on a disk") -> str:
    """A folder that is there."""
    if not os.path.isdir(folder):
        raise SourceUnreadable(folder, "not a directory", todo)
    return folder


@contextmanager
def stoppable() -> Iterator[None]:
    """Undo on the way out of a hangup or termination too, as at Ctrl-C."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _clean(args: argparse.Namespace) -> int:
    from jinmaek.lab.bench import clean

    count, left = clean(checked(args.dir))
    said = [one.told(args.lang) for one in left]
    if args.json:
        print_json({"labs": count, "not_undone": said})
        return 3 if left else 0
    print(tr(args.lang, "labs left behind: {count}").format(count=count))
    if said:
        raise Failure(args.dir, "; ".join(said), "see what holds it, and try again")
    return 0


def print_json(document: dict[str, object]) -> None:
    print(json.dumps({"schema": 1, **document}, ensure_ascii=False, indent=2))
