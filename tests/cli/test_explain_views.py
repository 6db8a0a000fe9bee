"""``--explain`` of the classic views: below the table each of its columns, in its own figures."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from tests.conftest import CAPTURES

from jinmaek.cli.main import main
from jinmaek.views import buddyinfo

TREE = str(CAPTURES / "6.12")
Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (["free"], ["total", "used", "free", "shared", "buff/cache", "available", "Swap"]),
        (["free", "-w", "-v"], ["buffers", "cache", "Comm"]),
        (["vmstat"], ["r", "b", "swpd", "si", "so", "bi", "bo", "in", "cs", "us", "sy", "id", "wa", "st"]),
        (["vmstat", "-a", "-w"], ["inact", "active", "gu"]),
        (["slabtop"], ["NAME", "OBJS", "ACTIVE", "USE", "OBJ SIZE", "SLABS", "OBJ/SLAB", "CACHE SIZE"]),
    ],
)
def test_a_view_explains_each_of_its_columns_below_its_table(
    words: list[str], columns: list[str], lang: str, capsys: Capture
) -> None:
    assert main([*words, "--root", TREE]) == 0
    table = capsys.readouterr().out
    assert main([*words, "--explain", "--lang", lang, "--root", TREE]) == 0
    told = capsys.readouterr().out
    assert told.startswith(table + "\n")
    for column in columns:
        (line,) = (line for line in told[len(table) :].splitlines() if line.startswith(f"{column:<11} "))
        assert any(letter.isdigit() for letter in line) or column == "NAME", line


def test_the_figures_of_free_explained_are_those_of_its_table(capsys: Capture) -> None:
    assert main(["free", "--explain", "--lang", "en", "--root", TREE]) == 0
    told = capsys.readouterr().out
    assert "available   Of 714.8 MiB programs can still get 548.0 MiB without swapping" in told


def test_vmstat_explains_the_rates_of_its_last_line(capsys: Capture) -> None:
    assert main(["vmstat", "1", "2", "--explain", "--lang", "en"]) == 0
    told = capsys.readouterr().out
    found = re.search(r"Rates are of the last (\d+\.\d)", told)
    assert found
    assert float(found[1]) >= 1
    assert main(["vmstat", "--explain", "--lang", "en"]) == 0
    assert "Rates are averages since boot." in capsys.readouterr().out


def test_smem_explains_the_line_with_the_largest_pss(capsys: Capture) -> None:
    assert main(["smem", "-P", "^python", "--explain", "--lang", "en"]) == 0
    told = capsys.readouterr().out
    assert "In the figures of " in told
    assert "\nuss " in told
    assert "\npss " in told


def test_buddyinfo_explains_its_orders(capsys: Capture) -> None:
    assert main(["buddyinfo", "--explain", "--lang", "en", "--root", TREE]) == 0
    assert "\n  order 9: 2.0 MiB each, " in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["free", "--json"],
        ["free", "-s", "1"],
        ["free", "-L"],
        ["vmstat", "--json"],
        ["vmstat", "1"],
        ["vmstat", "-s"],
        ["slabtop", "--json"],
        ["smem", "--json"],
        ["buddyinfo", "--json"],
    ],
)
def test_what_cannot_be_explained_is_a_usage_error(words: list[str], capsys: Capture) -> None:
    assert main([*words, "--explain"]) == 2
    assert "--explain explains " in capsys.readouterr().err


@pytest.mark.parametrize("words", [["free"], ["vmstat"], ["buddyinfo"]])
def test_without_explain_none_of_it_is_imported(words: list[str]) -> None:
    program = (
        "import sys; from jinmaek.cli.main import main; "
        f"main({[*words, '--root', TREE]!r}); print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not {name for name in loaded if name.startswith("jinmaek.explain")}
    assert not loaded & {"dataclasses", "typing", "ast", "difflib"}


def test_buddyinfo_explains_each_of_its_columns() -> None:
    zones = {(0, "Normal"): [1, 2, 3], (0, "DMA"): [0, 0, 0]}
    said = list(buddyinfo.explain(zones, 4096, "en"))
    assert [line.split(":")[0].strip() for line in said[2:5]] == ["order 0", "order 1", "order 2"]
    assert said[5] == "Node 0, zone   Normal: 68.0 KiB free, the largest block is of 16.0 KiB."
    assert said[6] == "Node 0, zone      DMA: nothing is free."
