"""``jinmaek report``: what happened, on one page that opens anywhere."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jinmaek.cli import limits, moments, progress
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import Failure, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr
from jinmaek.model import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.diagnosis.rule import Rule
    from jinmaek.history.recording.recording import Recording
    from jinmaek.model import Diagnosis
    from jinmaek.sampling import Snapshot
    from jinmaek.views.report.document import Report

SUMMARY = "what was wrong when, on one page: findings, charts, memory, load, processes at any moment"

FORMATS = ("html", "md", "json")
BEFORE = 3600.0
"""Seconds of a recording that are told where nobody said from when on."""
WATCHED = 60.0
"""Seconds this host is watched where nothing was recorded."""
SHORTEST = 10.0


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add("--since", metavar="TIME", help=f"from when on (the last hour of the recording): {moments.HELP}")
    add("--until", metavar="TIME", help="up to then (the end of the recording)")
    add("--recording", metavar="DIR", help="what jinmaek record wrote (default: where it writes by default)")
    add("--for", dest="span", type=seconds, metavar="TIME",
        help="watch this host now for so long, and report that (60s where nothing was recorded)")  # fmt: skip
    add("-o", "--output", metavar="FILE", help="where to; - is standard output (html: a file named by host "
        "and time, here; else standard output)")  # fmt: skip
    add("--format", choices=FORMATS, help="by default what the name of the file says, or html")
    limits.add_option(parser)
    add("--json", action="store_true", help="the same as --format json")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the report")
    add("--fail-on", choices=SEVERITIES[1:], metavar="SEVERITY",
        help="exit with 1 on a finding at or above info, warning or critical")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Gather, write, and say what was written where."""
    from jinmaek.views.report.page import NoCharts, check

    chosen = _format(args)
    _writable(args.output)
    if chosen == "html":
        try:
            check()
        except NoCharts:
            raise Failure(
                "report", "this build has no charts (it was made without npm)", "use --format md or json"
            ) from None
    rules = limits.chosen(args)
    with _source(args) as (recording, live):
        report = _gathered(rules, recording, args, live=live)
        moments.tell_damage(recording)
    data = _rendered(report, chosen)
    target = args.output or (_name(report) if chosen == "html" else "-")
    if target == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    else:
        _write(target, data)
        print(_told(report, target, len(data)))
    if args.fail_on is None:
        return 0
    serious = SEVERITIES[SEVERITIES.index(args.fail_on) :]
    return int(any(finding.severity in serious for finding in report.findings))


def _format(args: argparse.Namespace) -> str:
    if args.json:
        if args.format not in (None, "json"):
            raise Usage("--json", f"it is another format than {args.format}", "leave out one of them")
        return "json"
    if args.format is not None:
        return str(args.format)
    ending = (args.output or "").rpartition(".")[2].lower()
    return {"md": "md", "markdown": "md", "json": "json"}.get(ending, "html")


def _writable(target: str | None) -> None:
    """See before all the work that a file can be written there."""
    if target in (None, "-"):
        return
    folder = os.path.dirname(os.path.realpath(target))
    if os.path.isdir(target):
        raise Usage(f"-o {target}", "it is a folder", "name a file in it")
    if not os.path.isdir(folder):
        raise Usage(f"-o {target}", "there is no such folder", "name another file")
    if not os.access(folder, os.W_OK) and not os.path.exists(target):
        raise Usage(f"-o {target}", "permission denied", "name another file")


@contextmanager
def _source(args: argparse.Namespace) -> Iterator[tuple[Recording, bool]]:
    """The recording that was asked for or is there; else this host as watched now, and that it is that."""
    if args.span is not None and (args.recording or args.since or args.until):
        raise Usage("--for", "it watches this host now, and a recording is of the past", "leave out one")
    recorded = args.recording or args.since or args.until
    if args.span is None and (recorded or _there()):
        with moments.opened(args) as recording:
            yield recording, False
        return
    span = WATCHED if args.span is None else args.span
    if span < SHORTEST:
        raise Usage("--for", f"{span:g} s is too short for a report", f"give {SHORTEST:g}s or more")
    if args.span is None:
        moments.say(
            f"nothing is recorded here: watching this host for {span:g} s (jinmaek record keeps more)"
        )
    with tempfile.TemporaryDirectory(prefix="jinmaek-report-") as folder:
        _watch(folder, span, args.lang)
        args.recording = folder
        with moments.opened(args) as recording:
            yield recording, True


def _there() -> bool:
    """Whether a recorder writes, or wrote, where it does by default."""
    from jinmaek.history.recording import folder

    where = folder.default()
    try:
        return bool(folder.days(where) or folder.streams(where))
    except OSError:
        return False


def _watch(folder: str, span: float, lang: str) -> None:
    """Record this host for so long. Raises ``KeyboardInterrupt`` where a signal ended it before."""
    import gc

    from jinmaek.history.recording.recorder import record

    wanted = round(span) + 1
    watching = progress.countdown(tr(lang, "watching this host: {left} s"))
    seen = _counting(wanted, watching) if watching else None
    done = record(folder, 1.0, keep_s=None, keep_bytes=None, tell=moments.say, samples=wanted, seen=seen)
    gc.enable()  # a recorder does without
    progress.clear()
    if done < wanted:
        raise KeyboardInterrupt


def _counting(wanted: int, watching: Callable[[float], None]) -> Callable[[Snapshot, bool], None]:
    left = wanted

    def show(_: Snapshot, written: bool) -> None:
        nonlocal left
        left -= written
        watching(left)

    return show


def _gathered(
    rules: tuple[Rule, ...], recording: Recording, args: argparse.Namespace, *, live: bool
) -> Report:
    from jinmaek.cli.diagnose_past import between
    from jinmaek.tasks import users
    from jinmaek.views.report.document import gather

    span = recording.span()
    assert span is not None
    begin, end = span
    until = min(end, moments.when(recording, args.until))
    since = until - BEFORE if args.since is None else moments.moment(args.since, end)
    if since < begin:
        if args.since is not None:
            moments.say(f"the recording begins at {moments.shown(begin)}: so does the report")
        since = begin
    if until <= since:
        raise Usage(
            "--since and --until", "the end is not after the beginning", "see jinmaek recordings list"
        )
    diagnosis = (
        _lately(rules, recording, since, until, args.lang)
        if live
        else between(rules, recording, since, until, args.lang)
    )
    meta = recording.meta(recording.entries[-1])
    seen = progress.part(tr(args.lang, "drawing: {share}"))
    try:
        return gather(recording, diagnosis, since, until, users.names_of(meta.get("host")), args.lang, seen)
    finally:
        progress.clear()


def _lately(
    rules: tuple[Rule, ...], recording: Recording, since: float, until: float, lang: str
) -> Diagnosis:
    """A look is too short for the episodes of a recording: it is judged as of its end."""
    from dataclasses import replace

    from jinmaek.diagnosis.past import at_moment
    from jinmaek.history.recording.past import Past

    past = Past(recording, recording.entries[-1].boot, 0.0, float("inf"))
    return replace(at_moment(rules, past, lang), source="live", recorded=(since, until))


def _rendered(report: Report, chosen: str) -> bytes:
    match chosen:
        case "html":
            from jinmaek.views.report.page import render as page

            return page(report)
        case "md":
            from jinmaek.views.report.markdown import render as text

            return text(report).encode("utf-8", "backslashreplace")
        case _:
            import json

            told = json.dumps(report.data, ensure_ascii=False, allow_nan=False)
            return (told + "\n").encode("utf-8", "backslashreplace")


def _name(report: Report) -> str:
    """``jinmaek-web1-20261126-0312.html``"""
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", report.data["host"]).strip("-.") or "host"
    stamp = time.strftime("%Y%m%d-%H%M", time.localtime(report.data["since"]))
    return f"jinmaek-{host}-{stamp}.html"


def _write(path: str, data: bytes) -> None:
    """The whole file or none: what was there before stays until all of it is written."""
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as device:
            device.write(data)
        return
    target = os.path.realpath(path)
    try:
        made, name = tempfile.mkstemp(prefix=".jinmaek-", dir=os.path.dirname(target))
    except OSError as error:
        raise Usage(path, f"cannot be written: {error.strerror}", "name another file with -o") from None
    try:
        with open(made, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException as error:
        os.unlink(name)
        if isinstance(error, OSError):
            raise Failure(path, f"cannot be written: {error.strerror}", "name another file with -o") from None
        raise


def _told(report: Report, target: str, size: int) -> str:
    from jinmaek.i18n import tr
    from jinmaek.views.plain import safe
    from jinmaek.views.units import amount

    text = tr(report.lang, "{file}: {size}, from {since} to {until}, findings: {count}")
    return text.format(
        file=safe(target),
        size=amount(size, "bytes"),
        count=len(report.findings),
        since=moments.shown(report.data["since"]),
        until=moments.shown(report.data["until"]),
    )
