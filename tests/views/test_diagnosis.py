"""The screen of a pulse: worst first, harmless to the terminal, the same facts in both languages."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from rich.console import Console

from jinmaek.model import (
    Culprit,
    Diagnosis,
    Evidence,
    Finding,
    Gap,
    Indicators,
    Quiet,
    Unknown,
)
from jinmaek.views.diagnosis import show
from jinmaek.views.diagnosis_json import render

EVIDENCE = Evidence("vmstat.pswpin", (), 812.0, "pages/s", 10.0, "/proc/vmstat")
FINDING = Finding(
    rule="swap.active",
    title="Programs work in swap",
    severity="warning",
    subject=(),
    since=1000.0,
    until=1005.0,
    confidence="medium",
    summary="Pages come back.",
    evidence=(EVIDENCE,),
    indicators=Indicators(("threads wait",), (), ("refaults",)),
    culprits=(Culprit("process", "evil\x1b[2J\n", "812 faults", 0.97, 4242, 12.5, "/a.slice"),),
    helps=("look closer",),
    does_not_help=("more swap alone",),
)
WHOLE = Diagnosis(
    host="web\x07-7",
    kernel="6.18",
    boot_id="b",
    time=1005.0,
    window_s=5.0,
    source="live",
    findings=(FINDING,),
    quiet=(Quiet("cpu.saturated"), Quiet("swap.stale", "nobody reads it back", (EVIDENCE,))),
    unknown=(
        Unknown("memory.thrashing", "pressure_memory.full_total", Gap("disabled", "proc/pressure/memory")),
        Unknown("memory.low", "pressure_memory.some_total", Gap("disabled", "proc/pressure/memory")),
    ),
    facts={"loadavg.load1": 4.0, "loadavg.load5": 2.0, "loadavg.load15": 1.0, "cpus": 2.0},
)
CALM = Diagnosis(
    host="web-7",
    kernel="6.18",
    boot_id="b",
    time=1005.0,
    window_s=5.0,
    source="live",
    findings=(),
    quiet=(Quiet("cpu.saturated"),),
    unknown=(),
)


def shown(diagnosis: Diagnosis, lang: str = "en", width: int = 100, *, colour: bool = False) -> str:
    out = io.StringIO()
    show(diagnosis, lang, Console(file=out, width=width, force_terminal=colour, highlight=False))
    return out.getvalue()


def test_what_a_reader_needs_is_there() -> None:
    text = shown(WHOLE)
    for part in (
        "web?-7",
        "load 4.00 2.00 1.00 on 2 CPUs",
        "WARNING",
        "swap.active",
        "vmstat.pswpin = 812 pages/s  (limit 10 pages/s)",
        "threads wait",
        "refaults",
        "97%  evil?[2J? [4242]  812 faults",
        "look closer",
        "more swap alone",
        "nobody reads it back",
        "proc/pressure/memory disabled: memory.thrashing, memory.low",
    ):
        assert part in text, part
    assert "cpu.saturated" not in text, "quiet without a reason is not shown"
    assert "Nothing to do" not in text


def test_nothing_of_a_name_reaches_the_terminal() -> None:
    text = shown(WHOLE, colour=True)
    assert "\x1b[2J" not in text
    assert "\x07" not in text
    assert "\x1b[2J" not in json.loads(render(WHOLE))["findings"][0]["title"]


def test_calm_says_so() -> None:
    assert "Nothing to do: 1 rules judged" in shown(CALM)


def test_a_look_too_short_for_a_trend_says_how_long_would_do() -> None:
    gaps = {
        "memory.leak": Gap("too short", "meminfo.AnonPages", "…", 1800.0),
        "memory.burst": Gap("too short", "meminfo.Shmem", "…", 1800.0),
        "memory.other": Gap("too short", "meminfo.Shmem", "…", 90.5),
        "swap.active": Gap("too short", "vmstat.pswpin", "one reading in the window"),
    }
    unknown = tuple(Unknown(rule, gap.source, gap) for rule, gap in gaps.items())
    text = shown(replace(CALM, unknown=unknown))
    assert "jinmaek diagnose --for 30m: memory.leak, memory.burst\n" in text
    assert "--for 91s: memory.other" in text
    assert "one reading is not enough for a rate: swap.active" in text
    tree = shown(replace(CALM, unknown=unknown, window_s=0.0, source="captured"))
    assert "--for" not in tree, "of one reading nobody can watch longer"
    assert "one reading is not enough for a rate: memory.leak, memory.burst, " in tree
    told = json.loads(render(replace(CALM, unknown=unknown)))["unknown"]
    assert [one["needed_s"] for one in told] == [1800.0, 1800.0, 90.5, None]


def test_narrow_screens_lose_nothing() -> None:
    text = shown(WHOLE, width=40)
    assert all(len(line) <= 40 for line in text.splitlines())
    assert "[4242]" in text


def test_both_languages_show_the_same_numbers() -> None:
    korean = shown(WHOLE, "ko")
    assert "경고" in korean
    assert "812 pages/s" in korean
    assert "[4242]" in korean
    assert "WARNING" not in korean
