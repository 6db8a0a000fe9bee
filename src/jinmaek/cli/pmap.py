"""``jinmaek pmap``: the main options of pmap(1), and ``--explain``."""

from __future__ import annotations

import os
import sys

from jinmaek import procfile
from jinmaek.cli.errors import Usage
from jinmaek.columns import Malformed
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.kernel import pid_smaps, pid_stat, pid_status
from jinmaek.root import Root
from jinmaek.tasks.guarded import Guard, Missed, Reading
from jinmaek.views import pmap
from jinmaek.views.plain import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from jinmaek.kernel.pid_smaps import Vma

SUMMARY = "the mappings of a process, and what its memory figures mean"

SOME_MISSING = 42
"""The exit status of pmap(1) when a process could not be shown."""


def build(parser: ArgumentParser) -> None:
    """The options of pmap(1) that are here, ``--explain``, ``--json`` and ``--root``."""
    add = parser.add_argument
    add("pid", nargs="+", metavar="PID", help="the processes")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-x", "--extended", action="store_true", help="also RSS and dirty memory")
    how.add_argument("-X", dest="everything", action="store_true", help="every size the kernel gives")
    how.add_argument("--json", action="store_true", help="one JSON object in bytes")
    add("-q", "--quiet", action="store_true", help="no heading and no totals")
    add("-p", "--show-path", action="store_true", help="whole file names")
    add(
        "--explain", action="store_true", help="what address space, commit, page faults and copy-on-write are"
    )
    add("--lang", choices=LANGUAGES, help="language of --explain (the locale's)")
    add("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")


def run(args: Namespace) -> int:
    """Print each process; one that cannot be read is said on standard error and in the exit status."""
    root = Root(os.path.abspath(args.root))
    pids = list(dict.fromkeys(_pid(word) for word in args.pid))
    detailed = args.extended or args.everything or args.json or args.explain
    file = "smaps" if detailed else "maps"
    read = Guard(root, (file, "cmdline")).read([(pid, pid) for pid in pids])
    shown: list[dict[str, object]] = []
    missed: list[tuple[int, Missed]] = []
    for pid in pids:
        looked = _look(root, pid, file, read[pid])
        if isinstance(looked, Missed):
            missed.append((pid, looked))
        elif args.json:
            shown.append(pmap.data(pid, *looked))
        else:
            _show(args, root, pid, *looked)
    if args.json:
        import json

        gaps = [
            {
                "pid": pid,
                "comm": _name(root, pid),
                "kind": why.kind,
                "source": why.source,
                "detail": why.detail,
            }
            for pid, why in missed
        ]
        print(json.dumps({"schema": 1, "processes": shown, "gaps": gaps}))
    sys.stdout.flush()
    for pid, why in missed:
        words = f"{why.kind}, {why.detail}" if why.detail else why.kind
        print(f"jinmaek: {why.source}: {safe(_name(root, pid))}: {words}", file=sys.stderr)
    return SOME_MISSING if missed else 0


def _pid(word: str) -> int:
    digits = word.removeprefix("/proc/").rstrip("/")
    if not (digits.isdigit() and digits.isascii() and len(digits) <= 10):
        raise Usage("pmap", f"{word} is no process id", "give the number ps or top shows")
    return int(digits)


def _look(root: Root, pid: int, file: str, reading: Reading) -> tuple[str, tuple[Vma, ...]] | Missed:
    """The command and the mappings of one process."""
    if reading.missed is not None:
        return reading.missed
    text, words = reading.texts or (b"", b"")
    try:
        vmas = tuple(pid_smaps.parse(text.decode("utf-8", "backslashreplace")))
    except Malformed as fault:
        return Missed("malformed", f"proc/{pid}/{file}", str(fault))
    command = words.rstrip(b"\0").decode("utf-8", "backslashreplace").replace("\0", " ")
    return command or f"[{_name(root, pid)}]", vmas


def _show(args: Namespace, root: Root, pid: int, command: str, vmas: tuple[Vma, ...]) -> None:
    form = pmap.extended if args.extended else pmap.everything if args.everything else pmap.short
    print(pmap.title(pid, command))
    for line in form(vmas, quiet=args.quiet, paths=args.show_path):
        print(line)
    if args.explain:
        for line in _explained(root, pid, vmas, args.lang or from_locale()):
            print(line)


def _explained(root: Root, pid: int, vmas: tuple[Vma, ...], lang: str) -> Iterator[str]:
    folder = root.path(f"proc/{pid}")
    try:
        stat = pid_stat.parse(procfile.read(f"{folder}/stat"))
        status = pid_status.parse(procfile.read(f"{folder}/status"))
    except (procfile.Unreadable, Malformed):
        return
    yield ""
    yield from pmap.explain(stat, status, vmas, lang)


def _name(root: Root, pid: int) -> str:
    try:
        return procfile.read(root.path(f"proc/{pid}/comm")).removesuffix("\n")
    except procfile.Unreadable:
        return "?"
