"""A source for tests: pictures of a captured tree, with names no one would want on a screen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jinmaek.diagnosis.evaluate import evaluate
from jinmaek.diagnosis.pulse import of_tree
from jinmaek.explain.here import Here
from jinmaek.history.live import Ring
from jinmaek.root import Root
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Scanner
from jinmaek.views.top_frame import TABLES, frame
from jinmaek.views.tui.source import CHARTS, TRACES, Account, Asked, Event, Happened, Picture, Progress

TREE = Path(__file__).parents[2] / "captures" / "6.12"
HOSTILE = (
    "\x1b[31mred\x1b[0m", "[bold]fat[/bold]", "[@click=app.quit]x[/]", "a\nb\rc", "\x9b2J", "\udcff\udcfe",
    "\u202egnp.exe", "[/]", "\\[red]", "한글 이름",
)  # fmt: skip
DISKS = (
    "diskstats",
    "cgroup_memory",
    "cgroup_cpu",
    "cgroup_pressure",
    "cgroup_pids",
    "threads",
    "waits",
    "swaps",
)


def snapshot(root: Root) -> Snapshot:
    with Scanner(root) as scanner:
        return take(root, (*TABLES, *DISKS, "vmstat"), scanner.scan(details=True))


def named(one: Snapshot) -> Snapshot:
    """The same processes, the first of them with hostile names."""
    assert one.tasks is not None
    table = one.tasks.processes
    comms = [*HOSTILE, *table.comm][: len(table)]
    return replace(one, tasks=replace(one.tasks, processes=replace(table, comm=comms)))


@dataclass
class Told:
    """Of two readings, the second a second later, always the same picture."""

    live: bool = True
    walls: Sequence[float] = ()
    gaps: Sequence[tuple[float, float, str]] = ()
    root: Root = field(default_factory=lambda: Root(str(TREE)))
    asked: list[Asked] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        one = named(snapshot(self.root))
        assert one.tasks is not None
        later = replace(
            one, wall=one.wall + 1, monotonic=one.monotonic + 1,
            tasks=replace(one.tasks, time=one.tasks.time + 1),
        )  # fmt: skip
        self.ring = Ring()
        self.ring.add(one)
        self.ring.add(later)
        self.frame = frame(
            one, later, name_of=lambda uid: "root" if uid == 0 else str(uid), sessions=None, pid_width=5
        )
        self.diagnosis = of_tree(rules(), self.root, "en")

    def picture(self, asked: Asked) -> Picture:
        self.asked.append(asked)
        return Picture(
            host="[b]h[/b]",
            wall=self.walls[asked.place] if self.walls else time.time(),
            frame=self.frame,
            traces={name: [None, 0.1, 0.5, 0.9] for name in (*TRACES, *CHARTS)},
            told={
                name: evaluate(expr, self.ring, self.ring.times[-1], 1.0)
                for name, expr in asked.exprs.items()
            },
            asked=asked,
            window_s=1.0,
            diagnosis=self.diagnosis if self.live else None,
        )

    def account(self, asked: Asked, progress: Progress) -> Account | None:
        if asked.tab == "pulse" and not self.live:
            return self.diagnosis
        return self.accounts.get(asked.tab)

    def finding(self, place: int, *, forward: bool) -> tuple[int, str] | None:
        found = [one for one in range(10, len(self.walls), 10) if (one > place if forward else one < place)]
        return ((found[0] if forward else found[-1]), "WARNING  [bold]it[/bold]") if found else None

    def here(self, picture: Picture, pid: int | None) -> Here:
        return Here(self.root, pid=pid)


EVENTS = Happened(
    (Event(1_700_000_010.0, 1_700_000_020.0, "warning", "Swap [x] is used", "swap.active"),), 1.0
)
