"""``jinmaek smem``: the main options of smem(8), and no process left out without a word."""

from __future__ import annotations

import os
import re
import sys

from jinmaek import procfile
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.columns import Malformed
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.kernel import pid_smaps, pid_smaps_rollup, pid_statm, pid_status
from jinmaek.root import Root
from jinmaek.tasks import users
from jinmaek.tasks.guarded import Guard, Missed
from jinmaek.views import smem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

SUMMARY = "memory by process, user or mapping: own (USS), proportional (PSS), resident and in swap"

PROG = "smem"
NAMED = 50
"""Cells of the command whose figures are explained."""


def build(parser: ArgumentParser) -> None:
    """The options of smem(8) that are here, ``--json`` and ``--root``."""
    add = parser.add_argument
    add("-H", "--no-header", action="store_true", help="no heading")
    add("-c", "--columns", metavar="FIELDS", help="the fields to show, in one word with spaces or commas")
    add("-t", "--totals", action="store_true", help="a last line with the sums")
    add("-m", "--mappings", action="store_true", help="by mapping; reads smaps, the dearest file there is")
    add("-u", "--users", action="store_true", help="by user")
    add("-P", "--processfilter", metavar="REGEX", help="only processes of this name or command")
    add("-U", "--userfilter", metavar="REGEX", help="only processes of this user")
    add("-s", "--sort", metavar="FIELD", default="pss", help="sort by FIELD (pss)")
    add("-r", "--reverse", action="store_true", help="largest first")
    add("-k", "--abbreviate", action="store_true", help="amounts with a unit")
    add("--explain", action="store_true", help="what each column means, by the line with the largest PSS")
    add("--lang", choices=LANGUAGES, help="language of --explain (the locale's)")
    add("--json", action="store_true", help="one JSON object in bytes")
    add("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")


def run(args: Namespace) -> int:
    """Read once and print; what could not be read is said on standard error, in JSON in ``gaps``."""
    if args.mappings and args.users:
        raise Usage(PROG, "-m and -u exclude each other", "leave one out")
    kind = "mapping" if args.mappings else "user" if args.users else "process"
    fields, columns = smem.DEFAULTS[kind]
    if args.columns is not None:
        columns = tuple(args.columns.replace(",", " ").split())
    for name in (*columns, args.sort):
        if name not in fields:
            raise Usage(PROG, f"there is no field {name}", "fields: " + " ".join(fields))
    if args.explain and args.json:
        raise Usage(PROG, "--explain explains the table", "leave out --json")
    rows, unread = look(
        Root(os.path.abspath(args.root)),
        kind,
        _pattern(args.processfilter),
        _pattern(args.userfilter),
        names=bool(args.processfilter) or args.json or "name" in (*columns, args.sort),
    )
    if args.json:
        import json

        from jinmaek.views.smem_json import data

        print(json.dumps(data(kind, rows, unread)))
        return 0
    lines = smem.table(
        rows,
        fields,
        columns,
        sort=args.sort,
        reverse=args.reverse,
        heading=not args.no_header,
        totals=args.totals,
        units=args.abbreviate,
    )
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if args.explain and rows:
        _explain(rows, fields, columns, args)
    if unread:
        sys.stdout.flush()
        print(smem.note(unread), file=sys.stderr)
    return 0


def _explain(
    rows: list[smem.Process] | list[smem.Group],
    fields: dict[str, smem.Field],
    columns: Iterable[str],
    args: Namespace,
) -> None:
    """Each column, in the figures of the line with the largest PSS."""
    from jinmaek.explain.here import Here
    from jinmaek.i18n import tr
    from jinmaek.views.explained import lines
    from jinmaek.views.fit import cut
    from jinmaek.views.plain import safe
    from jinmaek.views.units import amount

    lang = args.lang or from_locale()
    lines_of: list[smem.Process | smem.Group] = [*rows]
    one = max(lines_of, key=lambda row: row.pss)
    given = {name: amount(size, "bytes") for name in smem.SIZES if (size := fields[name][2](one)) is not None}
    name = cut(safe(one.command if isinstance(one, smem.Process) else one.name), NAMED)
    of = f"{name} [{one.pid}]" if isinstance(one, smem.Process) else name
    print("\n" + tr(lang, "In the figures of {name}:").format(name=of), end="")
    for line in lines("smem", columns, Here(Root(os.path.abspath(args.root))), lang, given):
        print(line)


def look(
    root: Root,
    kind: str,
    command: re.Pattern[str] | None = None,
    user: re.Pattern[str] | None = None,
    *,
    names: bool = True,
) -> tuple[list[smem.Process] | list[smem.Group], list[smem.Unread]]:
    """The rows of one kind, and the processes that exist and could not be read."""
    listed = [one for one in _processes(root) if user is None or user.search(one.user)]
    listed.sort(key=lambda one: one.rss, reverse=True)
    file = "smaps" if kind == "mapping" else "smaps_rollup"
    read = Guard(root, (file, "cmdline")).read([(one.pid, one.pid) for one in listed])
    unread: list[smem.Unread] = []
    found: list[smem.Process] = []
    mappings: dict[str, smem.Group] = {}
    for one in listed:
        reading = read[one.pid]
        if reading.missed is not None or reading.texts is None:
            if reading.missed is not None and reading.missed.kind != "gone":
                unread.append(smem.Unread(one.pid, _name(root, one.pid), reading.missed))
            continue
        text, words = reading.texts
        one.command = words.rstrip(b"\0").decode("utf-8", "backslashreplace").replace("\0", " ")
        if names or not one.command:
            one.name = _name(root, one.pid)
            one.command = one.command or f"[{one.name}]"
        if command is not None and not (command.search(one.name) or command.search(one.command)):
            continue
        try:
            if kind == "mapping":
                _mappings(mappings, text.decode("utf-8", "backslashreplace"))
            elif text:
                _figures(one, pid_smaps_rollup.parse(text.decode("ascii", "replace")))
                found.append(one)
        except Malformed as fault:
            unread.append(
                smem.Unread(
                    one.pid, _name(root, one.pid), Missed("malformed", f"proc/{one.pid}/{file}", str(fault))
                )
            )
    if kind == "mapping":
        return list(mappings.values()), unread
    return (_by_user(found) if kind == "user" else found), unread


def _processes(root: Root) -> Iterator[smem.Process]:
    """All processes that have memory; statm takes no lock and is 0 for kernel threads and zombies."""
    folder = root.path("proc")
    user_of = users.names(root)
    try:
        pids = [int(name) for name in os.listdir(folder) if name.isdigit() and name.isascii()]
    except OSError as error:
        raise SourceUnreadable(folder, error.strerror or str(error), "is it a tree with proc/?") from None
    if not pids:
        raise SourceUnreadable(folder, "it holds no process", "is it a tree with proc/PID/statm?")
    for pid in pids:
        try:
            size, resident = procfile.read_bytes(f"{folder}/{pid}/statm").split(None, 2)[:2]
            uid = os.stat(f"{folder}/{pid}").st_uid if root.live else _uid(f"{folder}/{pid}")
        except (procfile.Unreadable, FileNotFoundError, ValueError):
            continue
        if size != b"0":
            one = smem.Process(pid, uid, "?" if uid is None else user_of(uid), "", int(size) * pid_statm.PAGE)
            one.rss = int(resident) * pid_statm.PAGE
            yield one


def _uid(folder: str) -> int | None:
    try:
        return pid_status.parse(procfile.read(f"{folder}/status")).euid
    except (procfile.Unreadable, Malformed):
        return None


def _name(root: Root, pid: int) -> str:
    """The name of a process, from a file that takes no lock."""
    try:
        return procfile.read(root.path(f"proc/{pid}/comm")).removesuffix("\n")
    except procfile.Unreadable:
        return "?"


def _figures(one: smem.Process, sums: pid_smaps_rollup.PidSmapsRollup) -> None:
    one.swap, one.swappss = sums.Swap, sums.SwapPss
    one.uss, one.pss, one.rss = pid_smaps_rollup.uss(sums), sums.Pss, sums.Rss


def _by_user(found: Iterable[smem.Process]) -> list[smem.Group]:
    groups: dict[str, smem.Group] = {}
    for one in found:
        groups.setdefault(one.user, smem.Group(one.user)).add(one)
    return list(groups.values())


def _mappings(groups: dict[str, smem.Group], text: str) -> None:
    seen: set[str] = set()
    for vma in pid_smaps.parse(text):
        name = vma.path or "<anonymous>"
        group = groups.setdefault(name, smem.Group(name))
        one = smem.Process(0, None, "", "", vma.end - vma.start)
        size = vma.sizes.get
        one.swap, one.swappss = size("Swap", 0), size("SwapPss")
        one.uss = size("Private_Clean", 0) + size("Private_Dirty", 0) + size("Private_Hugetlb", 0)
        one.pss, one.rss = size("Pss", 0), size("Rss", 0)
        group.add(one)
        group.pids += name not in seen
        seen.add(name)


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise Usage(
            PROG, f"{text} is no regular expression: {error}", "quote the characters meant as such"
        ) from None
