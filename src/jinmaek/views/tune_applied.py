"""What ``jinmaek tune --apply`` and ``--measure`` did: old, new, before, after, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jinmaek.advice.knob import Knob
from jinmaek.advice.measure import Direction, Measured, Verdict
from jinmaek.advice.setting import Applied
from jinmaek.advice.tuning import find
from jinmaek.i18n import tr
from jinmaek.views.plain import safe
from jinmaek.views.tune import labelled
from jinmaek.views.tune_words import full, lasting, our_setting, setting, text, worth
from jinmaek.views.units import amount

MISSING = "-"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both windows, or one where nothing was applied."""

    span_s: float
    quantities: tuple[Measured, ...]
    predicted: Direction | None
    seen: Verdict | None
    reverted: bool


def applied(
    knob: Knob, done: Applied, cgroup: str | None, *, force_back: bool, reverted: bool = False, lang: str
) -> RenderableType:
    """Old and new, what moved along, how to take it back and how to keep it."""
    change = done.change
    if change.old == change.new:
        same = tr(lang, "{name} was {value} already: nothing was written.")
        return Text(same.format(name=_name(knob, cgroup), value=worth(knob, change.old)))
    first = Text(
        f"{_name(knob, cgroup)}: {worth(knob, change.old)} → {worth(knob, change.new)}", style="bold"
    )
    first.append(f"  {tr(lang, 'written and read back')}", style="green")
    rows = [(tr(lang, "along"), [f"{one.name}: {one.old} → {one.new}" for one in done.coupled])]
    if reverted:
        first.append(f", {tr(lang, 'measured and taken back')}", style="green")
        rows.append((tr(lang, "set"), [our_setting(knob.name, change.new, cgroup=cgroup)]))
        return Group(first, labelled(rows))
    rows.append((tr(lang, "revert"), list(back(knob, done, cgroup, force=force_back))))
    if cgroup is None:
        line, file = lasting(knob, change.new)
        keep = tr(lang, "line '{line}' in {file} (this command writes no file)").format(line=line, file=file)
        rows.append((tr(lang, "persist"), [keep]))
    return Group(first, labelled(rows))


def back(knob: Knob, done: Applied, cgroup: str | None, *, force: bool) -> Sequence[str]:
    """The commands that take it back, ours first."""
    ours = [our_setting(name, value, cgroup=cgroup, force=force) for name, _, value in done.undo]
    if cgroup is not None:
        return [*ours, *(f"echo {value} > {quote(f'/{path}')}" for _, path, value in done.undo)]
    theirs = [setting(other, value) for name, _, value in done.undo if (other := find(name)) is not None]
    # What the kernel moved along and the first write may not bring back.
    partner = {knob.partner, *(name for name, _, _ in done.undo)}
    moved = [
        (other, one.old) for one in done.coupled if (other := find(one.name)) and one.name not in partner
    ]
    return [*ours, *theirs, *(setting(other, value) for other, value in moved)]


def _name(knob: Knob, cgroup: str | None) -> str:
    return full(knob) if cgroup is None or knob.per_cgroup is None else f"/{safe(cgroup)}/{knob.per_cgroup}"


def compared(found: Comparison, lang: str) -> RenderableType:
    """Both windows side by side, and whether the prediction came true."""
    both = found.seen is not None
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    for _ in range(3 if both else 1):
        grid.add_column(justify="right", no_wrap=True)
    heads = [tr(lang, "before"), tr(lang, "after"), tr(lang, "ratio")] if both else [tr(lang, "in this look")]
    grid.add_row("", *(Text(head, style="dim") for head in heads))
    for one in found.quantities:
        cells = [_amount(one.before, one.unit)]
        if both:
            cells += [_amount(one.after, one.unit), MISSING if one.ratio is None else f"{one.ratio:.2f}"]
        grid.add_row(Text(text(one.quantity.name, lang)), *cells)
    parts: list[RenderableType] = [Padding(grid, (0, 0, 0, 2))]
    if found.predicted is not None and found.seen is not None:
        parts.append(_verdict(found.quantities[0], found.predicted, found.seen, lang))
    return Group(*parts)


def _amount(value: float | None, unit: str) -> str:
    return MISSING if value is None else amount(value, unit)


def _verdict(first: Measured, predicted: Direction, seen: Verdict, lang: str) -> RenderableType:
    what = {
        "up": tr(lang, "predicted: {quantity} goes up"),
        "down": tr(lang, "predicted: {quantity} goes down"),
        "none": tr(lang, "predicted: {quantity} stays"),
    }[predicted].format(quantity=text(first.quantity.name, lang))
    came = {
        "as predicted": tr(lang, "seen: as predicted"),
        "not as predicted": tr(lang, "seen: not as predicted"),
        "too little happened to tell": tr(lang, "seen: too little happened to tell"),
        "could not be read": tr(lang, "seen: it could not be read"),
    }[seen]
    style = {"as predicted": "green", "not as predicted": "yellow"}.get(seen, "dim")
    line = Text(f"{what}; ")
    line.append(came, style=style)
    return line
