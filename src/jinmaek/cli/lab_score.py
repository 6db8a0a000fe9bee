"""``jinmaek lab score``: every condition made, again and again, and what the diagnosis made of it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jinmaek.cli import progress
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage
from jinmaek.cli.lab import checked, chosen, print_json, status, stoppable
from jinmaek.i18n import tr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jinmaek.lab.experiment import Experiment
    from jinmaek.lab.peers.peer import Absent, Peer
    from jinmaek.lab.trial import Trial


def run(args: argparse.Namespace) -> int:
    from jinmaek.lab import as_json
    from jinmaek.lab.journal import living
    from jinmaek.lab.machine import machine
    from jinmaek.lab.markdown import page
    from jinmaek.lab.room import refusal
    from jinmaek.lab.score import score, scored
    from jinmaek.lab.score_text import lines
    from jinmaek.rules import rules

    shown = progress.wanted()
    place = checked(args.dir)
    wanted = scored(chosen(args.only or ["*"]))
    if args.page is not None and not os.access(os.path.dirname(args.page) or ".", os.W_OK):
        raise SourceUnreadable(
            args.page, "cannot be written", "--page wants a file in a folder that is there"
        )
    running = living(place)
    if running:
        raise Failure(
            running[0], "another lab is running, and each would see what the other makes", "wait for it"
        )
    with stoppable(), _peers(args) as (peers, absent):
        result = score(
            wanted,
            rules(),
            place,
            args.lang,
            args.repeats,
            lambda one: refusal(one, place, args.memory, args.lang),
            _progress(args.lang) if shown else None,
            _told(args.lang) if shown else lambda _: None,
            peers,
            absent,
        )
    if shown:
        status("", "")
    where = machine()
    if args.json:
        document = as_json.score(result, where)
        print_json(document)
    else:
        print("\n".join(lines(result, args.lang)))
    if args.page is not None:
        with open(args.page, "w", encoding="utf-8") as file:
            file.write(page(result, where, args.repeats, args.lang))
    if any(one.run.leftovers for one in result.trials):
        return 3
    return 130 if result.stopped else 0


@contextmanager
def _peers(args: argparse.Namespace) -> Iterator[tuple[tuple[Peer, ...], tuple[Absent, ...]]]:
    """Those that run beside the lab, as long as it does."""
    if args.alerts is not None and not args.peers:
        raise Usage("--alerts", "only --peers has a use for it", "add --peers")
    if args.alerts is not None and not os.path.isfile(args.alerts):
        raise SourceUnreadable(args.alerts, "no such file", "--alerts wants a rule file of Prometheus")
    if not args.peers:
        yield (), ()
        return
    from jinmaek.lab.bench import Bench
    from jinmaek.lab.peers.held import running

    with Bench(args.dir) as bench:
        if progress.wanted():
            status("--peers", tr(args.lang, "starting them"))
        yield running(bench, args.alerts)


def _progress(lang: str) -> Callable[[Experiment, int, int, float], None]:
    def show(one: Experiment, number: int, whole: int, left: float) -> None:
        text = tr(lang, "{number} of {whole}, {minutes:.0f} min left")
        status(one.name, text.format(number=number, whole=whole, minutes=left / 60))

    return show


def _told(lang: str) -> Callable[[Trial], None]:
    """What went wrong is said at once, above the line that shows how far it is."""
    from jinmaek.lab.score_text import wrong
    from jinmaek.lab.text import folded_under

    def show(one: Trial) -> None:
        if text := wrong(one, lang):
            status("", "")
            print("\n".join(folded_under(text)), file=sys.stderr)

    return show
