"""``cgroups``: the tree with what each holds, is allowed, did and waited for; below it what the rules say."""

from __future__ import annotations

from jinmaek.accounts.cgroups import STALLS
from jinmaek.i18n import tr
from jinmaek.model import Finding, Quiet, Unknown
from jinmaek.views.fit import cut, pad
from jinmaek.views.gap import said as gap_said
from jinmaek.views.paragraph import wrap
from jinmaek.views.plain import safe
from jinmaek.views.units import amount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jinmaek.accounts.cgroups import Cgroup
    from jinmaek.model import Gap, Verdict

NARROWEST = 24
"""Cells of a name, at least."""
NOTE = 3
"""Cells in front of what is told about a cgroup below its line."""
COLUMNS = {
    "threads": 9,
    "CPUs": 9,
    "held back": 9,
    "memory": 10,
    "own": 10,
    "limit": 11,
    "swap": 10,
    "read/s": 10,
    "written/s": 10,
    "waits": 11,
}
"""Cells by heading."""
LEAVE_OUT = ("own", "written/s", "read/s", "swap", "threads", "held back")
"""What goes first where the screen is narrow."""
ORDERS: dict[str, Callable[[Cgroup], float | None]] = {
    "cpu": lambda one: one.cpu,
    "memory": lambda one: one.memory,
    "own": lambda one: one.own,
    "swap": lambda one: one.swap,
    "io": lambda one: (
        None if one.read is None and one.written is None else (one.read or 0) + (one.written or 0)
    ),
    "throttled": lambda one: one.throttled,
    "waits": lambda one: max((stall.some or 0.0 for stall in one.stalls.values()), default=None),
    "threads": lambda one: one.threads,
}
"""What ``--sort`` may be told, largest first; those of which it is not known last."""


def lines(
    cgroups: Sequence[Cgroup],
    verdicts: Sequence[Verdict],
    gaps: Sequence[Gap],
    lang: str,
    *,
    span: float,
    sort: str | None = None,
    most: int | None = None,
    whole: bool = False,
    width: int = 120,
) -> Iterator[str]:
    """The screen. ``span`` is the seconds of the window, 0 of a single reading."""
    shown = chosen(cgroups, sort, most, whole=whole)
    columns, room = fitting(width)
    heads = " ".join(pad(cut(tr(lang, head), COLUMNS[head]), COLUMNS[head]) for head in columns)
    yield f"{pad(tr(lang, 'cgroup'), -room)} {heads}".rstrip()
    for one in shown:
        name = one.path if sort else "  " * one.depth + one.name
        shortened = _shortened(safe(name), room, keep_end=bool(sort))
        yield f"{pad(shortened, -room)} {_figures(one, columns)}".rstrip()
    hidden = len(cgroups) - len(shown)
    if hidden:
        text = (
            tr(lang, "and {count} more (--all): empty, or behind the first {most}")
            if most
            else tr(lang, "and {count} more (--all) with nobody in them and nothing charged to them")
        )
        yield text.format(count=f"{hidden:,}", most=most)
    yield ""
    yield from _meanings(shown, span, lang, width)
    if len(columns) < len(COLUMNS):
        text = tr(lang, "left out, the screen is too narrow: {list}")
        names = ", ".join(tr(lang, head) for head in COLUMNS if head not in columns)
        yield from wrap(text.format(list=names), width, "", "  ")
    yield from _said(verdicts, lang, width)
    if gaps:
        said = "; ".join(dict.fromkeys(gap_said(gap, lang) for gap in gaps))
        yield from wrap(tr(lang, "not known: {list}").format(list=said), width, "", "  ")


def fitting(width: int) -> tuple[list[str], int]:
    """The columns that leave enough room for names, and that room."""
    columns = list(COLUMNS)
    for head in (None, *LEAVE_OUT):
        if head is not None:
            columns.remove(head)
        room = width - sum(COLUMNS[one] + 1 for one in columns)
        if room >= NARROWEST:
            break
    return columns, max(NARROWEST, room)


def chosen(
    cgroups: Sequence[Cgroup], sort: str | None, most: int | None, *, whole: bool = False
) -> list[Cgroup]:
    """Those that are shown, in order. A cgroup above one that is shown is shown too."""
    found = list(cgroups)
    if not whole:
        needed = {above for one in cgroups if not one.idle for above in _above(one.path)}
        found = [one for one in cgroups if not one.idle or (sort is None and one.path in needed)]
    if sort is not None:
        key = ORDERS[sort]
        found.sort(key=lambda one: (key(one) is None, -(key(one) or 0.0), one.path))
    return found if most is None or whole else found[:most]


def _above(path: str) -> Iterator[str]:
    yield "/"
    while path not in ("", "/"):
        yield path
        path = path.rsplit("/", 1)[0]


def _shortened(text: str, room: int, *, keep_end: bool) -> str:
    """Of a path the end says more than the beginning."""
    if not keep_end or len(text) <= room:
        return cut(text, room)
    return f"+{text[len(text) - room + 1 :]}"


def _figures(one: Cgroup, columns: Sequence[str]) -> str:
    threads = "-" if one.threads is None else f"{one.threads}"
    if one.threads_max is not None:
        threads += f"/{one.threads_max}"
    limit = "-"
    if one.limit is not None:
        limit = _size(one.limit.bytes) + ("" if one.limit.cgroup == one.path else "^")
    values = {
        "threads": threads,
        "CPUs": _cpus(one),
        "held back": "-" if one.throttled is None else f"{one.throttled:.0%}",
        "memory": _size(one.memory),
        "own": _size(one.own),
        "limit": limit,
        "swap": _size(one.swap),
        "read/s": _size(one.read),
        "written/s": _size(one.written),
        "waits": _waits(one),
    }
    return " ".join(pad(values[head], COLUMNS[head]) for head in columns)


def _cpus(one: Cgroup) -> str:
    used = "-" if one.cpu is None else f"{one.cpu:.2f}"
    return used if one.quota is None else f"{used}/{one.quota:.3g}"


def _size(value: float | None) -> str:
    return "-" if value is None else amount(value, "bytes")


def _waits(one: Cgroup) -> str:
    """Percent of the time: memory/io/cpu."""
    if not one.stalls:
        return "-"
    told = (one.stalls.get(resource) for resource in STALLS)
    return "/".join("-" if stall is None or stall.some is None else f"{stall.some:.0%}" for stall in told)


def _meanings(shown: Sequence[Cgroup], span: float, lang: str, width: int) -> Iterator[str]:
    texts = []
    if span:
        texts.append(tr(lang, "over {seconds:.1f} s").format(seconds=span))
    else:
        texts.append(tr(lang, "one reading: what is counted per second is not known"))
    if any(one.limit is not None and one.limit.cgroup != one.path for one in shown):
        texts.append(tr(lang, "^ the limit of a cgroup above it"))
    if any(one.stalls for one in shown):
        texts.append(tr(lang, "waits: time in which some thread waited for memory/io/cpu"))
    elif shown:
        texts.append(tr(lang, "this kernel does not say how long cgroups wait"))
    texts.append(tr(lang, "own: not charged to any cgroup below it"))
    yield from wrap("; ".join(texts), width, "", "  ")


def _said(verdicts: Sequence[Verdict], lang: str, width: int) -> Iterator[str]:
    """What the rules on cgroups say; of what is quiet only where it looks bad."""
    findings = [one for one in verdicts if isinstance(one, Finding)]
    for finding in findings:
        head = f"{tr(lang, finding.severity.upper())} {safe(finding.title)}: {safe(finding.summary)}"
        yield from wrap(head, width, "", " " * NOTE)
        for culprit in finding.culprits[:3]:
            pid = "" if culprit.pid is None else f" [{culprit.pid}]"
            yield from wrap(
                f"{safe(culprit.name)}{pid}  {safe(culprit.why)}", width, " " * NOTE, " " * 2 * NOTE
            )
        for text in finding.helps:
            yield from wrap(f"{tr(lang, 'helps')}: {safe(text)}", width, " " * NOTE, " " * 2 * NOTE)
    for one in verdicts:
        if isinstance(one, Quiet) and one.reason:
            yield from wrap(f"{one.rule}: {safe(one.reason)}", width, "", " " * NOTE)
    unknown = sorted({one.rule for one in verdicts if isinstance(one, Unknown)})
    judged = sorted({one.rule for one in verdicts} - set(unknown))
    if not findings and judged:
        text = tr(lang, "no cgroup is held back or short of memory ({list})")
        yield from wrap(text.format(list=", ".join(judged)), width, "", "  ")
    if unknown:
        yield from wrap(
            tr(lang, "could not be judged: {list}").format(list=", ".join(unknown)), width, "", "  "
        )
