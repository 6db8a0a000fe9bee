"""``jinmaek capacity``: would more RAM help, when does it run out, and who grows."""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jinmaek.cli import moments, progress
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr
from jinmaek.root import Root

if TYPE_CHECKING:
    from types import FrameType

    from jinmaek.advice.capacity.answer import Focus
    from jinmaek.advice.capacity.recorded import Before
    from jinmaek.advice.capacity.series import Watched
    from jinmaek.model import Gap

SUMMARY = "would more RAM help, when does it run out, and who grows"
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
DIGITS = 12
MOUNT = "/sys/fs/cgroup"
KERNEL_THREAD = 0x00200000


def build(parser: argparse.ArgumentParser) -> None:
    """How long to look, at whom, and what to try."""
    parser.epilog = (
        "Ctrl-C ends the look early and judges what was seen. A look of a minute shows what grows fast; "
        "whether it goes on, only a longer one."
    )
    add = parser.add_argument
    add(
        "--for",
        dest="span",
        type=seconds,
        default=60.0,
        metavar="TIME",
        help="how long to watch: 60s, 10m, 2h (default 60s)",
    )
    add(
        "--interval",
        type=seconds,
        metavar="TIME",
        help="between two readings (default 1s, or what costs less than 5 %% of one CPU)",
    )
    add(
        "--add",
        type=size,
        action="append",
        default=[],
        metavar="SIZE",
        help="try so much more: 8G; repeatable",
    )
    add("--pid", type=int, metavar="PID", help="one process, and the limits around it")
    add("--cgroup", metavar="PATH", help="one cgroup, and the limits around it: /system.slice/db.service")
    add("--tasks", choices=("auto", "bpf", "procfs"), default="auto", help="how processes are read")
    add("--json", action="store_true", help="one JSON object in bytes and seconds")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    add("--root", default="/", metavar="DIR", help="a captured tree: one moment, so nothing is seen to grow")
    moments.add_options(parser)
    add("--since", metavar="TIME", help="of a recording: from then on (all of that boot)")
    add("--no-history", action="store_true", help="judge this look alone, even where a recorder runs")


def run(args: argparse.Namespace) -> int:
    """Watch, judge, print."""
    from jinmaek.advice.capacity.watch import MOST, watch
    from jinmaek.tasks.choose import Refused, Scanner

    root = Root(os.path.abspath(args.root))
    if args.span < 1 or (args.interval is not None and not 0.1 <= args.interval <= args.span):
        raise Usage(
            "--for and --interval", "too short", "--for is at least 1s, and --interval 100ms up to that"
        )
    if args.interval is not None and args.span / args.interval > MOST:
        raise Usage("--interval", f"more than {MOST} readings", f"give {args.span / MOST:.0f}s or more")
    cpu, wall = time.process_time(), time.monotonic()
    if moments.asked(args) or args.since is not None:
        from jinmaek.cli import capacity_past

        args.cgroup = args.cgroup and _path(args.cgroup)
        return _tell(args, *capacity_past.seen(args), (cpu, wall))
    focus = _focus(root, args)
    seen = _seen(args.lang) if progress.wanted() and root.live else None
    try:
        with Scanner(root, args.tasks) as scanner, _ending() as stop:
            watched = watch(
                root,
                scanner,
                args.span,
                args.interval,
                pid=focus.pid,
                cgroup=None if focus.pid else focus.cgroup,
                stop=stop,
                before=_before(root, args, focus),
                progress=seen,
            )
    except Refused as refused:
        raise SourceUnreadable(f"--tasks {args.tasks}", refused.gap.detail, "use --tasks auto") from None
    if "meminfo" not in watched.history.snapshots[-1].tables:
        raise SourceUnreadable(root.path("proc/meminfo"), "it cannot be read", "is it a tree with proc/?")
    if focus.pid is not None and all(not one.alive for one in watched.processes if one.pid == focus.pid):
        raise SourceUnreadable(
            f"process {focus.pid}", "it ended during the look", "start earlier, or take a shorter --for"
        )
    return _tell(args, watched, focus, (cpu, wall))


def _before(
    root: Root, args: argparse.Namespace, focus: Focus
) -> Callable[[float, float], Before | Gap | None]:
    """What a running recorder kept, where that is wanted."""
    if args.no_history or not root.live:
        return lambda _, __: None
    from jinmaek.cli import capacity_past
    from jinmaek.sampling import read_text

    boot = read_text(root, "proc/sys/kernel/random/boot_id")
    return capacity_past.before(boot.strip() if isinstance(boot, str) else "", focus, args.lang)


def _tell(args: argparse.Namespace, watched: Watched, focus: Focus, began: tuple[float, float]) -> int:
    """Judge and print. ``began`` are the CPU and wall clocks at the start."""
    from jinmaek.advice.capacity.judge import judge

    answer = judge(watched, focus, args.add)
    cost = time.process_time() - began[0], time.monotonic() - began[1]
    if args.json:
        from jinmaek.views.capacity_json import render

        print(render(answer, args.lang, cost))
    else:
        from jinmaek.views.capacity import show

        show(answer, args.lang, cost)
    return 0


def _focus(root: Root, args: argparse.Namespace) -> Focus:
    """What was asked about; raises where it is not there."""
    from jinmaek.advice.capacity.answer import Focus
    from jinmaek.advice.capacity.tracks import cgroup_of

    if args.pid is not None and args.cgroup is not None:
        raise Usage("--pid and --cgroup", "one of the two", "a process stands in its own cgroup already")
    if args.pid is not None:
        _is_there(root, args.pid)
        return Focus(args.pid, cgroup_of(root, args.pid))
    if args.cgroup is None:
        return Focus()
    from jinmaek.sampling import take

    path = _path(args.cgroup)
    rows = take(root, ("cgroup_memory",)).tables.get("cgroup_memory", ())
    if all(getattr(row, "cgroup", None) != path for row in rows):
        raise SourceUnreadable(
            f"cgroup {path}", "it has no memory accounting, or is not there", f"see {MOUNT}"
        )
    return Focus(None, path)


def _is_there(root: Root, pid: int) -> None:
    from jinmaek import procfile
    from jinmaek.columns import Malformed
    from jinmaek.kernel import pid_stat

    try:
        stat = pid_stat.parse(procfile.read(root.path(f"proc/{pid}/stat")))
    except (procfile.Unreadable, Malformed):
        raise SourceUnreadable(
            f"process {pid}", "there is none", "jinmaek top shows those there are"
        ) from None
    if stat.flags & KERNEL_THREAD:
        raise SourceUnreadable(
            f"process {pid}", "a kernel thread has no memory of its own", "jinmaek slabtop shows the kernel's"
        )


def _path(text: str) -> str:
    """The cgroup of a path below the mount, or of one as /proc/PID/cgroup has it."""
    from jinmaek.kernel.cgroup_files import CONTROLLERS

    path = text
    if text.startswith(MOUNT):
        first, _, rest = text.removeprefix(MOUNT).strip("/").partition("/")
        hierarchy = first == "unified" or not CONTROLLERS.isdisjoint(first.split(","))
        path = rest if hierarchy else f"{first}/{rest}"
    return "/" + path.strip("/")


@contextmanager
def _ending() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C asked for the end of the look; a second one ends the program."""
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    saved = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, saved)


def _seen(lang: str) -> Callable[[float, str], None]:
    watching = tr(lang, "watching memory: {left} s (Ctrl-C judges now)")
    growing = tr(lang, "grows fastest so far: {fastest}")

    def show(left: float, fastest: str) -> None:
        parts = [watching.format(left=f"{left:.0f}")]
        if fastest:
            parts.append(growing.format(fastest=fastest))
        progress.show(", ".join(parts) if left > 0 else "")

    return show


def size(text: str) -> int:
    """Bytes: ``512M``, ``8G``, ``1T``."""
    number = text.upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:] in UNITS else ""
    digits = number.removesuffix(unit)
    if not (digits.isdigit() and digits.isascii()) or len(digits) > DIGITS or not int(digits):
        raise argparse.ArgumentTypeError(f"not a size: {text!r} (try 512M or 8G)")
    return int(digits) * UNITS[unit]
