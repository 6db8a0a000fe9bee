"""What the full-screen view is told of a recording: the same of any moment, judged by the same rules."""

from __future__ import annotations

import argparse
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self

from jinmaek.cli import accounts_past, moments
from jinmaek.cli.errors import SourceUnreadable
from jinmaek.cli.replay import Recorded
from jinmaek.cli.tui_events import Events
from jinmaek.cli.tui_traces import values
from jinmaek.diagnosis.evaluate import evaluate
from jinmaek.diagnosis.past import at_moment, needed, widest
from jinmaek.diagnosis.rule import Rule
from jinmaek.explain.here import Here
from jinmaek.history.recording.past import Past as Part
from jinmaek.history.recording.recording import Recording
from jinmaek.i18n import tr
from jinmaek.model import Diagnosis
from jinmaek.root import Root
from jinmaek.sampling import Snapshot
from jinmaek.views.top_frame import Frame
from jinmaek.views.tui.source import Account, Asked, MemoryRead, Picture, Progress, SwapRead, Tab

DRAWN = 60
"""Values of each line that is drawn, one for each of the last samples."""
WINDOW = 10.0
"""Seconds that rates are of, at the least."""
SPANS: dict[Tab, float] = {"memory": 0.0, "swap": 5.0, "load": 60.0}
"""Seconds before a moment that an account of it looks back: the kernel counts the load every five."""
JUDGED = 32
"""Diagnoses that are kept: those of the moments one comes back to."""


class Past:
    """A ``views.tui.source.Source``. Raises ``Usage``, ``SourceUnreadable``; use ``with``.

    Pictures, accounts, searches and explanations are asked for in threads: each has the recording for itself.
    """

    def __init__(self, args: argparse.Namespace, rules: tuple[Rule, ...]) -> None:
        self._rules, self._lang = rules, args.lang
        with ExitStack() as stack:
            self._recording, judged, searched, self._told = (
                stack.enter_context(moments.opened(args)) for _ in range(4)
            )
            self._recorded = Recorded(self._recording, args.lang)
            self._judged = judged
            self._events = Events(searched, rules, args.lang)
            self._listed = Events(judged, rules, args.lang)
            self.begin = self._place(moments.when(self._recording, args.at))
            self._resources = stack.pop_all()
        self._diagnoses: dict[int, Diagnosis] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def live(self) -> bool:
        """A recording stands still."""
        return False

    @property
    def walls(self) -> Sequence[float]:
        """Of every sample."""
        return self._recorded.walls

    @property
    def gaps(self) -> Sequence[tuple[float, float, str]]:
        """Where samples are missing."""
        return self._recorded.gaps

    def moment(self, text: str) -> float | None:
        """What a user wrote; None where that is no moment."""
        return self._recorded.moment(text)

    def tell_damage(self) -> None:
        """Name on standard error what was found damaged on the way."""
        moments.tell_damage(self._recording)

    def picture(self, asked: Asked) -> Picture:
        """The host at the place that is asked for."""
        place = asked.place
        wall = self.walls[place]
        frame: Frame | str = self._recorded.frame(place)
        part = self._part(self._recording, place, DRAWN + WINDOW)
        if part is None:
            return Picture(
                self._host(wall),
                wall,
                f"{self._recording.path}: no sample can be read there",
                {},
                {},
                asked,
                0.0,
            )
        at = part.times[-1]
        window = max(WINDOW, 4 * float(part.meta.get("interval", 1.0)))
        traces: dict[str, list[float | None]] = {}
        for moment in part.times[-DRAWN:]:
            if moment - part.times[0] <= 0:
                continue
            for name, value in values(part, moment, min(window, moment - part.times[0])).items():
                traces.setdefault(name, []).append(value)
        wide = widest(part.meta)
        longer = self._part(self._recording, place, wide) or part
        return Picture(
            host=str(part.meta.get("host", "?")),
            wall=wall,
            frame=frame,
            traces=traces,
            told={name: evaluate(expr, longer, at, wide) for name, expr in asked.exprs.items()},
            asked=asked,
            window_s=window,
            diagnosis=self._diagnoses.get(place),
        )

    def account(self, asked: Asked, progress: Progress) -> Account | None:
        """The pulse of the moment, an account of it, or all that was wrong in the record. Raises ``Left``."""
        match asked.tab:
            case "pulse":
                return self._pulse(asked.place, progress)
            case "memory" | "swap" | "load":
                return self._account(asked.tab, asked.place)
            case "history":
                return self._listed.all(progress)
            case _:
                return None

    def finding(self, place: int, *, forward: bool) -> tuple[int, str] | None:
        """Where the next, or the previous, thing began to be wrong."""
        found = self._events.beside(self.walls[place], forward=forward)
        if found is None:
            return None
        said = f"{tr(self._lang, found.severity.upper())}  {found.title}  {found.rule}"
        return max(0, self._place(found.since)), said

    def here(self, picture: Picture, pid: int | None) -> Here:
        """The tables as they were then. Nothing is read from this host: it may be another."""
        part = self._part(self._told, picture.asked.place, WINDOW)
        snapshot = None if part is None else _snapshot(part)
        return Here(Root(self._recording.path), given=snapshot.tables if snapshot else {}, pid=pid)

    def _pulse(self, place: int, progress: Progress) -> Account:
        known = self._diagnoses.get(place)
        if known is not None:
            return known
        progress("pulse", tr(self._lang, "judging what was recorded"), None)
        located = self._judged.find(self.walls[place] + 1e-6)
        if located is None:
            return f"{self._judged.path}: no sample can be read there"
        entry, at = located
        end = self._judged.clocks(entry)["boottime"][at] / 1e9
        wide = widest(self._judged.meta(entry))
        part = Part(self._judged, entry.boot, end - needed(self._rules, wide), end)
        found = at_moment(self._rules, part, self._lang)
        if len(self._diagnoses) >= JUDGED:
            self._diagnoses.pop(next(iter(self._diagnoses)))
        self._diagnoses[place] = found
        return found

    def _account(self, tab: Tab, place: int) -> Account:
        """As the command of its name makes it of that moment."""
        args = argparse.Namespace(
            recording=self._recording.path,
            at=f"@{self.walls[place] + 1e-6:.6f}",
            by="process" if tab == "swap" else "command",
            span=SPANS[tab],
            lang=self._lang,
            root=None,
        )
        try:
            match tab:
                case "memory":
                    return MemoryRead(*accounts_past.memory(args))
                case "swap":
                    return SwapRead(*accounts_past.swap(args))
                case _:
                    return accounts_past.load(args)[0]
        except SourceUnreadable as missing:
            return str(missing)

    def _part(self, recording: Recording, place: int, seconds: float) -> Part | None:
        """The samples of one boot up to a place, so many seconds of them."""
        located = recording.find(self.walls[place] + 1e-6)
        if located is None:
            return None
        entry, at = located
        end = recording.clocks(entry)["boottime"][at] / 1e9
        part = Part(recording, entry.boot, end - seconds, end)
        return part if len(part) else None

    def _host(self, wall: float) -> str:
        located = self._recording.find(wall + 1e-6)
        return "?" if located is None else str(self._recording.meta(located[0]).get("host", "?"))

    def _place(self, wall: float) -> int:
        return max(0, bisect_right(self.walls, wall) - 1)


def _snapshot(part: Part) -> Snapshot | None:
    try:
        return part.snapshot(len(part) - 1)
    except LookupError:
        return None
