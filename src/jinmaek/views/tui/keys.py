"""Keys of the full-screen view, and what they do."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from jinmaek.views.tui.source import Tab

TABS: tuple[Tab, ...] = ("pulse", "processes", "memory", "load", "swap", "disks", "cgroups", "history")
"""In the order of the screen; the number of each is its key."""

HELP: tuple[tuple[str, str], ...] = (
    ("1 … 8, Tab", "another tab"),
    ("↑ ↓ Home End", "the cursor; Ctrl-U and Ctrl-D a screen up and down"),
    ("?", "explain what is at the cursor: a field, a number, a rule, a process"),
    ("/", "show only what has this text; processes also %CPU>5, RES>100m, USER=root"),
    ("Esc", "everything again"),
    ("P M T N", "processes by CPU, memory, CPU time, pid"),
    ("< > R", "sort by the column to the left, to the right; the other way round"),
    ("t H c i", "tree, threads, command lines, hide those that used no CPU time"),
    ("space", "a new picture now"),
    ("+ -", "pictures less often, more often"),
    ("k r", "how to end a process or change its priority: nothing is changed here"),
    ("q", "leave"),
)
HELP_OF_A_RECORDING: tuple[tuple[str, str], ...] = (
    ("← →", "the sample before, the next one"),
    ("PgUp PgDn", "a minute back, a minute on"),
    ("[ ]", "an hour back, an hour on"),
    ("n N", "to the next thing that was wrong, to the one before"),
    ("g", "to a moment: 03:12, 2h"),
    ("space", "play, or stop"),
    ("+ -", "play faster, slower"),
)
"""Besides; the keys that are in both do this."""

BINDINGS: list[BindingType] = [
    *(Binding(str(place), f"tab('{name}')", show=False) for place, name in enumerate(TABS, 1)),
    Binding("tab", "beside(1)", show=False, priority=True),
    Binding("shift+tab", "beside(-1)", show=False, priority=True),
    Binding("question_mark", "explain", show=False),
    Binding("h,f1", "keys", show=False),
    Binding("slash", "find", show=False),
    Binding("escape", "everything", show=False),
    # Before the sort by pid, which is what N does on a live host.
    Binding("n", "finding(True)", show=False),
    Binding("N", "finding(False)", show=False),
    *(Binding(key, f"change('{key}')", show=False) for key in "PMTNRHci"),
    Binding("less_than_sign", "change('<')", show=False),
    Binding("greater_than_sign", "change('>')", show=False),
    Binding("t", "tree", show=False),
    Binding("k,r", "unchanged", show=False),
    Binding("space", "space", show=False),
    Binding("plus,equals_sign", "pace(1)", show=False),
    Binding("minus", "pace(-1)", show=False),
    Binding("left", "step(-1)", show=False, priority=True),
    Binding("right", "step(1)", show=False, priority=True),
    Binding("pageup", "travel(-60)", show=False, priority=True),
    Binding("pagedown", "travel(60)", show=False, priority=True),
    Binding("left_square_bracket", "travel(-3600)", show=False),
    Binding("right_square_bracket", "travel(3600)", show=False),
    Binding("g", "moment", show=False),
    Binding("q,ctrl+c", "quit", show=False),
]
OF_A_RECORDING = frozenset(("step", "travel", "finding", "moment"))
"""Actions that only time travel has."""
