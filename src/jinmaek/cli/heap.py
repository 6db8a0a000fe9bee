"""``jinmaek heap PID``: which mapping of a process grows, what fills it, and the next tool at that pid."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jinmaek.cli import progress
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr
from jinmaek.root import LIVE

SUMMARY = "which mapping of a process grows, what fills it, and the next tool at that pid"

SHORTEST = 1.0
LARGEST = 1 << 30
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
PROMISE = (
    "The process is never stopped and nothing of its memory is written to disk. Of repeated texts only the "
    "shape is shown: x for a letter, X for a capital, 9 for a digit, signs as they are, and the first three "
    "letters of texts of 16 characters or more. --content shows the texts themselves: they may be passwords "
    "or personal data."
)


def build(parser: argparse.ArgumentParser) -> None:
    """How long to look, how much to read, and whether to show texts."""
    parser.epilog = PROMISE
    add = parser.add_argument
    add("pid", metavar="PID", help="the process")
    add(
        "--for",
        dest="span",
        type=seconds,
        default=10.0,
        metavar="TIME",
        help="between the two looks: 10s, 5m (default 10s); its size is read every second meanwhile",
    )
    add(
        "--sample",
        type=size,
        default=size("8M"),
        metavar="SIZE",
        help="read at most SIZE of what came, 512K, 64M (default 8M); 0 reads none of its memory",
    )
    add("--content", action="store_true", help="show the repeated texts, not only their shape")
    add("--json", action="store_true", help="one JSON object in bytes")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")


def run(args: argparse.Namespace) -> int:
    """Look twice and print."""
    pid = _pid(args.pid)
    if args.span < SHORTEST:
        raise Usage("--for", "too short", "give 1s or more")
    from jinmaek.accounts.heap.account import Refused
    from jinmaek.accounts.heap.look import look

    terminal = progress.wanted()
    try:
        account = look(
            LIVE,
            pid,
            window=args.span,
            sample=args.sample,
            content=args.content,
            progress=_seen(args.lang) if terminal else None,
        )
    except Refused as refused:
        raise SourceUnreadable(refused.what, refused.why, refused.todo) from None
    finally:
        progress.clear()
    if args.json:
        from jinmaek.views.heap_json import render

        print(render(account, args.lang))
    else:
        from jinmaek.views.heap import show

        show(account, args.lang)
    return 0


def _seen(lang: str) -> Callable[[float, int | None], None]:
    looking, grew = tr(lang, "looking: {left} s"), tr(lang, "{grown} MiB so far")

    def show(left: float, grown: int | None) -> None:
        parts = [looking.format(left=f"{left:.0f}")]
        if grown is not None:
            parts.append(grew.format(grown=f"{grown / (1 << 20):+.1f}"))
        progress.show(", ".join(parts) if left > 0 else tr(lang, "reading what came"))

    return show


def _pid(word: str) -> int:
    digits = word.removeprefix("/proc/").rstrip("/")
    if not (digits.isdigit() and digits.isascii() and len(digits) <= 10):
        raise Usage("heap", f"{word} is no process id", "give the number ps or top shows")
    return int(digits)


def size(text: str) -> int:
    """Bytes: ``0``, ``512K``, ``8M``, ``1G``."""
    number = text.upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:] in UNITS else ""
    digits = number.removesuffix(unit)
    if not (digits.isdigit() and digits.isascii()) or int(digits) * UNITS[unit] > LARGEST:
        raise argparse.ArgumentTypeError(f"not a size up to 1G: {text!r} (try 512K or 8M)")
    return int(digits) * UNITS[unit]
