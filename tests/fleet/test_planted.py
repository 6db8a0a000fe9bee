"""Conditions planted in synthetic hosts are found in real engines: those and no others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest
from bench.synthetic_hosts import SCENARIOS
from tests.engines import blocks_for_prometheus, import_into_victoria, post, prometheus, victoria
from tests.fleet.fake_engine import Behaviour, Fake, fake, fault, reply
from tests.fleet.planted import END, HOSTS, OLD, samples

from jinmaek.cli.main import main

pytest.importorskip("urllib3", reason="the extra fleet is not installed")

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "fleet.schema.json").read_text())


@dataclass(frozen=True, slots=True)
class Engine:
    url: str
    folder: Path


@pytest.fixture(scope="module", params=["prometheus", "victoria-metrics"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, peer: Callable[[str], str]
) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "prometheus":
        peer("promtool")
        blocks_for_prometheus(peer, folder, samples())
        with prometheus(peer, folder) as started:
            yield Engine(started.url, folder)
    else:
        with victoria(peer, folder) as started:
            import_into_victoria(started.url, samples())
            yield Engine(started.url, folder)


def judged(engine: Engine, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert (
        main(["fleet", "--prometheus", engine.url, "--at", f"@{END}", "--json", "--lang", "en", *more]) == 0
    )
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(said, SCHEMA)
    return said


def test_what_was_planted_and_nothing_else(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    said = judged(engine, capsys)
    planted = {
        (host.name, rule, severity)
        for host in HOSTS
        if host.scenario
        for rule, severity in SCENARIOS[host.scenario].found.items()
    }
    assert {(one["host"], one["rule"], one["severity"]) for one in said["findings"]} == planted
    blind = {host.name for host in HOSTS if host.scenario and SCENARIOS[host.scenario].blind}
    assert {one["host"] for one in said["blind"]} == blind
    assert all(one["down"] for one in said["blind"])
    assert len(said["hosts"]) == len(HOSTS) - len(blind)
    benign = [rule for host in HOSTS if host.scenario for rule in SCENARIOS[host.scenario].benign]
    assert {one["rule"]: one["benign"] for one in said["rules"] if one["benign"]} == dict.fromkeys(benign, 1)
    for one in said["rules"]:
        assert one["found"] + one["quiet"] + one["unknown"] == len(said["hosts"])


def test_what_an_old_host_lacks_is_unknown_there_and_nowhere_else(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    said = judged(engine, capsys)
    lacking = [one for one in said["unknown"] if one["rule"] == "memory.thrashing"]
    assert [one["hosts"] for one in lacking] == [[OLD]]
    assert {
        "column": "pressure_memory.some_total",
        "metric": "node_pressure_memory_waiting_seconds_total",
    }.items() <= (lacking[0]["missing"][0].items())


def test_what_a_stock_exporter_lacks_is_said_with_the_flag(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    said = judged(engine, capsys)
    needed = {
        (one["rule"], missing["need"], missing["what"])
        for one in said["unknown"]
        for missing in one["missing"]
    }
    assert ("process.zombies", "flag", "--collector.processes") in needed
    assert main(["fleet", "--prometheus", engine.url, "--at", f"@{END}", "--lang", "ko"]) == 0
    assert "--collector.processes" in capsys.readouterr().out


def test_who_does_it_where_process_exporter_tells(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = [one for one in judged(engine, capsys)["findings"] if one["rule"] == "cpu.saturated"]
    assert found["culprits"][0]["name"] == "encoder"
    assert "3.20 CPUs" in found["culprits"][0]["why"]


def test_one_host(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    host = next(one for one in HOSTS if one.scenario == "thrashing")
    said = judged(engine, capsys, "--host", host.name.partition(":")[0])
    assert said["hosts"] == [host.name]
    assert {one["rule"] for one in said["findings"]} == set(SCENARIOS["thrashing"].found)
    assert (
        main(["fleet", "--prometheus", engine.url, "--at", f"@{END}", "--host", host.name, "--lang", "en"])
        == 0
    )
    shown = capsys.readouterr().out
    assert "helps" in shown
    assert "vmstat.pswpin" in shown


def test_a_host_that_nobody_knows_is_blind(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    said = judged(engine, capsys, "--host", HOSTS[0].name, "--host", "no-such-host:9100")
    assert {"host": "no-such-host:9100", "down": False} in said["blind"]


def test_what_came_and_went(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    """What is over now is found with ``--since``, with its times; the moment before it began is quiet."""
    early = judged(engine, capsys, "--at", f"@{END - 1900}")
    assert not [one for one in early["findings"] if one["rule"] == "cpu.saturated"]
    said = judged(engine, capsys, "--since", "1h")
    (found,) = [one for one in said["findings"] if one["rule"] == "cpu.saturated"]
    assert END - 1800 <= float(str(found["since"])) <= END - 1300
    assert found["times"] == 1
    assert not found["at_least"]


def test_one_host_judged_from_its_past_is_judged_as_in_the_fleet(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("saturated", "thrashing", "slow-disk", "stale-swap"):
        host = next(one.name for one in HOSTS if one.scenario == name)
        source = ["--prometheus", engine.url, "--host", host, "--at", f"@{END}"]
        assert main(["diagnose", *source, "--json", "--lang", "en"]) == 0
        said = json.loads(capsys.readouterr().out)
        found = {one["rule"]: one["severity"] for one in said["findings"] if one["fell"] is None}
        assert found == SCENARIOS[name].found
        looks_bad = {one["rule"] for one in said["quiet"] if one["evidence"]}
        assert looks_bad >= set(SCENARIOS[name].benign)
        if name == "saturated":
            assert said["findings"][0]["culprits"][0]["name"] == "encoder"


def test_a_query_that_is_refused_makes_its_rule_unknown_and_no_other(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """An engine that takes no query about kills, for one."""

    def behave(_: Fake) -> Behaviour:
        def answer(handler: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
            if "node_vmstat_oom_kill" in asked["query"] and "__name__" not in asked["query"]:
                reply(handler, fault("query processing would load too many samples"), 422)
                return
            path = handler.path.partition("?")[0]
            reply(handler, post(f"{engine.url}{path}", urlencode(asked).encode()))

        return answer

    with fake(behave) as between:
        said = judged(Engine(between.url, engine.folder), capsys)
    heard = len(said["hosts"])
    assert {one["rule"]: one["unknown"] for one in said["rules"]}["memory.oom-kill"] == heard
    (why,) = [one["gap"] for one in said["unknown"] if one["rule"] == "memory.oom-kill"]
    assert why["kind"] == "unanswered"
    assert "too many samples" in why["detail"]
    assert "cpu.saturated" in {one["rule"] for one in said["findings"]}


def test_fail_on(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = next(one.name for one in HOSTS if one.scenario is None)
    words = ["fleet", "--prometheus", engine.url, "--at", f"@{END}", "--fail-on", "warning"]
    assert main(words) == 1
    assert main([*words, "--host", quiet]) == 0
    assert main([*words, "--host", "no-such-host"]) == 3
    assert "it knows no host" in capsys.readouterr().err


def test_labels_tell_hosts_apart_and_choose(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    said = judged(engine, capsys, "--by", "job,instance", "--match", "instance!~host-0000[0-4].*")
    assert all(str(one).startswith("node/") for one in said["hosts"])
    assert "node/host-00001:9100" not in said["hosts"]
