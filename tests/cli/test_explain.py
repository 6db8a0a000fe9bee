"""``jinmaek explain``: pages, choices, lists, errors, JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import CAPTURES

from jinmaek.cli.main import main
from jinmaek.explain.find import subjects
from jinmaek.explain.topics import topics
from jinmaek.explain.views import COLUMNS
from jinmaek.i18n import explained
from jinmaek.rules import rules
from jinmaek.views.explain import WIDTH
from jinmaek.views.fit import cells

TREE = str(CAPTURES / "6.12")
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "explain.schema.json").read_text())
Capture = pytest.CaptureFixture[str]


def said(capsys: Capture, *words: str, status: int = 0) -> str:
    assert main(["explain", *words]) == status
    return capsys.readouterr().out


def test_a_page_tells_meaning_formula_figures_and_source(capsys: Capture) -> None:
    page = said(capsys, "MemAvailable", "--root", TREE, "--lang", "en")
    lines = page.splitlines()
    assert lines[0] == "meminfo.MemAvailable  (free.available, top.avail Mem)"
    assert lines[1] == "  an estimate of what programs can have without swapping (3.14)"
    assert "computed here" in lines
    assert "  The kernel itself says 548.0 MiB: a difference of 0 B." in lines
    assert "file        /proc/meminfo" in lines
    assert "source      mm/show_mem.c si_mem_available()" in lines
    assert "kind        gauge, bytes, since Linux 3.14" in lines
    assert "Prometheus  node_memory_MemAvailable_bytes" in lines
    assert "memory.cache-heavy," in page.partition("\nrules       ")[2]
    assert any(line.split()[:2] == ["node=0", "zone=DMA32"] for line in lines)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_page_fits_the_screen_in_both_languages(lang: str, capsys: Capture) -> None:
    for name in ("meminfo.MemAvailable", "sys_vm.swappiness", "loadavg.load1", "idea.reclaim", "state.D"):
        for line in said(capsys, name, "--root", TREE, "--lang", lang).splitlines():
            assert cells(line) <= WIDTH, line


def test_korean_pages_are_korean(capsys: Capture) -> None:
    page = said(capsys, "SwapCached", "--root", TREE, "--lang", "ko")
    entry = subjects()["meminfo.SwapCached"].entry
    assert entry
    assert explained("ko", entry.text)[:20] in page
    assert entry.text[:20] not in page
    assert "이 호스트" in page


def test_several_things_of_one_name_are_named_exactly(capsys: Capture) -> None:
    page = said(capsys, "si", "--lang", "en")
    assert page.startswith("si is the name of several things:\n")
    assert "  top.si " in page
    assert "  vmstat.si " in page
    assert page.endswith("jinmaek explain NAME tells of one.\n")


def test_a_view_a_table_and_a_topic_list_what_they_have(capsys: Capture) -> None:
    view = said(capsys, "vmstat", "--lang", "en")
    assert "vmstat has these:" in view
    assert all(f"\n  {name} " in view for name in COLUMNS["vmstat"])
    assert "\n  vmstat.pswpin " in view
    assert "\n  zoneinfo.low " in said(capsys, "/proc/zoneinfo", "--lang", "en")
    assert "\n  state.Z " in said(capsys, "states", "--lang", "en")


def test_without_a_word_it_lists_the_topics(capsys: Capture) -> None:
    page = said(capsys, "--lang", "en")
    for name, title, _ in topics():
        assert f"\n  {name}" in page
        assert " ".join(title.split()[:4]) in page
    assert "\n  meminfo " in page
    assert "\n  free " in page


def test_an_unknown_word_is_an_error_with_the_nearest(capsys: Capture) -> None:
    assert main(["explain", "MemAvalable"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "jinmaek: explain MemAvalable: there is no explanation of it; did you mean MemAvailable,"
        " available, free.available, meminfo.MemAvailable?\n"
    )


def test_a_word_like_nothing(capsys: Capture) -> None:
    assert main(["explain", "xyzzyqqq"]) == 2
    assert capsys.readouterr().err.endswith("; jinmaek explain lists what there is\n")


@pytest.mark.parametrize("word", ["\x1b[31mred", "a\nb", "\udcff", "%(x)s{y}", "x" * 100_000])
def test_a_hostile_word_stays_on_one_line(word: str, capsys: Capture) -> None:
    assert main(["explain", word]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert told.err.isascii() or told.err.isprintable()
    assert "\x1b" not in told.err


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_is_its_page_and_what_it_looks_at(rule: object, lang: str, capsys: Capture) -> None:
    name = rule.id  # type: ignore[attr-defined]
    page = said(capsys, name, "--root", TREE, "--lang", lang)
    assert page.startswith(name)
    figures = page.partition("\nthis host\n" if lang == "en" else "\n이 호스트\n")[2]
    assert figures
    document = json.loads(said(capsys, name, "--root", TREE, "--json"))
    jsonschema.validate(document, SCHEMA)
    assert {one["column"] for one in document["entries"][0]["inputs"]} == set(document["entries"][0]["see"])


@pytest.mark.parametrize("word", ["MemAvailable", "si", "free", "zoneinfo", "states", "pagetypeinfo", "RES"])
def test_json_follows_its_schema(word: str, capsys: Capture) -> None:
    document = json.loads(said(capsys, word, "--json", "--root", TREE))
    jsonschema.validate(document, SCHEMA)
    assert document["word"] == word
    assert document["entries"]


def test_json_of_everything_follows_its_schema(capsys: Capture) -> None:
    for topic, _, entries in topics():
        document = json.loads(said(capsys, topic, "--json", "--root", TREE))
        jsonschema.validate(document, SCHEMA)
        assert document["entries"] or not entries


def test_json_has_figures_and_null_for_what_is_not_known(capsys: Capture, tmp_path: Path) -> None:
    (entry,) = json.loads(said(capsys, "MemAvailable", "--json", "--root", TREE))["entries"]
    assert entry["result"] == 574603264
    assert entry["difference"] == 0
    assert {"column": "meminfo.MemFree", "labels": {}, "value": 613150720, "unit": "bytes"} in entry["inputs"]
    (tmp_path / "proc").mkdir()
    (entry,) = json.loads(said(capsys, "MemAvailable", "--json", "--root", str(tmp_path)))["entries"]
    assert entry["result"] is None
    assert all(one["value"] is None and one["gap"]["kind"] == "absent" for one in entry["inputs"])
    jsonschema.validate({"schema": 1, "word": "x", "entries": [entry]}, SCHEMA)


def test_json_of_the_overview(capsys: Capture) -> None:
    document = json.loads(said(capsys, "--json"))
    jsonschema.validate(document, SCHEMA)
    assert {"name": "meminfo", "title": "/proc/meminfo"} in document["topics"]


def test_figures_of_a_process(capsys: Capture) -> None:
    (entry,) = json.loads(said(capsys, "VmRSS", "--json", "--pid", str(os.getpid())))["entries"]
    assert entry["inputs"][0]["value"] > 1 << 20
    assert entry["file"] == "/proc/PID/status"
    (entry,) = json.loads(said(capsys, "PSS", "--json"))["entries"]
    assert entry["inputs"][0]["value"] > 1 << 20


def test_a_root_that_is_none(capsys: Capture, tmp_path: Path) -> None:
    assert main(["explain", "MemFree", "--root", str(tmp_path / "absent")]) == 3
    assert capsys.readouterr().err.startswith(f"jinmaek: {tmp_path}/absent: not a directory; ")


@pytest.mark.parametrize("given", ["0x1", "-1", "", "99999999999"])
def test_a_pid_that_is_none(given: str, capsys: Capture) -> None:
    assert main(["explain", "VmRSS", f"--pid={given}"]) == 2
    assert "is no process id" in capsys.readouterr().err
