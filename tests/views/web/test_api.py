"""Every question of the API is answered as its schema says, over this host and over a recording."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from tests.views.web.conftest import needed
from tests.views.web.serving import GOLDEN, HOSTILE, Server, running

from jinmaek.cli.main import main
from jinmaek.views.web.api import OPERATIONS
from jinmaek.views.web.schema import SCHEMAS, document

ROOT = Path(__file__).parents[3]
ACCOUNTS = ("memory", "swap", "load", "diagnosis")


def holds(told: object, name: str) -> None:
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    jsonschema.Draft202012Validator(schema).validate(told)


def test_the_published_schema_is_this_one() -> None:
    """``make docs`` writes it."""
    published = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert published == json.loads(json.dumps(document()))


def test_the_schema_served_is_the_published_one(server: Server) -> None:
    assert server.get("/api/v1/openapi.json") == json.loads((ROOT / "docs" / "openapi.json").read_text())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.answer)
def test_answers_are_as_their_schema_says(server: Server, operation: Any) -> None:
    told = server.get(operation.path)
    holds(told, operation.answer)
    name = operation.path.rpartition("/")[2]
    if name in ACCOUNTS:
        schema = json.loads((ROOT / "docs" / f"{name}.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(told)


def test_korean_is_korean(server: Server) -> None:
    assert server.get("/api/v1/texts?lang=ko")["texts"]["Memory"] == "메모리"
    assert server.get("/api/v1/rules?lang=ko")["rules"] != server.get("/api/v1/rules")["rules"]


def test_the_ledger_adds_up(server: Server) -> None:
    told = server.get("/api/v1/memory?by=user")
    assert sum(one["bytes"] for one in told["buckets"]) + told["residual_bytes"] == told["total_bytes"]
    assert told["by"] == "user"


def test_history_follows_the_clock(server: Server) -> None:
    end = time.monotonic() + 60
    while True:
        asked = time.time()
        told = server.get("/api/v1/history?points=50")
        (cpu,) = [one for one in told["charts"] if one["id"] == "cpu"]
        values = [line["values"][-1] for line in cpu["series"]]
        if values and None not in values and asked - told["times"][-1] < 10:
            break
        assert time.monotonic() < end, told
        time.sleep(0.3)
    assert 0 <= sum(values) <= 1.0001
    assert all(len(line["values"]) == len(told["times"]) for line in cpu["series"])


def test_a_hostile_name_is_told_as_it_is_and_as_text(server: Server, hostile: int) -> None:
    wanted = HOSTILE.decode()
    end = time.monotonic() + 60
    while True:
        status, headers, body = server.ask("/api/v1/processes?limit=300")
        names = {one["pid"]: one["name"] for one in json.loads(body)["processes"]}
        if hostile in names:
            break
        assert time.monotonic() < end
        time.sleep(0.3)
    assert status == 200
    assert names[hostile] == wanted
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert b"\x1b" not in body
    assert body.isascii()


def test_processes_are_sorted_and_limited(server: Server) -> None:
    told = server.get("/api/v1/processes?sort=memory&limit=5")["processes"]
    sizes = [one["resident_bytes"] for one in told]
    assert len(told) == 5
    assert sizes == sorted(sizes, reverse=True)


def test_the_past_of_a_host_that_nobody_recorded_is_not_known(server: Server) -> None:
    status, _, body = server.ask("/api/v1/diagnosis?at=1000")
    assert status == 404
    assert "record" in json.loads(body)["error"]
    assert server.ask("/api/v1/processes?at=1000")[0] == 404


def test_its_own_cost_is_told(server: Server) -> None:
    server.get("/api/v1/diagnosis")
    told = server.get("/api/v1/host")
    assert 0 <= told["cost"]["cpu_share"] < 4
    assert told["cost"]["resident_bytes"] > 1 << 20
    assert told["fault"] is None


@pytest.fixture(scope="module")
def recorded() -> Iterator[Server]:
    needed("uvicorn")
    with running("--recording", str(GOLDEN)) as made:
        yield made


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.answer)
def test_a_recording_answers_the_same_questions(recorded: Server, operation: Any) -> None:
    holds(recorded.get(operation.path), operation.answer)


@pytest.mark.parametrize(("name", "options"), [("memory", []), ("swap", []), ("load", ["--for", "60s"])])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_an_account_of_a_moment_is_that_of_its_command(
    recorded: Server, name: str, options: list[str], lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    span = recorded.get("/api/v1/host")["span"]
    middle = round((span["since"] + span["until"]) / 2, 3)
    by = "&by=process" if name == "swap" else ""
    there = recorded.get(f"/api/v1/{name}?at={middle}&lang={lang}{by}")
    at = ("--recording", str(GOLDEN), "--at", f"@{middle}")
    assert main([name, *at, *options, "--lang", lang, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "docs" / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(there)
    assert {**there, "cost": None} == {**printed, "cost": None}
    assert there["gaps"], "what no recording tells is named"


def test_what_no_recording_tells_of_accounts_is_refused(recorded: Server) -> None:
    span = recorded.get("/api/v1/host")["span"]
    status, _, body = recorded.ask("/api/v1/memory?by=cgroup")
    assert (status, json.loads(body)["error"]) == (400, "by: which cgroup a process was in is not recorded")
    assert recorded.ask(f"/api/v1/memory?at={span['since'] - 3600}")[0] == 404


def test_accounts_of_the_past_want_a_recording(server: Server) -> None:
    status, _, body = server.ask("/api/v1/load?at=1000000000")
    assert status == 404
    assert "jinmaek record" in json.loads(body)["error"]


def test_a_recording_has_figures(recorded: Server) -> None:
    host = recorded.get("/api/v1/host")
    assert host["live"] is False
    span = host["span"]
    told = recorded.get(f"/api/v1/history?since={span['since']}&until={span['until']}")
    (load,) = [one for one in told["charts"] if one["id"] == "load"]
    assert any(value is not None for value in load["series"][0]["values"])
    middle = (span["since"] + span["until"]) / 2
    then = recorded.get(f"/api/v1/processes?at={middle}")
    assert then["time"] <= middle
    assert then["processes"]


def test_any_question_of_the_schema_is_answered_as_it_says(server: Server) -> None:
    """Schemathesis, some dozens of examples: right and wrong parameters of every kind."""
    schemathesis = needed("schemathesis")
    checks = needed("schemathesis.specs.openapi.checks")

    schema = schemathesis.openapi.from_dict(document())
    for result in schema.get_all_operations():
        operation = result.ok()
        name = operation.path.rpartition("/")[2]
        if name in ("events", "load", "swap"):
            continue  # without end, and watched for seconds: each has a test of its own
        examples = 3 if name == "memory" else 12

        @given(case=operation.as_strategy())
        @settings(
            max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None
        )
        def ask(case: Any) -> None:
            answer = case.call(base_url=server.url, timeout=120)
            # That until is after since, and that nothing is known of most moments, no schema can say.
            case.validate_response(answer, excluded_checks=[checks.positive_data_acceptance])

        ask()
