"""``jinmaek recordings``: what there is, whether it is sound, and other formats."""

from __future__ import annotations

import argparse
import json
import os
import sys

from jinmaek.cli import moments, progress
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage
from jinmaek.cli.record import days, size
from jinmaek.i18n import LANGUAGES, from_locale, tr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.history.recording.recording import Recording

SUMMARY = "recordings: list, verify, prune, redact, export, import from sysstat or node_exporter"


def build(parser: argparse.ArgumentParser) -> None:
    """The actions and their options."""
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="list|verify|prune|redact|export|import"
    )
    every = {
        "list": "from when to when, how large, and where samples are missing and why",
        "verify": "read all of it and name every damage; the exit status is 1 where something is lost",
        "prune": "remove the oldest days",
        "redact": "a copy to share: the same figures, with tokens in place of the names of host, processes, "
        "cgroups, users, mounts and devices",
        "export": "a table as CSV or a file of Parquet, or tables as OpenMetrics",
        "import": "make a recording of what sadf -j -- -A prints, or of dumps of node_exporter",
    }
    made = {name: actions.add_parser(name, help=text) for name, text in every.items()}
    for name in every.keys() - {"redact"}:
        made[name].add_argument(
            "--recording", metavar="DIR", help="its folder (default: where record writes)"
        )
    for name in ("list", "verify"):
        made[name].add_argument("--json", action="store_true", help="one JSON object")
        made[name].add_argument(
            "--lang", choices=LANGUAGES, default=from_locale(), help="language of the text"
        )
    made["prune"].add_argument("--keep", type=days, metavar="DAYS", help="remove what is older: 30d, 12h")
    made["prune"].add_argument("--keep-size", type=size, metavar="SIZE", help="remove what is too much: 2G")
    made["redact"].add_argument("dir", metavar="DIR", help="the folder of the recording")
    made["redact"].add_argument(
        "out", metavar="OUT", help="where to: a folder that is empty or not there yet"
    )
    export = made["export"]
    export.add_argument("--format", choices=("csv", "openmetrics", "parquet"), default="csv", help="(csv)")
    export.add_argument("-o", "--output", metavar="FILE", help="of Parquet: the file to write")
    export.add_argument("--table", action="append", metavar="NAME", help="meminfo, diskstats, tasks, …")
    export.add_argument("--since", metavar="TIME", help=moments.HELP)
    export.add_argument("--until", metavar="TIME", help="(the end of the record)")
    add = made["import"].add_argument
    add(
        "files",
        nargs="+",
        metavar="FILE",
        help="what sadf -j -- -A printed, or /metrics of node_exporter as text, "
        "or promtool tsdb dump; of metrics also folders of such files; - is standard input",
    )
    add("--host", metavar="INSTANCE", help="of metrics of several hosts, the one that is wanted")
    add(
        "--time",
        metavar="TIME",
        help="of one file of metrics: when it was scraped, where the file does not say it",
    )
    add("--json", action="store_true", help="say what was read as one JSON object")


def run(args: argparse.Namespace) -> int:
    match args.action:
        case "list":
            return _list(args)
        case "verify":
            return _verify(args)
        case "redact":
            return _redact(args)
        case "prune":
            return _prune(args)
        case "export":
            return _export(args)
        case _:
            return _import(args)


def _list(args: argparse.Namespace) -> int:
    from jinmaek.history.recording.overview import overview

    with moments.opened(args) as recording:
        told = overview(recording)
    if args.json:
        from jinmaek.views.recordings import data

        print(json.dumps(data(told)))
        return 0
    from jinmaek.views.recordings import lines

    for line in lines(told, args.lang):
        print(line)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from jinmaek.history.recording.overview import read_all
    from jinmaek.views.recordings import verified

    with moments.opened(args) as recording:
        seen = progress.part(tr(args.lang, "reading: {share}"))
        blocks, samples = read_all(recording, seen)
        progress.clear()
        lost = [one for one in recording.damage if not one.mended]
        if args.json:
            damage = [{"file": one.file, "what": one.what, "mended": one.mended} for one in recording.damage]
            print(json.dumps({"schema": 1, "blocks": blocks, "samples": samples, "damage": damage}))
        else:
            for line in verified(blocks, samples, recording.damage, args.lang):
                print(line)
    return int(bool(lost))


def _prune(args: argparse.Namespace) -> int:
    import time

    from jinmaek.history.recording import folder

    if args.keep is None and args.keep_size is None:
        raise Usage("prune", "nothing says how much to keep", "give --keep or --keep-size")
    path = os.path.abspath(args.recording or folder.default())
    try:
        for name in folder.prune(path, oldest=args.keep, most=args.keep_size, now=time.time()):
            print(name)
    except OSError as error:
        raise SourceUnreadable(path, error.strerror or str(error)) from None
    return 0


def _export(args: argparse.Namespace) -> int:
    from jinmaek.history.recording import export

    with moments.opened(args) as recording:
        since = 0.0 if args.since is None else moments.when(recording, args.since)
        until = float("inf") if args.until is None else moments.when(recording, args.until)
        there = [*export.names(recording), export.TASKS]
        wanted = args.table or there[:-1]
        for name in wanted:
            if name not in there:
                raise Usage(f"--table {name}", "it is not in this recording", f"there are {' '.join(there)}")
        if args.format == "parquet":
            return _parquet(args, recording, wanted, since, until)
        if args.format == "csv":
            if len(wanted) != 1 or not args.table:
                raise Usage("--format csv", "a file of CSV holds one table", "name it with --table")
            lines = export.as_csv(recording, wanted[0], since, until)
        else:
            if export.TASKS in wanted:
                raise Usage("--table tasks", "processes are no metrics", "use --format csv")
            lines = export.openmetrics(recording, wanted, since, until)
        sys.stdout.writelines(lines)
        moments.tell_damage(recording)
    return 0


def _redact(args: argparse.Namespace) -> int:
    """Write a copy without names into a folder that is empty or not there yet."""
    import shutil

    from jinmaek.history.recording import folder as files
    from jinmaek.history.recording import redacted
    from jinmaek.views.plain import safe

    there = os.path.isdir(args.out)
    if os.path.lexists(args.out) and (not there or os.listdir(args.out)):
        raise Usage(args.out, "it is not empty", "name a folder that is empty or not there yet")
    seen = progress.part(tr(from_locale(), "reading: {share}"))
    args.recording = args.dir
    with moments.opened(args) as recording:
        try:
            blocks = redacted.write(recording, args.out, seen)
        except BaseException as failed:
            # Half a recording would pass for a whole one.
            shutil.rmtree(args.out, ignore_errors=True)
            if there:
                os.mkdir(args.out, 0o700)
            if isinstance(failed, OSError):
                why = failed.strerror or str(failed)
                raise Failure(args.out, f"cannot be written: {why}", "name another folder") from None
            raise
        finally:
            progress.clear()
        moments.tell_damage(recording)
    os.unlink(f"{args.out}/{files.LOCK}")
    print(f"{blocks} blocks without names; read them with --recording {safe(args.out)}")
    return 0


def _parquet(
    args: argparse.Namespace, recording: Recording, wanted: list[str], since: float, until: float
) -> int:
    from jinmaek.history.recording import parquet

    if len(wanted) != 1 or not args.table or not args.output:
        raise Usage(
            "--format parquet", "a file of Parquet holds one table", "name both: --table NAME --output FILE"
        )
    try:
        print(parquet.write(recording, wanted[0], since, until, args.output))
    except parquet.NotInstalled:
        raise SourceUnreadable(
            "--format parquet", "the library pyarrow is not installed", "pip install 'jinmaek[export]'"
        ) from None
    except OSError as error:
        raise SourceUnreadable(args.output, error.strerror or str(error), "name another file") from None
    moments.tell_damage(recording)
    return 0


def _import(args: argparse.Namespace) -> int:
    from jinmaek.cli.recordings_import import imported

    return imported(args)
