"""A host's past in an engine, through the commands that read a host: as they printed then on that host."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.fleet.conftest import Scraped
from tests.tasks.children import until

from jinmaek.cli.main import main

pytest.importorskip("urllib3", reason="the extra fleet is not installed")

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA, MEMORY, LOAD = (
    json.loads((DOCS / f"{name}.schema.json").read_text()) for name in ("diagnosis", "memory", "load")
)


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


def test_the_memory_ledger_closes_with_what_an_exporter_tells(
    scraped: Scraped, capsys: pytest.CaptureFixture[str]
) -> None:
    source = ["--prometheus", scraped.url, "--host", scraped.captured, "--at", f"@{scraped.at}"]
    there = json.loads(said(capsys, "memory", "--json", *source))
    here = json.loads(said(capsys, "memory", "--json", "--root", str(scraped.tree)))
    jsonschema.validate(there, MEMORY)
    buckets = [{one["name"]: one["bytes"] for one in told["buckets"]} for told in (there, here)]
    assert buckets[0].items() <= buckets[1].items(), "what both tell is the same"
    assert {"free", "anonymous", "page-cache", "slab-reclaimable"} <= buckets[0].keys()
    for told, named in zip((there, here), buckets, strict=True):
        assert told["total_bytes"] == sum(named.values()) + told["residual_bytes"]
    assert {"cpu-free"} <= {*there["residual_holds"]}
    assert there["residual_band_bytes"] is None
    assert there["used"]["procps4"] == here["used"]["procps4"]
    assert there["used"]["sum_rss"] is None
    assert {"smaps_rollup", "zoneinfo"} <= {one["source"] for one in there["gaps"]}
    text = said(capsys, "memory", "--lang", "en", *source)
    assert "exporters do not tell the shares of processes" in text


def test_the_load_as_far_as_an_exporter_tells(scraped: Scraped, capsys: pytest.CaptureFixture[str]) -> None:
    source = ["--prometheus", scraped.url, "--host", scraped.captured, "--at", f"@{scraped.at}"]
    there = json.loads(said(capsys, "load", "--json", *source))
    here = json.loads(said(capsys, "load", "--json", "--root", str(scraped.tree)))
    jsonschema.validate(there, LOAD)
    assert [there[name] for name in ("load1", "load5", "load15", "cpus")] == [
        here[name] for name in ("load1", "load5", "load15", "cpus")
    ]
    assert there["scan"]["way"] == "exporter"
    assert all(one["who"] == [] for one in there["parts"])
    assert "waits" in {one["source"] for one in there["gaps"]}
    # Without a time it is now: where a scrape has just taken too long, nothing is known of the host now.
    live = ["load", "--lang", "en", "--prometheus", scraped.url, "--host", scraped.this]
    until(lambda: main(live) == 0, 60)
    assert "load " in capsys.readouterr().out


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
        (["memory", "--host", "x"], 2),
        (["memory", "--prometheus", "URL", "--host", "HOST", "--root", "/tmp"], 2),
        (["memory", "--prometheus", "URL", "--host", "HOST", "--at", "1d"], 3),
        (["load", "--prometheus", "URL", "--host", "no-such-host"], 3),
        (["load", "--prometheus", "URL", "--host", "HOST", "--recording", "/tmp"], 2),
    ],
)
def test_what_cannot_be_told(
    scraped: Scraped, capsys: pytest.CaptureFixture[str], words: list[str], status: int
) -> None:
    known = {"URL": scraped.url, "HOST": scraped.captured}
    assert main([known.get(word, word) for word in words]) == status
    assert capsys.readouterr().err.count("\n") == 1
