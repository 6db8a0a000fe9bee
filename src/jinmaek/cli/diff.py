"""``jinmaek diff``: what took the memory, and what else changed, between two moments of a recording."""

from __future__ import annotations

import argparse

from jinmaek.cli import moments
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale

SUMMARY = "what took the memory between two recorded moments, and what else changed"


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add("since", metavar="T0", help=moments.HELP)
    add("until", metavar="T1", nargs="?", help="by default the end of the record")
    add("--recording", metavar="DIR", help="what jinmaek record wrote (default: where it writes by default)")
    add("--all", action="store_true", dest="whole", help="every line of every part")
    add("--json", action="store_true", help="one JSON object in bytes")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")


def run(args: argparse.Namespace) -> int:
    """Compare the two samples."""
    from jinmaek.accounts.difference import difference

    with moments.opened(args) as recording:
        found = []
        for text in (args.since, args.until):
            past, at = moments.sample(recording, text)
            try:
                found.append(past.snapshot(at))
            except LookupError as lost:
                raise SourceUnreadable(recording.path, str(lost), "see jinmaek recordings verify") from None
        before, after = found
        if after.wall <= before.wall:
            raise Usage("diff", "the second moment is not after the first", "see jinmaek recordings list")
        told = difference(before, after, int(past.meta.get("page_size", 4096)))
        moments.tell_damage(recording)
    if args.json:
        import json

        from jinmaek.views.diff_json import data

        print(json.dumps(data(told), ensure_ascii=False))
        return 0
    from jinmaek.views.diff import lines

    for line in lines(told, args.lang, whole=args.whole):
        print(line)
    return 0
