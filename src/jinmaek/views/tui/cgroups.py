"""Cgroups as a tree: memory and its limit, CPU and its quota, and how long each waited."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.diagnosis.evaluate import Missing, Vector
from jinmaek.diagnosis.expr import Expr, now, rate
from jinmaek.i18n import tr
from jinmaek.views.fit import cut, pad
from jinmaek.views.procps import MISSING
from jinmaek.views.tui.line import Line, line, wrapped
from jinmaek.views.tui.source import Told
from jinmaek.views.units import amount

EXPRS: dict[str, Expr] = {
    "memory": now("cgroup_memory.current"),
    "limit": now("cgroup_memory.max"),
    "CPU": rate("cgroup_cpu.usage"),
    "quota": now("cgroup_cpu.quota"),
    "held back": rate("cgroup_cpu.throttled"),
    "waits CPU": rate("cgroup_pressure.some_total", ("resource", "=", "cpu")),
    "mem wait": rate("cgroup_pressure.some_total", ("resource", "=", "memory")),
    "I/O wait": rate("cgroup_pressure.some_total", ("resource", "=", "io")),
    "tasks": now("cgroup_pids.current"),
}
"""By head of the column."""
UNITS = {"memory": "bytes", "limit": "bytes", "quota": "count", "tasks": "count"}
WORDS = {
    "memory": "cgroup_memory.current", "limit": "cgroup_memory.max", "CPU": "cgroup_cpu.usage",
    "quota": "cgroup_cpu.quota", "held back": "cgroup_cpu.throttled",
    "waits CPU": "cgroup_pressure.some_total", "mem wait": "cgroup_pressure.some_total",
    "I/O wait": "cgroup_pressure.some_total", "tasks": "cgroup_pids.current",
}  # fmt: skip
"""What explains a column."""
CEILINGS = ("limit", "quota")
WIDE = 11
ORDER = ("memory", "limit", "CPU", "held back", "mem wait", "quota", "waits CPU", "I/O wait", "tasks")
"""Columns from the left; the last are left out first."""
LEAST = 24
"""Cells of a name."""
HOT = 0.1
"""A share of the time waited that is coloured: to look at, no judgement."""


def lines(told: Told, lang: str, width: int) -> Iterator[Line]:
    """The tree; where a controller is not there its columns are empty, and it is said why."""
    names = sorted(
        {label for found in told.values() if not isinstance(found, Missing) for label in map(_name, found)}
    )
    if not names:
        gaps = dict.fromkeys(found.gap for found in told.values() if isinstance(found, Missing))
        said = "; ".join(f"{gap.source} {tr(lang, gap.kind)} {gap.detail}".strip() for gap in gaps)
        yield from wrapped(said or tr(lang, "a rate needs two readings"), width, "warn")
        return
    count = min(len(ORDER), max(2, (width - LEAST) // WIDE))
    shown = ORDER[:count]
    name = width - WIDE * count
    heads = "".join(pad(cut(tr(lang, one), WIDE - 1), WIDE) for one in shown)
    yield line((pad(tr(lang, "cgroup"), -name), "head"), (heads, "head"))
    by = {one: _by_name(told.get(one)) for one in ORDER}
    for cgroup in names:
        yield _line(cgroup, told, by, shown, name, lang)
    yield line()
    missing = {one: found.gap for one, found in told.items() if isinstance(found, Missing)}
    for one, gap in missing.items():
        text = f"{tr(lang, one)}: {gap.source} {tr(lang, gap.kind)} {gap.detail}".strip()
        yield from wrapped(text, width, "dim", about=WORDS[one])


def _line(
    cgroup: str, told: Told, by: dict[str, dict[str, float]], shown: tuple[str, ...], name: int, lang: str
) -> Line:
    depth = 0 if cgroup == "/" else cgroup.count("/")
    own = cgroup if cgroup == "/" else cgroup.rpartition("/")[2]
    pieces: list[str | tuple[str, str]] = []
    for one in shown:
        value = by[one].get(cgroup)
        if value is None:
            unlimited = one in CEILINGS and not isinstance(told.get(one), Missing)
            pieces.append((pad(tr(lang, "none") if unlimited else MISSING, WIDE), "dim"))
            continue
        unit = UNITS.get(one, "ratio")
        hot = unit == "ratio" and one != "CPU" and value >= HOT
        pieces.append((pad(amount(value, unit), WIDE), "warn" if hot else "" if value else "dim"))
    title = pad(cut("  " * depth + own, name - 1), -name)
    return line((title, "bold" if depth < 2 else ""), *pieces, about=_word(shown, by, cgroup), key=cgroup)


def _word(shown: tuple[str, ...], by: dict[str, dict[str, float]], cgroup: str) -> str:
    """What is explained of a cgroup: its first figure."""
    return next((WORDS[one] for one in shown if cgroup in by[one]), "cgroup_memory.current")


def _name(labels: tuple[tuple[str, str], ...]) -> str:
    return dict(labels).get("cgroup", "")


def _by_name(found: Vector | Missing | None) -> dict[str, float]:
    if found is None or isinstance(found, Missing):
        return {}
    return {_name(labels): value for labels, value in found.items()}
