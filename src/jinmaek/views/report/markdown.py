"""A report as Markdown for a ticket. Names are in code spans or escaped: they make no markup or mention."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinmaek.i18n import tr
from jinmaek.model import Finding
from jinmaek.views.diagnosis import reasons
from jinmaek.views.finding import culprit_line, evidence_line, limit_changed, moment
from jinmaek.views.plain import safe
from jinmaek.views.report.document import Report, first_culprit
from jinmaek.views.units import amount, span

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!~])")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "@": "&#64;"}
MOST = 10
"""Processes of a table."""
SMALL = 0.005
"""Of MemTotal: smaller buckets are one line together."""


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    kept = SPECIAL.sub(r"\\\1", safe(text))
    return "".join(ENTITIES.get(c, c) for c in kept)


def code(text: str) -> str:
    """A code span, also in a table."""
    return "`" + safe(text).replace("`", "'").replace("|", "\\|") + "`"


def render(report: Report) -> str:
    """The whole text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    data, lang = report.data, report.lang
    yield f"# {plain(data['host'])}: {tr(lang, 'Incident report')}"
    yield ""
    told = tr(lang, "from {since} to {until}, {time}").format(
        since=moment(data["since"]),
        until=moment(data["until"], data["since"]),
        time=span(data["until"] - data["since"], lang),
    )
    yield f"Linux {plain(data['kernel'])} · {told} · {plain(str(data['zone']))}"
    yield ""
    yield from _summary(report)
    for finding in report.findings:
        yield from _finding(finding, lang)
    at = shown_moment(report)
    if at is not None:
        yield from _memory(report, at)
        yield from _load(report, at)
        yield from _processes(report, at)
    yield from _charts(data["charts"], lang)
    yield from _rest(report)
    yield ""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(data["made"]))
    source = (
        tr(lang, "this host, watched while made") if data["source"] == "live" else tr(lang, "a recording")
    )
    text = tr(lang, "Made by jinmaek {version} on {made}, from {source}.")
    yield text.format(version=data["jinmaek"], made=made, source=source)


def _summary(report: Report) -> Iterator[str]:
    lang = report.lang
    if not report.findings:
        judged = len({one.rule for one in report.diagnosis.quiet})
        text = tr(lang, "Nothing to do: {count} rules judged, none of them at warning or above.")
        nothing = tr(lang, "Nothing could be judged: no rule found what it needs.")
        yield f"**{text.format(count=judged) if judged else nothing}**"
        return
    yield from _table(
        ("", tr(lang, "findings"), tr(lang, "who"), tr(lang, "from"), tr(lang, "to")),
        [
            (
                tr(lang, one.severity.upper()),
                plain(one.title),
                code(who) if (who := first_culprit(one)) else "",
                moment(one.since, report.data["since"]),
                moment(one.until, report.data["since"]),
            )
            for one in report.findings
        ],
    )


def _finding(finding: Finding, lang: str) -> Iterator[str]:
    yield ""
    yield f"## {tr(lang, finding.severity.upper())}: {plain(finding.title)}"
    yield ""
    lasting = tr(lang, "from {since} to {until}, {time}").format(
        since=moment(finding.since),
        until=moment(finding.until, finding.since),
        time=span(finding.until - finding.since, lang),
    )
    yield f"{lasting} · {code(finding.rule)} · {tr(lang, f'{finding.confidence} confidence')}"
    yield ""
    yield plain(finding.summary)
    parts: tuple[tuple[str, Sequence[str]], ...] = (
        (tr(lang, "evidence"), [code(evidence_line(item, lang)) for item in finding.evidence]),
        (tr(lang, "agrees"), [plain(one) for one in finding.indicators.agree]),
        (tr(lang, "who"), [code(culprit_line(one).strip()) for one in finding.culprits]),
        (tr(lang, "helps"), [plain(one) for one in finding.helps]),
        (tr(lang, "does not"), [plain(one) for one in finding.does_not_help]),
    )
    for title, lines in parts:
        if lines:
            yield ""
            yield f"**{title}**"
            yield ""
            yield from (f"- {line}" for line in lines)


def shown_moment(report: Report) -> int | None:
    """The moment whose processes are told: inside the worst finding, or the last."""
    times: Sequence[float] = report.data["moments"]["times"]
    if not times:
        return None
    if not report.findings:
        return len(times) - 1
    worst = report.findings[0]
    wanted = min(worst.until, worst.since + report.data["moments"]["step_s"])
    return next((at for at, time in enumerate(times) if time >= wanted - 0.5), len(times) - 1)


def _at(report: Report, at: int, title: str) -> str:
    return f"## {title}, {moment(report.data['moments']['times'][at])}"


def _memory(report: Report, at: int) -> Iterator[str]:
    memory, lang = report.data["moments"]["memory"], report.lang
    told = memory["moments"][at]
    if told is None:
        return
    sizes = [
        (bucket["title"], size)
        for bucket, size in zip(memory["buckets"], told["bytes"], strict=True)
        if size is not None
    ]
    sizes.append((tr(lang, "residual: in no line of /proc/meminfo"), told["residual"]))
    large = sorted((one for one in sizes if abs(one[1]) >= SMALL * told["total"]), key=lambda one: -one[1])
    rest = told["total"] - sum(size for _, size in large)
    if rest:
        large.append((tr(lang, "all the rest"), rest))
    yield ""
    yield _at(report, at, tr(lang, "Memory"))
    yield ""
    yield from _table(
        (tr(lang, "bucket"), tr(lang, "bytes"), tr(lang, "share")),
        [
            (plain(title), amount(size, "bytes"), amount(size / told["total"], "ratio"))
            for title, size in [*large, ("MemTotal", told["total"])]
        ],
        "l r r",
    )


def _load(report: Report, at: int) -> Iterator[str]:
    told, lang = report.data["moments"]["load"][at], report.lang
    if told is None:
        return
    yield ""
    yield _at(report, at, tr(lang, "Load"))
    yield ""
    yield plain(told["sentence"])
    if told["parts"]:
        yield ""
        yield from _table(
            (tr(lang, "kind"), tr(lang, "threads"), tr(lang, "who")),
            [
                (
                    plain(part["title"]),
                    f"{part['threads']:.2f}",
                    ", ".join(code(f"{who['name']} [{who['pid']}]") for who in part["who"][:3]),
                )
                for part in told["parts"]
            ],
            "l r l",
        )


def _processes(report: Report, at: int) -> Iterator[str]:
    tasks, lang = report.data["moments"]["tasks"], report.lang
    told = tasks["moments"][at]
    if told is None:
        return
    rows = [
        {**dict(zip(tasks["columns"], row, strict=True)), **tasks["processes"][row[0]]}
        for row in told["rows"]
    ]
    yield ""
    yield _at(report, at, tr(lang, "Processes"))
    yield ""
    yield from _table(
        (
            tr(lang, "process"), tr(lang, "state"), tr(lang, "CPUs"), tr(lang, "resident memory"),
            tr(lang, "in swap"), tr(lang, "read"), tr(lang, "written"),
        ),
        [
            (
                code(f"{row['name']} [{row['pid']}]"),
                row["state"],
                _amount(row["cpu"], "count"),
                _amount(row["resident"], "bytes"),
                _amount(row["swap"], "bytes"),
                _amount(row["read"], "bytes/s"),
                _amount(row["write"], "bytes/s"),
            )
            for row in rows[:MOST]
        ],
        "l l r r r r r",
    )  # fmt: skip
    yield ""
    yield tr(lang, "{count} more").format(count=told["all"] - len(rows[:MOST]))


def _amount(value: float | None, unit: str) -> str:
    return "-" if value is None else amount(value, unit)


def _charts(charts: Mapping[str, Any], lang: str) -> Iterator[str]:
    """The lowest, the mean and the highest of each line."""
    rows = []
    for chart in charts["shown"]:
        for line in chart["lines"]:
            known = [value for value in line["values"] if value is not None]
            name = chart["title"] if not line["name"] else f"{chart['title']}: {line['name']}"
            figures = (min(known), sum(known) / len(known), max(known))
            rows.append((plain(name), *(amount(value, chart["unit"]) for value in figures)))
    if rows:
        yield ""
        yield f"## {tr(lang, 'Charts')}"
        yield ""
        yield from _table(("", tr(lang, "lowest"), tr(lang, "mean"), tr(lang, "highest")), rows, "l r r r")


def _rest(report: Report) -> Iterator[str]:
    data, lang, diagnosis = report.data, report.lang, report.diagnosis
    scary = [one for one in diagnosis.quiet if one.reason]
    parts: tuple[tuple[str, list[str]], ...] = (
        (tr(lang, "looks bad, is fine"), [f"{code(one.rule)} {plain(one.reason or '')}" for one in scary]),
        (
            tr(lang, "could not be judged"),
            [
                f"{plain(reason)}: {', '.join(code(rule) for rule in rules)}"
                for reason, rules in reasons(diagnosis, lang).items()
            ],
        ),
        (
            tr(lang, "gaps in the record"),
            [
                f"{moment(one['since'])} – {moment(one['until'], one['since'])} {plain(one['why'])}"
                for one in data["gaps"]
            ],
        ),
        (
            tr(lang, "damaged in the recording"),
            [f"{code(one['file'])} {plain(one['what'])}" for one in data["damage"]],
        ),
        (tr(lang, "limit changed"), [plain(limit_changed(one, lang)) for one in diagnosis.changed]),
    )
    for title, lines in parts:
        if lines:
            yield ""
            yield f"## {title}"
            yield ""
            yield from (f"- {line}" for line in lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], align: str = "") -> Iterator[str]:
    sides = align.split() or ["l"] * len(heads)
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "|".join("---:" if side == "r" else "---" for side in sides) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
