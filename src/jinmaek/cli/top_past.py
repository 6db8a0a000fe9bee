"""``jinmaek top`` of a recording: frames in batch or JSON, as they would have been printed then."""

from __future__ import annotations

import json
import sys

from jinmaek.accounts.cpu import explained
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.cli.recorded import Recorded
from jinmaek.cli.top import PROG, columns
from jinmaek.model import TasksRead
from jinmaek.tasks import users
from jinmaek.views.top import Printed, Shown, arrange, render
from jinmaek.views.top_frame import TABLES, Frame, frame
from jinmaek.views.top_json import data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable


def shown(args: Namespace, wanted: Shown, only: frozenset[int] | None) -> int:
    """Frames from the moment asked for, ``delay`` seconds apart, until the count or the end of the record."""
    if wanted.threads or wanted.command_line or args.explain:
        raise Usage(PROG, "threads and command lines are not recorded", "leave out -H, -c and --explain")
    left = args.iterations or 1
    printed, width = Printed(), columns(args.width)
    with Recorded(args) as recorded:
        recorded.past.only = TABLES
        name_of = _names(recorded)
        while True:
            made = _frame(recorded, args.delay, only, name_of)
            if args.json:
                lines = [json.dumps(data(made, arrange(made, wanted), _read(recorded)))]
            else:
                lines = render(made, wanted, width, printed)
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
            left -= 1
            if not left or not recorded.go_on(args.delay):
                return 0
            if not args.json:
                sys.stdout.write("\n")


def _frame(
    recorded: Recorded, delay: float, only: frozenset[int] | None, name_of: Callable[[int], str]
) -> Frame:
    # The earlier first: to go on in a block costs less than to go back.
    before = recorded.earlier(delay)
    now = recorded.snapshot()
    if now.tasks is None or not len(now.tasks.processes):
        raise SourceUnreadable(recorded.past.recording.path, "no processes were recorded then")
    made = frame(
        before,
        now,
        name_of=name_of,
        sessions=None,
        pid_width=max(5, len(str(max(now.tasks.processes.pid)))),
        only=only,
    )
    if before is None:
        return made
    from dataclasses import replace

    return replace(made, explained=explained(before, now))


def _names(recorded: Recorded) -> Callable[[int], str]:
    """This host's names of users are another host's only by chance."""
    return users.names_of(recorded.meta.get("host"))


def _read(recorded: Recorded) -> TasksRead:
    scan = recorded.snapshot().tasks
    return TasksRead("none" if scan is None else scan.way, 0.0 if scan is None else scan.cpu_s)
