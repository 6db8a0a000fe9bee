"""``cgroups`` on captured trees, a recording and made ones: the table, its JSON, what is left out."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import CAPTURES
from tests.history.recording.kept import META, clocks, live

from jinmaek.accounts.cgroups import Cgroup
from jinmaek.cli.cgroups import ORDERS, RULES
from jinmaek.cli.main import main
from jinmaek.history.recording.writer import Writer
from jinmaek.rules import rules
from jinmaek.views import cgroups as view
from jinmaek.views.fit import cells

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "cgroups.schema.json").read_text())
TREE = str(CAPTURES / "6.12")


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["cgroups", *words]) == status
    return capsys.readouterr().out


def made(path: str, **told: object) -> Cgroup:
    empty = dict.fromkeys(Cgroup.__slots__)
    return Cgroup(**{**empty, "path": path, "depth": path.count("/"), "stalls": {}, **told})  # type: ignore[arg-type]


def test_a_captured_host(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "--root", TREE, "--lang", "en")
    lines = text.splitlines()
    assert lines[0].split()[0] == "cgroup"
    names = [line.split()[0] for line in lines[1 : lines.index("")]]
    assert names[:2] == ["/", "batch.slice"]
    assert "db.service" in names
    assert "one reading" in text


@pytest.mark.parametrize("words", [["--root", TREE], ["--for", "1s"]])
def test_json(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    told = json.loads(said(capsys, "--json", *words))
    jsonschema.validate(told, SCHEMA)
    assert told["cgroups"]
    judged = {one["rule"] for part in ("findings", "quiet", "unknown") for one in told[part]}
    assert judged == set(RULES)


@pytest.mark.parametrize("width", [72, 80, 100, 120])
def test_it_fits_and_says_what_is_left_out(width: int) -> None:
    groups = [made("/"), made("/" + "long" * 30, memory=5 << 30, threads=3, threads_max=1000)]
    lines = list(view.lines(groups, (), (), "en", span=3.0, width=width))
    assert all(cells(line) <= width for line in lines)
    columns, room = view.fitting(width)
    assert room >= view.NARROWEST or columns == [one for one in view.COLUMNS if one not in view.LEAVE_OUT]
    assert any("too narrow" in line for line in lines) == (len(columns) < len(view.COLUMNS))


def test_those_left_are_counted_not_shown() -> None:
    groups = [
        made("/"),
        made("/a", memory=1, threads=1),
        made("/empty", memory=0),
        made("/b"),
        made("/b/c", cpu=0.5),
    ]
    shown = [one.path for one in view.chosen(groups, None, None)]
    assert shown == ["/", "/a", "/b", "/b/c"]
    text = "\n".join(view.lines(groups, (), (), "en", span=1.0))
    assert "1 more" in text
    assert "empty" in "\n".join(view.lines(groups, (), (), "en", span=1.0, whole=True))


@pytest.mark.parametrize("order", ORDERS)
def test_orders(order: str) -> None:
    assert set(ORDERS) == set(view.ORDERS)
    small = made("/x", cpu=1.0, memory=5, own=5, swap=5, read=5.0, throttled=0.5, threads=7)
    large = made("/y", cpu=2.0, memory=6, own=6, swap=6, written=6.0, throttled=0.6, threads=8)
    groups = [made("/none", threads=1), small, large]
    found = [one.path for one in view.chosen(groups, order, None, whole=True)]
    if order != "waits":
        assert found[:2] == ["/y", "/x"]
    assert view.chosen(groups, order, 1)[0].path == found[0]


def test_hostile_names_are_shown_harmless() -> None:
    lines = "\n".join(view.lines([made("/\x1b[31mred", threads=1)], (), (), "en", span=1.0))
    assert "\x1b" not in lines


def test_a_recorded_moment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = Writer(str(tmp_path), META)
    for snapshot in live(3, "procfs"):
        assert writer.add(snapshot, clocks(snapshot))
    writer.close()
    told = json.loads(said(capsys, "--json", "--recording", str(tmp_path)))
    jsonschema.validate(told, SCHEMA)
    assert told["cgroups"]
    assert told["window_s"] > 0


def test_its_rules_are_those_on_cgroups() -> None:
    assert set(RULES) <= {rule.id for rule in rules()}
    assert {rule.id for rule in rules() if rule.id.startswith("cgroup.")} <= set(RULES)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--for", "0.2s"], 2),
        (["-n", "0"], 2),
        (["--root", "/tmp", "--recording", "/tmp"], 2),
        (["--sort", "colour"], 2),
        (["--recording", "/nonexistent"], 3),
    ],
)
def test_what_cannot_be_told(words: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cgroups", *words]) == status
    assert capsys.readouterr().err.count("\n") == 1


def test_a_tree_without_cgroups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "proc").mkdir()
    assert main(["cgroups", "--root", str(tmp_path)]) == 3
    assert capsys.readouterr().err.count("\n") == 1
