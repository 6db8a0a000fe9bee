"""``jinmaek recordings import``: a recording out of what other programs kept of a host."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time

from jinmaek.cli import moments, progress
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, TextIO

    from jinmaek.history.recording.node import Dump
    from jinmaek.sampling import Snapshot

PRINT_IT = "print it so: sadf -j -- -A"
FETCH_IT = "save it so: curl -s http://HOST:9100/metrics > FILE"
NAMED = 12
"""Names without a column that are named without --json."""


def imported(args: Namespace) -> int:
    """Read all of it, write a recording, say what was read."""
    if args.recording is None:
        raise Usage("import", "another host's record needs a folder of its own", "name one: --recording DIR")
    if len(args.files) == 1 and not os.path.isdir(args.files[0]):
        with _opened(args.files[0]) as file:
            begin = file.read(1)
            while begin and begin.isspace():
                begin = file.read(1)
            if begin == "{":
                begin += file.read(1)
            # promtool prints series as {__name__="up"}.
            if begin.startswith(("{", "[")) and not begin.endswith("_"):
                return _sysstat(args, begin + _rest(file, args.files[0]))
            return _node(args, [(args.files[0], _lines(begin, file))])
    return _node(args, ((path, None) for path in _files(args.files)))


def _sysstat(args: Namespace, text: str) -> int:
    from jinmaek.history.recording import sadf

    path = args.files[0]
    try:
        document = json.loads(text)
    except ValueError as fault:
        raise SourceUnreadable(path, f"it is no JSON: {fault}", PRINT_IT) from None
    try:
        written = sum(
            _write(args.recording, sadf.meta(host), sadf.snapshots(host)) for host in sadf.hosts(document)
        )
    except sadf.NotSysstat as wrong:
        raise SourceUnreadable(path, str(wrong), PRINT_IT) from None
    print(json.dumps({"schema": 1, "source": "sysstat", "samples": written}) if args.json else written)
    return 0


def _node(args: Namespace, files: Iterable[tuple[str, Iterable[str] | None]]) -> int:
    from jinmaek.history.recording.exposition import NotMetrics
    from jinmaek.history.recording.node import Dump

    dump = Dump(host=args.host)
    given = None if args.time is None else moments.moment(args.time, time.time())
    read = 0
    for path, lines in files:
        if given is not None and read:
            raise Usage("--time", "it is the time of one file", "name one file, or leave it out")
        read += 1
        progress.show(f"reading {read:,} files")
        try:
            if lines is not None:
                dump.add(lines, os.path.basename(path), _modified(path), given)
                continue
            with _opened(path) as file:
                dump.add(file, os.path.basename(path), _modified(path), given)
        except NotMetrics as wrong:
            raise SourceUnreadable(path, str(wrong), FETCH_IT) from None
    _sound(args, dump)
    written = _write(
        args.recording, dump.meta(), dump.snapshots(lambda share: progress.show(f"writing: {share:4.0%}"))
    )
    progress.clear()
    _told(args, dump, written)
    return 0


def _sound(args: Namespace, dump: Dump) -> None:
    """Raises where there is nothing, or more than one host."""
    names = ", ".join(sorted(dump.instances)[:5])
    if args.host is not None and not dump.times:
        raise SourceUnreadable(args.files[0], f"nothing of --host {args.host} is in it")
    if not dump.times:
        raise SourceUnreadable(args.files[0], "it has no metric of node_exporter", FETCH_IT)
    if args.host is None and len(dump.instances) > 1:
        raise Usage("import", f"there are several hosts: {names}", "name one: --host INSTANCE")


def _told(args: Namespace, dump: Dump, written: int) -> None:
    unmapped = sorted(dump.unmapped - dump.mapped)
    if args.json:
        told = {
            "schema": 1,
            "source": "node_exporter",
            "samples": written,
            "times": dump.ways,
            "metrics": {"mapped": len(dump.mapped), "unmapped": unmapped},
        }
        print(json.dumps(told))
        return
    print(written)
    for way, count in dump.ways.items():
        moments.say(f"times by {way}: {count:,} file{'s' * (count != 1)}")
    if unmapped:
        more = f" and {len(unmapped) - NAMED:,} more (--json names all)" if len(unmapped) > NAMED else ""
        moments.say(
            f"{len(unmapped):,} of {len(unmapped) + len(dump.mapped):,} metrics have no column here: "
            f"{', '.join(unmapped[:NAMED])}{more}"
        )


def _files(paths: Iterable[str]) -> Iterator[str]:
    """Files, and those in folders by name; hidden ones are left out."""
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        try:
            names = sorted(os.listdir(path))
        except OSError as error:
            raise SourceUnreadable(path, error.strerror or str(error)) from None
        found = [f"{path}/{name}" for name in names if not name.startswith(".")]
        yield from (one for one in found if os.path.isfile(one))


@contextlib.contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    if path == "-":
        yield sys.stdin
        return
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            yield file
    except OSError as error:
        raise SourceUnreadable(path, error.strerror or str(error)) from None


def _rest(file: TextIO, path: str) -> str:
    try:
        return file.read()
    except OSError as error:
        raise SourceUnreadable(path, error.strerror or str(error)) from None


def _lines(begin: str, file: TextIO) -> Iterator[str]:
    """The lines of a file of which one character has been read."""
    yield begin + file.readline()
    yield from file


def _modified(path: str) -> float:
    return time.time() if path == "-" else os.stat(path).st_mtime


def _write(folder: str, meta: Mapping[str, Any], snapshots: Iterable[Snapshot]) -> int:
    """Record what was kept of a host; how many samples that were."""
    from jinmaek.history.recording.folder import Busy
    from jinmaek.history.recording.writer import SPAN, Writer, nanoseconds

    try:
        writer = Writer(os.path.abspath(folder), meta, span=min(86_400.0, max(SPAN, SPAN * meta["interval"])))
    except Busy as busy:
        raise Failure(folder, str(busy), "name another folder") from None
    count = 0
    try:
        for snapshot in snapshots:
            clocks = {"wall": nanoseconds(snapshot.wall), "boottime": nanoseconds(snapshot.monotonic)}
            if not writer.add(snapshot, clocks):
                raise SourceUnreadable(folder, os.strerror(writer.full.errno or 0) if writer.full else "full")
            count += 1
    finally:
        writer.close("imported")
    return count
