"""report: it holds what the recording says, in three formats and two languages, and names do no harm."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from tests.history.recording import kept as record
from tests.history.recording.kept import BEGAN
from tests.views.incident import GAP, HOST, HOSTILE, WRONG

from jinmaek.cli.main import main
from jinmaek.history.recording.recording import Recording
from jinmaek.views.report import page
from jinmaek.views.report.charts import CHARTS
from jinmaek.views.report.lines import means, rates, updates
from jinmaek.views.report.parts import edges, parts, step_for
from jinmaek.views.report.words import WORDS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = Path(page.__file__).parent


@pytest.fixture(scope="module")
def told(incident: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("json") / "report.json"
    assert main(["report", "--recording", str(incident), "-o", str(file), "--lang", "en"]) == 0
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.fixture(scope="module")
def html(incident: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("html") / "report.html"
    assert main(["report", "--recording", str(incident), "-o", str(file), "--lang", "en"]) == 0
    return file.read_text()


def test_the_schema(told: dict[str, Any]) -> None:
    diagnosis = Resource.from_contents(json.loads((DOCS / "diagnosis.schema.json").read_text()))
    registry: Registry[Any] = Registry().with_resource("diagnosis.schema.json", diagnosis)
    schema = json.loads((DOCS / "report.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, registry=registry).validate(told)


def test_a_finding_with_its_time_and_who(told: dict[str, Any]) -> None:
    found = {one["rule"]: one for one in told["diagnosis"]["findings"]}
    saturated = found["cpu.saturated"]
    assert BEGAN + WRONG.start <= saturated["since"] <= BEGAN + WRONG.start + 90
    assert BEGAN + WRONG.stop - 5 <= saturated["until"] <= BEGAN + WRONG.stop + 90
    assert saturated["culprits"][0]["name"] == HOSTILE[0]


def test_the_gap_is_stated_and_nothing_is_drawn_in_it(told: dict[str, Any]) -> None:
    (gap,) = told["gaps"]
    assert (gap["since"], gap["until"]) == (BEGAN + GAP.start - 2, BEGAN + GAP.stop)
    inside = [
        at
        for at, time in enumerate(told["charts"]["times"])
        if gap["since"] + told["charts"]["step_s"] < time <= gap["until"] - 1
    ]
    assert len(inside) >= 5
    for chart in told["charts"]["shown"]:
        for line in chart["lines"]:
            assert {line["values"][at] for at in inside} == {None}, (chart["name"], line["name"])


def test_lines_are_the_means_of_what_was_recorded(told: dict[str, Any]) -> None:
    charts = {one["name"]: one for one in told["charts"]["shown"]}
    (programs,) = [one for one in charts["cpu"]["lines"] if one["name"] == "programs"]
    times = told["charts"]["times"]
    for at, time in enumerate(times):
        second = time - BEGAN
        if WRONG.start + 5 < second < WRONG.stop - 5:
            assert programs["values"][at] == pytest.approx(1.0, abs=0.01)
        elif 5 < second < WRONG.start - 5:
            assert programs["values"][at] == pytest.approx(0.0, abs=0.01)
    load = charts["load"]["lines"][0]["values"]
    assert max(value for value in load if value is not None) == 12.0


def test_the_ledger_of_every_moment_closes(told: dict[str, Any]) -> None:
    moments = told["moments"]
    assert len(moments["times"]) > 60
    for ledger in moments["memory"]["moments"]:
        known = [size for size in ledger["bytes"] if size is not None]
        assert sum(known) + ledger["residual"] == ledger["total"]
    anonymous = [one["name"] for one in moments["memory"]["buckets"]].index("anonymous")
    first, last = moments["memory"]["moments"][0], moments["memory"]["moments"][-1]
    assert last["bytes"][anonymous] - first["bytes"][anonymous] > 150 << 20


def test_processes_and_load_at_a_moment(told: dict[str, Any]) -> None:
    moments = told["moments"]
    named = moments["tasks"]["processes"]

    def at(second: int) -> int:
        return min(
            range(len(moments["times"])), key=lambda place: abs(moments["times"][place] - BEGAN - second)
        )

    during, before = at(700), at(300)
    rows = moments["tasks"]["moments"][during]["rows"]
    hog = named[rows[0][0]]
    assert hog["name"] == HOSTILE[0]
    assert rows[0][3] > 0.9
    assert named[moments["tasks"]["moments"][before]["rows"][0][0]]["name"] != HOSTILE[0]
    table = moments["tasks"]["moments"][during]
    assert table["all"] == len(table["rows"]) + table["left_out"]["processes"]
    kinds = {part["kind"] for part in moments["load"][during]["parts"]}
    assert kinds == {"running", "disk"}
    assert moments["load"][before]["verdict"] == "none"


class Outline(HTMLParser):
    """Elements, and the text of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside = tag
        assert not any(
            name in ("src", "href") and not str(value).startswith("data:") for name, value in attrs
        )

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts.append(data)
            self.inside = ""


def test_names_are_data_and_nothing_comes_from_elsewhere(html: str) -> None:
    outline = Outline()
    outline.feed(html)
    assert outline.tags.count("script") == 3
    assert {"b", "img", "svg", "i", "iframe"}.isdisjoint(outline.tags)
    data = outline.scripts[0]
    assert "<" not in data
    names = {one["name"] for one in json.loads(data)["moments"]["tasks"]["processes"]}
    assert set(HOSTILE) <= names
    assert json.loads(data)["host"] == HOST
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert "url(" not in html.partition("<style>")[2].partition("</style>")[0]


def test_the_page_is_small(html: str) -> None:
    assert len(html.encode()) < 1_500_000


def test_korean(incident: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "보고서.html"
    words = ["report", "--recording", str(incident), "--since", "90s", "-o", str(file), "--lang", "ko"]
    assert main(words) == 0
    assert "판정 결과" in capsys.readouterr().out
    text = file.read_text()
    assert '<html lang="ko">' in text
    assert "장애 보고서" in text
    assert "프로세스의 익명 메모리" in text


def test_markdown_is_inert_and_says_what_the_page_says(
    incident: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--recording", str(incident), "--format", "md", "--lang", "en"]) == 0
    text = capsys.readouterr().out
    assert "The CPUs are saturated" in text
    assert "cpu.saturated" in text
    outside = re.sub(r"`[^`]*`", "", text)
    assert not re.search(r"<(?!!)", outside), re.findall(r"<[^ ]*", outside)
    assert "\x1b" not in text
    assert "@x" not in outside
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", line))) >= 3


def test_where_it_goes(
    incident: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = ["report", "--recording", str(incident), "--lang", "en"]
    words = [*source, "--since", "60s"]
    assert main(words) == 0
    (file,) = tmp_path.iterdir()
    assert re.fullmatch(r"jinmaek-i-web-1-i-\d{8}-\d{4}\.html", file.name)
    assert file.name in capsys.readouterr().out
    wrong = ["--since", f"@{BEGAN + WRONG.start - 20}", "--until", f"@{BEGAN + WRONG.stop + 20}"]
    assert main([*source, *wrong, "--fail-on", "warning", "-o", "-"]) == 1
    assert capsys.readouterr().out.startswith("<!doctype html>")
    (tmp_path / "old.md").write_text("what was there")
    assert main([*words, "-o", "old.md"]) == 0
    assert (tmp_path / "old.md").read_text().startswith("# ")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--for", "5s"), 2),
        (("--for", "60s", "--since", "1h"), 2),
        (("--recording", "/nowhere"), 3),
        (("--since", "1h", "--recording", "/nowhere"), 3),
        (("--format", "md", "--json"), 2),
        (("-o", "/"), 2),
        (("-o", "/nowhere/report.md"), 2),
    ],
)
def test_what_cannot_be_done_is_one_line(
    words: tuple[str, ...], status: int, incident: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = () if "--recording" in words or "--for" in words else ("--recording", str(incident))
    assert main(["report", *words, *more]) == status
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_build_without_charts_says_so(
    incident: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page, "ASSETS", Path("/nowhere"))
    words = ["report", "--recording", str(incident), "--since", "90s"]
    assert main(words) == 3
    assert "--format md or json" in capsys.readouterr().err
    assert main([*words, "--json"]) == 0


def test_without_a_recording_this_host_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("jinmaek.history.recording.folder.default", lambda: str(tmp_path / "none"))
    monkeypatch.setattr("jinmaek.cli.report.WATCHED", 10.0)
    assert main(["report", "--json", "--lang", "en"]) == 0
    said = capsys.readouterr()
    assert "nothing is recorded here" in said.err
    found = json.loads(said.out)
    assert found["source"] == "live"
    assert 9 <= found["until"] - found["since"] <= 60
    assert os.getpid() not in {
        who["pid"] for load in found["moments"]["load"] for part in load["parts"] for who in part["who"]
    }


def test_scripts_say_only_what_is_translated() -> None:
    scripts = "".join((PAGE / name).read_text() for name in page.SCRIPTS)
    asked = set(re.findall(r'say\(\s*"([^"]+)"', scripts))
    columns = re.search(r"const COLUMNS = \[(.*?)\n\];", scripts, re.DOTALL)
    assert columns is not None
    asked |= set(re.findall(r'\["([^"]+)", \(one\)', columns[1])) | {"mended", "lost"}
    assert asked | {"CRITICAL", "WARNING", "INFO"} == set(WORDS)
    assert "innerHTML" not in scripts
    assert "eval(" not in scripts


def test_rates_leave_out_what_is_not_known() -> None:
    ends = [10.0, 20.0, 30.0, 40.0, 50.0]
    points = [(0.0, 0.0), (5.0, 50.0), (10.0, 100.0), (20.0, 300.0), (38.0, 400.0), (40.0, 0.0), (50.0, 10.0)]
    assert rates(points, ends, 0.0, [20.0]) == [10.0, 20.0, None, None, 1.0]
    assert rates([(0.0, 0.0), (50.0, 100.0)], ends, 0.0, []) == [2.0] * 5


def test_a_counter_of_now_and_then() -> None:
    """PSI: read every second, brought up to date every two, so a jump is of the time since the one before."""
    told = [(float(t), 2.0 * (t // 2)) for t in range(1, 9)]
    kept = updates(told, 2.1)
    assert kept == [(2.0, 2.0), (4.0, 4.0), (6.0, 6.0), (8.0, 8.0)]
    assert rates(kept, [2.0, 4.0, 6.0, 8.0], 0.0, []) == [None, 1.0, 1.0, 1.0]
    still = [(float(t), 5.0) for t in range(9)]
    assert [time for time, _ in updates(still, 2.1)] == [3.0, 6.0]
    assert updates([(0.0, 1.0), (1.0, None), (2.0, 1.0), (3.0, 2.0)], 2.1) == [(1.0, None), (3.0, 2.0)]


def test_means_carry_only_over_samples() -> None:
    ends = [10.0, 20.0, 30.0, 40.0]
    points = [(1.0, 4.0), (9.0, 6.0), (35.0, 1.0)]
    assert means(points, ends, 0.0, [1.0, 9.0, 15.0, 35.0]) == [5.0, 6.0, None, 1.0]
    assert means([(1.0, 4.0), (12.0, None)], ends, 0.0, [1.0, 12.0, 22.0, 32.0]) == [4.0, None, None, None]


@pytest.mark.parametrize(
    ("seconds", "step"), [(60, 1), (3600, 60), (600, 10), (86_400, 900), (1e8, 1_036_800)]
)
def test_steps_are_those_of_clocks(seconds: float, step: float) -> None:
    assert step_for(seconds, 100) == step
    assert edges(5.0, 25.0, 10.0) == [10.0, 20.0, 25.0]


def test_every_chart_is_of_columns_in_its_unit() -> None:
    from jinmaek.catalog import ref

    for chart in CHARTS:
        for line in chart.lines:
            for name in (*line.columns, *([line.less] if line.less else [])):
                column = ref(name).column
                expected = {
                    ("seconds", "counter"): "ratio",
                    ("bytes", "gauge"): "bytes",
                    ("bytes", "counter"): "bytes/s",
                    ("pages", "counter"): "pages/s",
                    ("count", "counter"): "pages/s",
                    ("count", "gauge"): "count",
                }[column.unit, column.kind]
                assert chart.unit == expected, name


def test_boots_and_a_clock_that_was_set_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record.write(tmp_path, 60)
    record.write(tmp_path, 60, first=120, boot="cc-dd")
    with Recording(str(tmp_path)) as recording:
        found = parts(recording, 0.0, BEGAN + 1000)
        assert [(part.boot[:4], part.start, part.end) for part in found] == [
            ("aabb", 100.0, 159.0),
            ("ccdd", 220.0, 279.0),
        ]
        (middle,) = parts(recording, BEGAN + 10, BEGAN + 20)
        assert (middle.start, middle.end, middle.offset) == (110.0, 120.0, BEGAN - 100)
    assert main(["report", "--recording", str(tmp_path), "--json", "--lang", "en"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["boots"] == 2
    assert main(["report", "--recording", str(tmp_path), "--format", "md", "--lang", "en"]) == 0
    assert "rules judged, none of them at warning or above" in capsys.readouterr().out
    assert [gap["why"] for gap in told["gaps"]] == ["another boot"]
    between = [at for at, time in enumerate(told["charts"]["times"]) if BEGAN + 62 < time < BEGAN + 119]
    for chart in told["charts"]["shown"]:
        for line in chart["lines"]:
            assert {line["values"][at] for at in between} == {None}


def test_a_recording_that_begins_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record.write(tmp_path, 40)
    words = ["report", "--recording", str(tmp_path), "--json", "--lang", "en", "--since", "1h"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "the recording begins at" in said.err
    assert json.loads(said.out)["since"] == BEGAN
