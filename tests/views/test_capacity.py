"""What ``capacity`` prints of made looks: text in both languages, and JSON as its schema says."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console
from tests.advice.made import GIB, MIB, asked, cgroup, process, rising, watched

from jinmaek.accounts.heap.regions import Region, Sizes
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.said import say
from jinmaek.accounts.heap.tools import Next
from jinmaek.advice.capacity.answer import Answer, Focus
from jinmaek.advice.capacity.mapped import Mapped
from jinmaek.advice.capacity.series import Watched
from jinmaek.model import Gap, TasksRead
from jinmaek.views.capacity import show
from jinmaek.views.capacity_json import document, render

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "capacity.schema.json").read_text())
COST = (0.25, 60.1)


def text(answer: Answer, lang: str = "en", width: int = 110) -> str:
    out = io.StringIO()
    show(answer, lang, COST, Console(file=out, width=width, highlight=False, markup=False, emoji=False))
    return out.getvalue()


def leaky(**more: Any) -> Watched:
    life = process(4242, lambda s: GIB + 2 * MIB * s, name="web", cgroup="/web")
    region = Region("heap", "", 0, 1, (), Sizes(), Sizes())
    told = Mapped(
        region,
        0.92,
        Runtime("cpython", "3.11", ()),
        (Next("memray attach 4242", say("{name}", name="x")),),
    )
    return watched(
        life,
        available=lambda s: 12 * GIB - 2 * MIB * s,
        cgroups=[cgroup("/web", lambda s: GIB + 2 * MIB * s, limit=2 * GIB)],
        mapped={life.identity: told},
        tasks=TasksRead("procfs", 0.1),
        **more,
    )


def test_the_answer_comes_first_and_the_rest_in_order() -> None:
    page = text(asked(leaky(), None, 4 * GIB))
    assert page.startswith(
        " NO  More RAM would not help: web [4242] grows by 2.0 MiB/s and does not give it back, a leak if it "
    )
    parts = [
        "the tightest limit",
        "full in 7 min 32 s",
        "+4.0 GiB: full in",
        "who grows",
        "why",
        "peak demand",
    ]
    places = [page.index(part) for part in (*parts, "what would change the answer", "this look cost 0.25 s")]
    assert places == sorted(places)
    assert "cgroup /web (memory.max)" in page
    assert "92% of its growth in [heap]" in page
    assert "memray attach 4242" in page
    assert "growth below 1.0 MiB a minute does not show in it" in page
    assert all(not line.endswith(" ") for line in page.splitlines())


def test_a_limit_that_is_reached_next_is_named() -> None:
    page = text(asked(leaky(), None, 400 * GIB))
    assert "then at this host (RAM)" in page


def test_korean_says_the_same() -> None:
    page = text(asked(leaky()), "ko")
    assert page.startswith(" 아니요  메모리를 늘려도 도움이 되지 않습니다: web [4242]")
    for word in ("가장 빠듯한 한도", "누가 늘어나는가", "누수", "증가의 92%: [heap]", "근거", "최대 수요"):
        assert word in page
    english = ("limit", "grows", "look", "swap as", "since")
    assert not [word for word in english if f" {word} " in page]


def test_names_from_outside_are_made_harmless() -> None:
    w = watched(process(7, lambda s: GIB + 2 * MIB * s, name="\x1b[2Jevil", cgroup="/a\x1b]0;x\x07"))
    page = text(asked(w))
    assert "\x1b" not in page
    assert "?[2Jevil" in page
    assert json.loads(render(asked(w), "en", COST))["growers"][0]["name"] == "\x1b[2Jevil"


def test_nothing_moved() -> None:
    page = text(asked(watched()))
    assert "nobody moved by 1.0 MiB or more" in page
    assert "nothing was seen to grow towards it" in page


def burst(second: float) -> float:
    return 100 * MIB + (2 * GIB if 20 <= second < 30 else 0)


@pytest.mark.parametrize(
    ("swap", "words"),
    [
        ((4 * GIB, 3 * GIB), "swap as a cushion is enough, 3.0 GiB are free"),
        ((0, 0), "2.0 GiB of swap would be a cushion, none is free"),
        ((4 * GIB, GIB), "1.0 GiB of free swap are no cushion for it"),
    ],
)
def test_swap_as_a_cushion(swap: tuple[int, int], words: str) -> None:
    vmstat = {"pgscan_direct": rising(1000), "pswpout": rising(100)}
    assert words in text(asked(watched(process(7, burst, name="job"), vmstat=vmstat, swap=swap)))


def test_a_burst_that_fitted() -> None:
    page = text(asked(watched(process(7, burst, name="job"))))
    assert "the burst of job (2.0 GiB for 9.0 s) fitted" in page


def test_what_is_not_known_is_a_question_mark_never_zero() -> None:
    gaps = {"vmstat": Gap("denied", "proc/vmstat")}
    page = text(asked(watched(waits=None, gaps=gaps)))
    assert "proc/vmstat: denied" in page
    line = next(line for line in page.splitlines() if "threads wait for memory" in line)
    assert "disabled" in line
    assert " 0" not in line


ANSWERS = {
    "leak": lambda: asked(leaky(), None, 4 * GIB),
    "calm": lambda: asked(watched(process(7, GIB))),
    "nothing": lambda: asked(watched()),
    "burst": lambda: asked(watched(process(7, burst), swap=(4 * GIB, 3 * GIB))),
    "cgroup": lambda: asked(
        watched(cgroups=[cgroup("/a", 62 * MIB, limit=64 * MIB, events_max=rising(9))], waits=rising(0.2)),
        Focus(cgroup="/a"),
    ),
    "few": lambda: asked(watched(process(7, GIB, seconds=4), seconds=4)),
    "unread": lambda: asked(watched(waits=None, gaps={"vmstat": Gap("denied", "proc/vmstat")})),
    "process": lambda: asked(leaky(), Focus(pid=4242, cgroup="/web")),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_json_is_as_its_schema_says(name: str, lang: str) -> None:
    told = json.loads(render(ANSWERS[name](), lang, COST))
    jsonschema.validate(told, SCHEMA)
    assert text(ANSWERS[name](), lang)


def test_json_holds_the_contract() -> None:
    told = document(asked(leaky(), None, 4 * GIB), "en", COST)
    assert told["verdict"] == "no"
    assert told["window_s"] == 60
    (grower,) = told["growers"]
    assert (grower["class"], grower["pid"], grower["name"], grower["mapping"]) == (
        "leak",
        4242,
        "web",
        "[heap]",
    )
    assert grower["bytes_per_s"] == pytest.approx(2 * MIB)
    assert (told["limit"]["kind"], told["limit"]["name"], told["limit"]["bytes"]) == (
        "cgroup",
        "/web",
        2 * GIB,
    )
    left = told["limit"]["left_bytes"]
    assert told["eta_s"] == pytest.approx(left / (2 * MIB), rel=1e-3)
    assert [one["add_bytes"] for one in told["with_more"]] == [4 * GIB]
    assert told["with_more"][0]["eta_s"] > told["eta_s"]
    assert told["would_change"]


def test_json_of_what_is_not_known_is_null() -> None:
    told = document(ANSWERS["unread"](), "en", COST)
    assert told["signs"]["activated"]["value"] is None
    assert told["signs"]["activated"]["holds"] is None
    assert told["signs"]["waits"]["gap"]["kind"] == "disabled"
    assert told["eta_s"] is None
    assert told["restart"] is None
