"""``jinmaek cache``: who holds the page cache."""

from __future__ import annotations

import os
import time

from jinmaek import procfile
from jinmaek.cli import moments, progress
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import WHY, SourceUnreadable, Usage
from jinmaek.columns import Malformed
from jinmaek.i18n import LANGUAGES, from_locale, tr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from jinmaek.accounts.page_cache.account import PageCache

SUMMARY = "who holds the page cache: by file, process, cgroup or file system, and whether RAM is short"

BY = ("file", "process", "cgroup", "filesystem")
QUIET, EVERY = 0.5, 0.1
"""Seconds before progress is shown, and between two lines of it."""


def build(parser: ArgumentParser) -> None:
    """What to look at, how to arrange it, and how long it may take."""
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="show these files, and all in these folders, open or not")
    add("--by", choices=BY, default="file", help="what a line is of (file)")
    add("--top", type=int, default=20, metavar="N", help="the N largest, 0 for all (20)")
    add("--scan", action="store_true", help="walk all local file systems, for files nobody has open")
    add("--remote", action="store_true", help="also ask network and FUSE file systems, which may hang")
    add("--budget", type=seconds, default=10.0, metavar="TIME", help="stop looking after TIME: 5s, 2m (10s)")
    add("--limit", type=int, metavar="N", help="walk at most N files")
    add("--explain", action="store_true", help="what Cached, Buffers and the columns mean")
    add("--json", action="store_true", help="one JSON object in bytes")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    add("--root", metavar="DIR", help="not here: only the running kernel can be asked about its page cache")
    moments.add_options(parser)


def run(args: Namespace) -> int:
    """Look once and print."""
    if args.root is not None and not moments.asked(args):
        raise Usage(
            "--root",
            "the page cache is asked for by a system call, which no captured tree can answer",
            "leave it out; jinmaek free --root shows the sums of a tree",
        )
    if args.top < 0 or (args.limit is not None and args.limit < 1):
        raise Usage("cache", "--top and --limit want a positive number", "give 1 or more (--top 0 shows all)")
    if moments.asked(args):
        from jinmaek.cli import accounts_past

        cache, args.by = accounts_past.cache(args), "cgroup"
    else:
        cache = _look(args)
    from jinmaek.accounts.page_cache.verdict import judge

    verdict = judge(cache)
    if args.json:
        import json

        from jinmaek.views.cache_json import data

        print(json.dumps(data(cache, verdict, args.top, args.lang)))
        return 0
    from jinmaek.views import cache as view
    from jinmaek.views.cache_words import explain

    for line in view.lines(cache, verdict, args.by, args.top, args.lang):
        print(line)
    if args.explain:
        for line in explain(cache, args.lang):
            print(line)
    return 0


def _look(args: Namespace) -> PageCache:
    from jinmaek.accounts.page_cache.look import look

    seen, clear = _seen(args.lang)
    try:
        return look(
            [os.path.abspath(path) for path in args.paths],
            everywhere=args.scan,
            remote=args.remote,
            budget=args.budget,
            limit=args.limit,
            progress=seen,
        )
    except procfile.Unreadable as missing:
        raise SourceUnreadable(missing.path, *WHY[missing.why]) from None
    except Malformed as fault:
        raise SourceUnreadable("/proc/self/mountinfo", str(fault), "report it, with that file") from None
    finally:
        clear()


def _seen(lang: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    """How many files have been asked, on a terminal that waits; and the line taken away again."""
    if not progress.wanted():
        return lambda _: None, lambda: None
    text = tr(lang, "looking at the page cache: {files} files")
    shown = [time.monotonic() + QUIET - EVERY]

    def show(files: int) -> None:
        now = time.monotonic()
        if now - shown[0] >= EVERY:
            shown[0] = now
            progress.show(text.format(files=f"{files:,}"))

    return show, progress.clear
