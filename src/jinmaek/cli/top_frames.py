"""What gives ``top`` its pictures: two readings of a host each, and command lines where they are shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from jinmaek.accounts.cpu import explained
from jinmaek.cli.errors import SourceUnreadable
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.sampling import Snapshot, read_text, take
from jinmaek.tasks import users
from jinmaek.tasks.choose import Scanner
from jinmaek.tasks.commands import Commands, Identity
from jinmaek.tasks.table import Scan, place
from jinmaek.views.top import Shown, arrange
from jinmaek.views.top_frame import TABLES, Frame, frame
from jinmaek.views.top_processes import Kept, Process

FIRST_SPAN = 0.15
"""Seconds between the two readings of the first frame."""


def frames(
    root: Root, scanner: Scanner, only: frozenset[int] | None, *, details: bool, accounts: bool
) -> Callable[[Shown], Frame]:
    """What gives the next frame, with what is shown of it: the time since the frame before it.

    ``accounts`` adds how much of the CPU time the processes explain.
    """
    name_of = users.names(root)
    widest = read_text(root, "proc/sys/kernel/pid_max")
    digits = "" if isinstance(widest, Gap) else widest.strip()
    pid_width = max(5, len(str(int(digits) - 1))) if digits.isdigit() else 5
    before: Snapshot | None = None
    kept = Kept()
    commands = Commands(root)

    def read(threads: bool) -> Snapshot:
        snapshot = take(root, TABLES, scanner.scan(details=details, threads=threads))
        if not snapshot.tasks or not len(snapshot.tasks.processes):
            raise SourceUnreadable(
                root.path("proc"), "it holds no process", "is it a tree with proc/PID/stat?"
            )
        return snapshot

    def following(shown: Shown) -> Frame:
        nonlocal before
        threads = shown.threads
        known = before is not None and before.tasks is not None and _holds(before.tasks, threads)
        if not known and root.live:
            before = read(threads)
            time.sleep(FIRST_SPAN)
        now = read(threads)
        assert now.tasks is not None
        made = frame(
            before,
            now,
            name_of=name_of,
            sessions=users.sessions(root),
            pid_width=pid_width,
            only=only,
            threads=threads,
            kept=kept,
        )
        made = with_commands(made, shown, now.tasks, commands)
        if accounts and before is not None:
            made = replace(made, explained=explained(before, now))
        before = now if root.live else None
        return made

    return following


def with_commands(made: Frame, shown: Shown, tasks: Scan, commands: Commands) -> Frame:
    """The frame with the command lines of those shown, if they are, and with whoever's lock is held."""
    wanted: list[Identity] = []
    again: list[Identity] = []
    if shown.command_line:
        starts = tasks.processes.start_time

        def identity(one: Process) -> Identity:
            at = place(tasks.processes, one.tgid) if made.threads else None
            return one.tgid, one.start_time if at is None else starts[at]

        wanted = [identity(one) for one in arrange(made, shown)]
        again = [identity(one) for one in made.processes if one.cpu]
    commands.read(wanted, tasks, again)
    texts = {one[0]: text for one in wanted if (text := commands.texts.get(one)) is not None}
    return replace(made, commands=texts, locked=commands.locked)


def _holds(tasks: Scan, threads: bool) -> bool:
    return not threads or tasks.threads is not None
