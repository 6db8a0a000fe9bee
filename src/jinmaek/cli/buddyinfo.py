"""``jinmaek buddyinfo``: /proc/buddyinfo and the indices made of it."""

from __future__ import annotations

import os

from jinmaek.cli import moments
from jinmaek.cli.errors import Usage, rows
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.kernel.buddyinfo import parse
from jinmaek.root import Root
from jinmaek.views import buddyinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SUMMARY = "free memory by block size, and how fragmented it is"


def build(parser: ArgumentParser) -> None:
    """``--index``, ``--explain``, ``--json`` and ``--root``."""
    parser.add_argument(
        "--index", action="store_true", help="add the unusable and the fragmentation index of every order"
    )
    parser.add_argument("--explain", action="store_true", help="what each column means, in these figures")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of --explain (the locale's)")
    parser.add_argument("--json", action="store_true", help="one JSON object with blocks, bytes and indices")
    parser.add_argument("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")
    moments.add_options(parser)


def run(args: Namespace) -> int:
    """Print the table."""
    if args.explain and args.json:
        raise Usage("buddyinfo", "--explain explains the table", "leave out --json")
    page_size = os.sysconf("SC_PAGESIZE")
    if moments.asked(args):
        from jinmaek.cli.recorded import Recorded
        from jinmaek.kernel.buddyinfo import Buddyinfo

        with Recorded(args) as recorded:
            read: tuple[Buddyinfo, ...] = recorded.rows("buddyinfo", Buddyinfo)
            page_size = int(recorded.meta.get("page_size", page_size))
    else:
        read = rows(Root(args.root), "proc/buddyinfo", parse)
    zones = buddyinfo.zones(read)
    if args.json:
        import json

        print(json.dumps(buddyinfo.data(zones, page_size)))
        return 0
    for line in buddyinfo.lines(zones):
        print(line)
    if args.index:
        for line in buddyinfo.index_lines(zones):
            print(line)
    if args.explain:
        from jinmaek.views.explain import WIDTH
        from jinmaek.views.fit import folded

        for line in buddyinfo.explain(zones, page_size, args.lang or from_locale()):
            print("\n".join(folded(line, WIDTH)) if not line.startswith("  ") else line)
    return 0
