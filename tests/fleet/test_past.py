"""A host's past in an engine, through the commands that read a host: as they printed then on that host."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.fleet.conftest import Scraped

from jinmaek.cli.main import main

pytest.importorskip("urllib3", reason="the extra fleet is not installed")

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "diagnosis.schema.json").read_text())


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["free"],
        ["free", "-h", "-w", "-t", "-v", "-l"],
        ["free", "-L"],
        ["free", "--json"],
        ["vmstat"],
        ["vmstat", "-a", "-w"],
        ["vmstat", "-f"],
    ],
)
def test_as_it_was_printed_then(
    scraped: Scraped, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    there = said(
        capsys, *words, "--prometheus", scraped.url, "--host", scraped.captured, "--at", f"@{scraped.at}"
    )
    assert there == said(capsys, *words, "--root", str(scraped.tree))


def test_a_diagnosis(scraped: Scraped, capsys: pytest.CaptureFixture[str]) -> None:
    source = ["--prometheus", scraped.url, "--host", scraped.captured, "--at", f"@{scraped.at}"]
    told = json.loads(said(capsys, "diagnose", "--json", *source))
    jsonschema.validate(told, SCHEMA)
    here = json.loads(said(capsys, "diagnose", "--json", "--root", str(scraped.tree)))
    assert told["source"] == scraped.url
    assert told["facts"]["meminfo.MemTotal"] == here["facts"]["meminfo.MemTotal"]
    assert told["facts"]["cpus"] == here["facts"]["cpus"]
    # Both know one and the same reading: they may differ in what one of them does not know.
    unknown = {one["rule"] for told_by in (told, here) for one in told_by["unknown"]}
    found = [{one["rule"] for one in told_by["findings"]} - unknown for told_by in (told, here)]
    assert found[0] == found[1]
    assert "could not be judged" in said(capsys, "diagnose", "--lang", "en", *source)


def test_the_environment_may_name_the_engine(
    scraped: Scraped, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = said(capsys, "free", "--root", str(scraped.tree))
    monkeypatch.setenv("JINMAEK_PROMETHEUS", scraped.url)
    assert said(capsys, "free", "--host", scraped.captured, "--at", f"@{scraped.at}") == here
    assert said(capsys, "free", "--root", str(scraped.tree)) == here


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["free", "--host", "x"], 2),
        (["free", "--prometheus", "URL", "--host", "HOST", "--recording", "/tmp"], 2),
        (["diagnose", "--prometheus", "URL", "--host", "HOST", "--since", "2h"], 2),
        (["free", "--prometheus", "URL"], 2),
        (["free", "--prometheus", "URL", "--host", "HOST", "--root", "/proc/1/root"], 2),
        (["free", "--prometheus", "URL", "--host", "HOST", "-s", "1"], 2),
        (["vmstat", "--prometheus", "URL", "--host", "HOST", "--explain"], 2),
        (["diagnose", "--prometheus", "URL", "--host", "HOST", "--root", "/tmp"], 2),
        (["free", "--prometheus", "URL", "--host", "no-such-host"], 3),
        (["free", "--prometheus", "URL", "--host", "HOST", "--at", "1d"], 3),
        (["diagnose", "--prometheus", "URL", "--host", "HOST", "--at", "1d"], 3),
        (["vmstat", "60", "3", "--prometheus", "URL", "--host", "HOST"], 3),
    ],
)
def test_what_cannot_be_told(
    scraped: Scraped, capsys: pytest.CaptureFixture[str], words: list[str], status: int
) -> None:
    known = {"URL": scraped.url, "HOST": scraped.captured}
    assert main([known.get(word, word) for word in words]) == status
    assert capsys.readouterr().err.count("\n") == 1
