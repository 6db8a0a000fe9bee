"""``jinmaek memory`` over captured hosts: the contract of its JSON, the screen in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.accounts.made_memory import AGES, text
from tests.conftest import CAPTURES
from tests.views.frozen import trees, write

from jinmaek.accounts.memory_titles import TITLES
from jinmaek.cli.main import main
from jinmaek.i18n import tr
from jinmaek.views.paragraph import wrap

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/memory.schema.json").read_text())
HOSTS = trees(("proc/meminfo",))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(["memory", *words]) == 0
    return capsys.readouterr().out


def data(capsys: pytest.CaptureFixture[str], tree: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(capsys, "--json", "--lang", "en", "--root", str(tree), *words))
    jsonschema.validate(found, SCHEMA)
    return found


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_buckets_and_residual_are_the_total_exactly(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, host)
    assert found["schema"] == 1
    assert sum(one["bytes"] for one in found["buckets"]) + found["residual_bytes"] == found["total_bytes"]
    assert {"procps3", "procps4", "htop", "sum_rss", "sum_pss"} <= found["used"].keys()
    for bucket in found["buckets"]:
        assert {"name", "bytes", "source", "owners"} <= bucket.keys()
        for owner in bucket["owners"]:
            assert {"kind", "id", "name", "bytes"} <= owner.keys()
    assert isinstance(found["gaps"], list)


def test_what_is_not_known_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, CAPTURES / "6.18")  # without a process
    assert found["used"]["sum_rss"] is None
    assert found["used"]["sum_pss"] is None
    assert found["used"]["sum_pss_at_least"] is None
    assert found["residual_band_bytes"] > 0


def test_without_zones_nobody_knows_how_far_off_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = write(tmp_path, {"proc/meminfo": text(AGES["el7"])})
    found = data(capsys, tree)
    assert found["residual_band_bytes"] is None
    assert found["band"] is None
    assert "vmalloc" in found["residual_holds"]
    assert {"proc/zoneinfo", "proc/vmstat"} <= {gap["source"] for gap in found["gaps"]}
    screen = said(capsys, "--lang", "en", "--root", str(tree))
    assert "± ?" in screen
    assert "vmalloc (this kernel does not count its pages)" in " ".join(screen.split())


def test_processes_of_a_tree_are_upper_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, CAPTURES / "6.12")
    anonymous = next(one for one in found["buckets"] if one["name"] == "anonymous")
    assert anonymous["owners"][0]["name"] == "tail"
    assert anonymous["owners"][0]["bound"] == "upper"
    assert found["processes"]["unread"] == {"absent": found["processes"]["all"]}
    assert found["used"]["sum_rss"] > 0


@pytest.mark.parametrize("by", ["process", "command", "user", "cgroup"])
def test_processes_are_put_together_as_asked(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, CAPTURES / "6.12", "--by", by)
    owners = next(one for one in found["buckets"] if one["name"] == "anonymous")["owners"]
    assert {owner["kind"] for owner in owners} == {by}
    ids = {owner["id"] for owner in owners}
    assert {"process": "191", "command": "tail", "user": "0", "cgroup": "/system.slice/db.service"}[by] in ids


def test_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    screen = said(capsys, "--lang", "en", "--root", str(CAPTURES / "6.12"))
    lines = screen.splitlines()
    assert lines[0].split() == ["memory", "in", "all", "714.8", "MiB"]
    assert any(line.startswith("free, kept by the CPUs") and "28.1 MiB" in line for line in lines)
    assert any("zram0, holding 22.4 MiB of swap" in line for line in lines)
    assert any(line.startswith("in no account (the rest)") and "± 3.2 MiB" in line for line in lines)
    assert "used: 166.9 MiB says free of procps 4, 90.4 MiB that of procps 3, 93.1 MiB htop" in " ".join(
        screen.split()
    )
    assert lines[-1].startswith("Nothing to do, as far as one reading tells: 548.0 MiB (76.7 %)")
    assert len(lines) < 50


def test_all_shows_what_the_one_screen_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    tree = str(CAPTURES / "6.12")
    short, whole = (said(capsys, *words, "--lang", "en", "--root", tree) for words in ([], ["--all"]))
    assert "kmalloc-64" not in short
    assert "kmalloc-64" in whole
    assert "/system.slice/db.service" in whole
    for name in ("anonymous", "bounce", "secondary-page-tables"):
        assert f"\n{TITLES[name]}" in whole


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_explain_says_what_each_bucket_is(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "--explain", "--lang", lang, "--root", str(CAPTURES / "6.12"))
    for name in ("free", "shmem", "vmalloc", "compressed", "percpu"):
        assert f"{tr(lang, TITLES[name])} ({name})" in out
    assert "= meminfo.Cached - meminfo.Shmem" in out
    assert "(residual): 4.9 MiB" in out


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_no_line_is_wider_than_the_terminal(
    lang: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from jinmaek.views.fit import cells

    monkeypatch.setenv("COLUMNS", "80")
    for host in ("6.12", "6.1-small", "6.18"):
        for line in said(capsys, "-v", "--lang", lang, "--root", str(CAPTURES / host)).splitlines():
            assert cells(line) <= 80, line


def test_memory_that_is_not_set_up_yet(capsys: pytest.CaptureFixture[str]) -> None:
    tree = CAPTURES / "6.18"
    assert data(capsys, tree)["outside"] == [{"name": "deferred", "bytes": 19544776704}]
    assert "18.2 GiB of what is free is not set up yet" in said(capsys, "--lang", "en", "--root", str(tree))


def test_hostile_names_are_made_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stat = "7 (\x1b[2Jx) S 1 " + "0 " * 48
    tree = write(
        tmp_path,
        {
            "proc/meminfo": text(AGES["6.1"]),
            "proc/7/stat": stat,
            "proc/7/statm": "900000 800000 10 1 0 1 0\n",
            "proc/7/status": "Name:\tx\nUid:\t0\t0\t0\t0\nVmSize:\t 3600000 kB\nRssAnon:\t 3199000 kB\n"
            "RssFile:\t 40 kB\nRssShmem:\t 0 kB\nVmSwap:\t 0 kB\nThreads:\t1\n",
        },
    )
    screen = said(capsys, "--lang", "en", "--root", str(tree))
    assert "?[2Jx [7]" in screen
    assert "\x1b" not in screen


@pytest.mark.parametrize(
    ("tree", "why"),
    [({}, "there is no such file"), ({"proc/meminfo": "MemTotal: x kB\n"}, "line 1: not an unsigned number")],
)
def test_without_meminfo_there_is_nothing_to_say(
    tree: dict[str, str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["memory", "--root", str(write(tmp_path, tree))]) == 3
    out = capsys.readouterr()
    assert out.out == ""
    assert why in out.err
    assert out.err.count("\n") == 1


@pytest.mark.parametrize("words", [["--by", "x"], ["--budget", "x"], ["--lang", "fr"], ["more"]])
def test_wrong_use(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_wrap_keeps_numbers_and_units_together_and_counts_wide_characters() -> None:
    assert list(wrap("aa 12.5 MiB bb", 8)) == ["aa", "12.5 MiB", "bb"]
    assert list(wrap("가나 다라", 5, "- ", "  ")) == ["- 가나", "  다라"]
    assert list(wrap("word", 2)) == ["word"]
    assert list(wrap("", 5, "- ")) == ["- "]
