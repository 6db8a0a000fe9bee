"""``jinmaek capture``: this host's kernel files as a tree."""

from __future__ import annotations

import argparse
import os
import time

from jinmaek.cli import progress
from jinmaek.cli.errors import SourceUnreadable, Usage

SUMMARY = "save this host's kernel files as a tree that --root can read"


def build(parser: argparse.ArgumentParser) -> None:
    """The folder, what to leave out, ``--json`` and ``--root``."""
    parser.add_argument("dir", metavar="DIR", help="where to: a folder that is empty or not there yet")
    parser.add_argument(
        "--redact", action="store_true", help="replace the names of processes, mounts, cgroups, host"
    )
    tasks = parser.add_mutually_exclusive_group()
    tasks.add_argument(
        "--tasks", type=_count, metavar="N", help="at most N processes, waiting and large ones first"
    )
    tasks.add_argument("--no-tasks", dest="tasks", action="store_const", const=0, help="no processes")
    parser.add_argument("--json", action="store_true", help="say what was copied as one JSON object")
    parser.add_argument("--root", default="/", metavar="DIR", help="copy a tree with proc/ and sys/ instead")


def run(args: argparse.Namespace) -> int:
    """Copy, and say how much."""
    from jinmaek.capture import capture
    from jinmaek.root import Root

    _check(args.dir)
    if not os.path.isdir(os.path.join(args.root, "proc")):
        raise SourceUnreadable(
            args.root, "there is no proc/ in it", "--root wants a tree with proc/ and sys/"
        )
    progress = _Progress()
    try:
        done = capture(
            Root(args.root), args.dir, tasks=args.tasks, redacted=args.redact, progress=progress.show
        )
    except OSError as error:
        raise Usage(args.dir, f"cannot be written: {error.strerror}", "choose another folder") from None
    finally:
        progress.clear()
    if args.json:
        import json

        gaps = [{"path": gap.source, "kind": gap.kind} for gap in done.gaps]
        print(json.dumps({"schema": 1, "files": done.files, "bytes": done.size, "gaps": gaps}))
    else:
        missing = f", {len(done.gaps)} could not be read (gaps.json)" if done.gaps else ""
        print(f"{done.files} files, {done.size / 1024:.0f} KiB{missing}; read them with --root")
    return 0


def _check(target: str) -> None:
    try:
        names = os.listdir(target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Usage(
            target, error.strerror or str(error), "name a folder that is empty or not there yet"
        ) from None
    if names:
        raise Usage(target, "it is not empty", "name a folder that is empty or not there yet")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"not a number of processes: {text!r}")
    return int(text)


class _Progress:
    """The number of files, on a terminal and from the second second on."""

    def __init__(self) -> None:
        self.due = time.monotonic() + 1
        self.shown = False

    def show(self, files: int) -> None:
        now = time.monotonic()
        if now < self.due or not progress.wanted():
            return
        self.due = now + 0.2
        self.shown = True
        progress.show(f"copying kernel files: {files}")

    def clear(self) -> None:
        if self.shown:
            progress.clear()
