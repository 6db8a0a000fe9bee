"""``jinmaek capacity`` with a recording: of hours and days that are over, or before a live look."""

from __future__ import annotations

import os

from jinmaek.advice.capacity.answer import Focus
from jinmaek.advice.capacity.recorded import MANY, Before, read, watched
from jinmaek.advice.capacity.series import Watched
from jinmaek.cli import moments, progress
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.history.recording import running
from jinmaek.history.recording.past import Past
from jinmaek.i18n import tr
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.model import Gap, Remembered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

FLOOR = 1 << 20
"""Bytes that must move, as in a live look."""
HISTORY = 86_400.0
"""Seconds of a running recorder's history that a live look goes on from."""
SAMPLES = 300


def seen(args: Namespace) -> tuple[Watched, Focus]:
    """The piece of a recording that was asked for, of one boot. Raises ``Usage``, ``SourceUnreadable``."""
    if args.root != "/":
        raise Usage("--root", "a tree and a recording are two sources", "name one of them")
    with moments.opened(args) as recording:
        until = moments.when(recording, args.at)
        located = recording.find(until)
        if located is None:
            raise SourceUnreadable(recording.path, f"no sample before {moments.shown(until)} can be read")
        entry, at = located
        end = recording.clocks(entry)["boottime"][at] / 1e9
        start = -1.0
        if args.since is not None:
            since = moments.when(recording, args.since)
            if since >= until:
                raise Usage("--since", "it is not before the end", "see jinmaek recordings list")
            start = end - (until - since)
        found = read(
            recording, entry.boot, start, end, _floor(recording.meta(entry)),
            pid=args.pid, cgroup=args.cgroup,
            progress=progress.part(tr(args.lang, "reading the recording: {share}")),
        )  # fmt: skip
        progress.clear()
        if not found.snapshots:
            raise SourceUnreadable(recording.path, "no sample of that time can be read")
        if "meminfo" not in found.snapshots[-1].tables:
            raise SourceUnreadable(
                recording.path, "meminfo is not recorded", "is it imported from elsewhere?"
            )
        _is_there(found, args)
        begun = found.snapshots[0].wall
        if args.since is not None and begun - moments.when(recording, args.since) > 2 * MANY:
            moments.say(f"of this boot only what is since {moments.shown(begun)} is recorded")
        moments.tell_damage(recording)
        return watched(found, found.snapshots[-1].wall - begun), Focus(args.pid, args.cgroup)


def _floor(meta: object) -> float:
    """The least change that counts: what readers of /proc may be off by, where tasks were read so."""
    from jinmaek.advice.capacity.watch import error

    told = meta if isinstance(meta, dict) else {}
    return float(FLOOR if told.get("tasks") == "bpf" else max(FLOOR, error(os.cpu_count() or 1)))


def _is_there(found: Before, args: Namespace) -> None:
    tasks = None if found.scan is None else found.scan.processes
    if args.pid is not None and (tasks is None or args.pid not in tasks.pid):
        raise SourceUnreadable(f"process {args.pid}", "it was not there at that time", "name another moment")
    rows = found.snapshots[-1].tables.get("cgroup_memory", ())
    paths = [row.cgroup for row in rows if isinstance(row, CgroupMemory)]
    if args.cgroup is not None and args.cgroup not in paths:
        raise SourceUnreadable(
            f"cgroup {args.cgroup}", "it was not there at that time", "name another moment"
        )


def before(boot: str, focus: Focus, lang: str) -> Callable[[float, float], Before | Gap | None]:
    """What a recorder that runs here has of the day before a look, for ``watch``."""

    def found(moment: float, floor: float) -> Before | Gap | None:
        past = running.before(running.places(), boot, moment, HISTORY)
        if not isinstance(past, Past):
            return past
        with past.recording as recording:
            end = past.times[-1]
            made = read(
                recording, past.boot, end - HISTORY, end, floor,
                pid=focus.pid, cgroup=None if focus.pid else focus.cgroup, most=SAMPLES,
                progress=progress.part(tr(lang, "reading the recording: {share}")),
            )  # fmt: skip
            progress.clear()
            if not made.snapshots or not made.tracks.times:
                return Gap("absent", recording.path, "the memory of processes is not recorded there")
            made.told = Remembered(
                recording=recording.path,
                since=made.snapshots[0].wall,
                interval=float(past.meta.get("interval", 1.0)),
                samples=len(made.snapshots),
            )
            return made

    return found
