"""The pulse: one screen, worst first, then what looks bad and is not, then what could not be judged."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from jinmaek.i18n import tr
from jinmaek.model import Diagnosis, Gap, Locked, Remembered
from jinmaek.views import cpu_explained
from jinmaek.views.finding import evidence_line, full, history, limit_changed, moment
from jinmaek.views.plain import safe
from jinmaek.views.screen import put
from jinmaek.views.units import amount, span


def show(diagnosis: Diagnosis, lang: str, console: Console | None = None) -> None:
    """Print the pulse, in colour on a terminal."""
    put(pulse(diagnosis, lang), console)


def pulse(diagnosis: Diagnosis, lang: str) -> RenderableType:
    parts: list[RenderableType] = [*_head(diagnosis, lang)]
    for finding in diagnosis.findings:
        parts += ["", *full(finding, lang, diagnosis.recorded)]
    if not any(finding.severity in ("warning", "critical") for finding in diagnosis.findings):
        parts += ["", _nothing_to_do(diagnosis, lang)]
    parts += _scary(diagnosis, lang)
    parts += _unknown(diagnosis, lang)
    parts += _locked(diagnosis, lang)
    parts += _changed(diagnosis, lang)
    parts += ["", Text(_foot(diagnosis, lang), style="dim")]
    return Group(*parts)


def _head(diagnosis: Diagnosis, lang: str) -> Iterator[RenderableType]:
    facts = diagnosis.facts
    first = Text("jinmaek  ", style="bold")
    first.append(safe(diagnosis.host), style="bold cyan")
    first.append(f"  Linux {safe(diagnosis.kernel)}", style="dim")
    if "uptime.uptime" in facts:
        up = tr(lang, "up {time}").format(time=span(facts["uptime.uptime"], lang))
        first.append(f"  {up}", style="dim")
    watched = (
        _recorded(diagnosis.recorded, lang)
        if diagnosis.recorded
        else tr(lang, "watched for {time}").format(time=span(diagnosis.window_s, lang))
        if diagnosis.window_s
        else tr(lang, "one reading of {source}").format(source=safe(diagnosis.source))
    )
    first.append(f"  {watched}", style="dim")
    if diagnosis.source.startswith(("http://", "https://")):
        text = tr(lang, "up to {time}, from {source}")
        told = text.format(time=moment(diagnosis.time), source=safe(diagnosis.source))
        first.append(f"  {told}", style="dim")
    yield first
    words: list[str] = []
    if "loadavg.load1" in facts and "cpus" in facts:
        loads = " ".join(f"{facts[f'loadavg.load{n}']:.2f}" for n in (1, 5, 15))
        words.append(tr(lang, "load {loads} on {cpus:.0f} CPUs").format(loads=loads, cpus=facts["cpus"]))
    if "meminfo.MemAvailable" in facts and "meminfo.MemTotal" in facts:
        words.append(
            tr(lang, "memory {available} of {total} available").format(
                available=amount(facts["meminfo.MemAvailable"], "bytes"),
                total=amount(facts["meminfo.MemTotal"], "bytes"),
            )
        )
    if "meminfo.SwapTotal" in facts and "meminfo.SwapFree" in facts:
        total = facts["meminfo.SwapTotal"]
        used = amount(total - facts["meminfo.SwapFree"], "bytes")
        words.append(
            tr(lang, "swap {used} of {total} used").format(used=used, total=amount(total, "bytes"))
            if total
            else tr(lang, "no swap")
        )
    yield Text("  ·  ".join(words))
    if diagnosis.vitals:
        yield Text(
            "  ·  ".join(
                f"{tr(lang, item.column)} {amount(item.value, item.unit)}" for item in diagnosis.vitals
            )
        )

    told = history(diagnosis.remembered, diagnosis.time, lang)
    if told:
        yield Text(told, style="dim")


def _recorded(recorded: tuple[float, float], lang: str) -> str:
    """Which part of a recording was judged."""
    since, until = recorded
    if since == until:
        return tr(lang, "as of {time}").format(time=moment(until))
    return tr(lang, "from {since} to {until}").format(since=moment(since), until=moment(until, since))


def _nothing_to_do(diagnosis: Diagnosis, lang: str) -> RenderableType:
    judged = len({v.rule for v in diagnosis.quiet} | {v.rule for v in diagnosis.findings})
    text = tr(lang, "Nothing to do: {count} rules judged, none of them at warning or above.")
    if not judged:
        return Text(tr(lang, "Nothing could be judged: no rule found what it needs."), style="bold yellow")
    return Text(text.format(count=judged), style="bold green")


def _scary(diagnosis: Diagnosis, lang: str) -> list[RenderableType]:
    shown = [quiet for quiet in diagnosis.quiet if quiet.reason]
    if not shown:
        return []
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="green", no_wrap=True)
    grid.add_column()
    for quiet in shown:
        grid.add_row(quiet.rule, Text(safe(quiet.reason or "")))
        for item in quiet.evidence:
            grid.add_row("", Text(safe(evidence_line(item, lang)), style="dim"))
    return ["", Line(tr(lang, "looks bad, is fine"), align="left", style="green"), grid]


def _unknown(diagnosis: Diagnosis, lang: str) -> list[RenderableType]:
    if not diagnosis.unknown:
        return []
    lines: list[RenderableType] = ["", Line(tr(lang, "could not be judged"), align="left", style="yellow")]
    for why, rules in reasons(diagnosis, lang).items():
        line = Text(safe(why), style="yellow")
        line.append(f": {', '.join(rules)}", style="default")
        lines.append(line)
    return lines


def reasons(diagnosis: Diagnosis, lang: str) -> dict[str, list[str]]:
    """The rules that could not be judged, by the reason."""
    groups: dict[str, list[str]] = {}
    for unknown in diagnosis.unknown:
        why = reason(
            unknown.gap,
            lang,
            single=not diagnosis.window_s,
            recorded=diagnosis.recorded is not None or isinstance(diagnosis.remembered, Remembered),
        )
        groups.setdefault(why, []).append(unknown.rule)
    return groups


def reason(gap: Gap, lang: str, *, single: bool, recorded: bool) -> str:
    """Why a rule is unknown; ``single`` of one reading, ``recorded`` of a recording."""
    if gap.kind == "too short" and gap.needed is not None and recorded:
        return tr(lang, "a trend needs {time} of recording before it").format(time=_option(gap.needed))
    if gap.kind == "too short" and gap.needed is not None and not single:
        return tr(lang, "a trend needs a longer look: jinmaek diagnose --for {time}").format(
            time=_option(gap.needed)
        )
    if gap.kind == "too short":
        return tr(lang, "one reading is not enough for a rate")
    detail = f" ({gap.detail})" if gap.detail else ""
    return f"{gap.source} {tr(lang, gap.kind)}{detail}"


def _option(seconds: float) -> str:
    """A length of time as ``--for`` takes it, rounded up: ``90s``, ``30m``."""
    whole = math.ceil(seconds)
    return f"{whole // 60}m" if whole % 60 == 0 else f"{whole}s"


def held(one: Locked, lang: str) -> str:
    """That nobody can look into a process for now."""
    text = tr(
        lang,
        "lock held: {name} [{pid}] ({detail}): its page faults, ps, smaps and whatever reads its memory wait",
    )
    return text.format(name=safe(one.name), pid=one.pid, detail=one.gap.detail)


def _locked(diagnosis: Diagnosis, lang: str) -> list[RenderableType]:
    """Processes that could not be looked into, and what else waits for the same lock."""
    return [Text(held(one, lang), style="yellow") for one in diagnosis.locked]


def _changed(diagnosis: Diagnosis, lang: str) -> list[RenderableType]:
    """What a user set otherwise than the rules have it."""
    return [Text(limit_changed(one, lang), style="yellow") for one in diagnosis.changed]


def _foot(diagnosis: Diagnosis, lang: str) -> str:
    said = [
        tr(lang, "this look cost {cpu:.2f} s of CPU in {wall:.1f} s").format(
            cpu=diagnosis.cpu_s, wall=diagnosis.wall_s
        )
    ]
    if diagnosis.tasks is not None:
        text = tr(lang, "tasks read by {way}: {cpu:.2f} s")
        said.append(text.format(way=diagnosis.tasks.way, cpu=diagnosis.tasks.cpu_s))
        if diagnosis.tasks.refused is not None:
            said.append(
                tr(lang, "the task iterator is not used: {why}").format(
                    why=safe(diagnosis.tasks.refused.detail)
                )
            )
    said.append(cpu_explained.words(diagnosis.explained, lang))
    return "; ".join(filter(None, said))
