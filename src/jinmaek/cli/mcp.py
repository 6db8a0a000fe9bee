"""``jinmaek mcp``: read-only tools for an assistant, over standard input and output."""

from __future__ import annotations

import argparse
import importlib.util
import os

from jinmaek.cli.errors import Failure, SourceUnreadable
from jinmaek.i18n import LANGUAGES, from_locale

SUMMARY = "read-only tools for an assistant: diagnose, memory, load, explain, a recorded moment, diff"


def build(parser: argparse.ArgumentParser) -> None:
    """The options: all that a session may ever read is fixed here."""
    parser.add_argument(
        "--recording",
        metavar="DIR",
        help="the recording that moments are asked of (default: where record writes); no other is ever read",
    )
    parser.add_argument("--lang", choices=LANGUAGES, default=from_locale(), help="language of the answers")


def run(args: argparse.Namespace) -> int:
    """Serve one client until it goes."""
    if importlib.util.find_spec("mcp") is None:
        raise Failure("mcp", "the library mcp is not installed", "pip install 'jinmaek[mcp]'")
    from jinmaek.history.recording import folder

    where = os.path.abspath(args.recording or folder.default())
    if args.recording is not None and not os.path.isdir(where):
        raise SourceUnreadable(where, "not a directory", "jinmaek record makes one")
    from jinmaek.cli.mcp_tools import serve

    serve(where, args.lang)
    return 0
