"""One bad state made real here: the agent says so, exported rules fire on it, fleet and diagnose agree."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.agent.agents import agent
from tests.engines import await_scrape, prometheus
from tests.fleet.test_export import soon
from tests.tasks.children import ZOMBIES, child

from jinmaek.cli.main import main
from jinmaek.diagnosis.fleet.scope import Scope
from jinmaek.diagnosis.fleet.survey import survey
from jinmaek.history.prometheus.access import Access
from jinmaek.history.prometheus.http import Engine
from jinmaek.rules import rules

pytest.importorskip("urllib3", reason="the extra fleet is not installed")
pytest.importorskip("uvicorn", reason="the extra web is not installed")
pytestmark = pytest.mark.kernel

RULE = "process.zombies"
WINDOW = 15
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: jinmaek
    static_configs: [{{targets: ["{target}"]}}]
rule_files: ["{rules}"]
"""


def firing(url: str) -> set[str]:
    with urllib.request.urlopen(f"{url}/api/v1/alerts", timeout=60) as answer:
        alerts = json.load(answer)["data"]["alerts"]
    return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}


def test_zombies(peer: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "export", "--window", f"{WINDOW}s"]) == 0
    file = soon(capsys.readouterr().out, tmp_path / "rules.yml")
    # What was there before anybody looked is held for as long as was looked.
    with (
        child(ZOMBIES.replace("sleep(60)", "sleep(3600)"), "120") as parent,
        agent(tmp_path, ["--judge", "1s"]) as one,
    ):
        target = one.url.removeprefix("http://")
        with prometheus(peer, tmp_path, CONFIG.format(target=target, rules=file)) as engine:
            await_scrape(engine.url, f'jinmaek_zombies{{ppid="{parent}"}} >= 120')
            one.wait_for(f'jinmaek_rule_state{{rule="{RULE}",state="finding"}}')
            # What the agent tells is all that rules need: nobody is missed, and no source of which there is
            # nothing here.
            empty = one.value('jinmaek_agent_rows{table="edac"}') == 0
            wrong = {"sources.host-blind", "sources.no-hosts", *(("sources.absent.edac",) if empty else ())}
            end = time.monotonic() + 120
            while RULE not in (told := firing(engine.url)) or told & wrong:
                assert time.monotonic() < end, told
                time.sleep(0.5)
            time.sleep(2)
            # A scrape may take too long here: what is asked is of a time at which none had for a while.
            at = await_scrape(engine.url, f"min_over_time(up[{WINDOW}s]) == 1", ago=2)
            chosen = tuple(replace(rule, held=0.0) for rule in rules() if rule.id == RULE)
            fleet = survey(Engine(Access(engine.url)), Scope(window=WINDOW), chosen, at, None, "en")
            every = survey(Engine(Access(engine.url)), Scope(window=WINDOW), rules(), at, None, "en")
            assert main(["diagnose", "--for", "3s", "--json"]) == 0
            here = json.loads(capsys.readouterr().out)
            source = ["--prometheus", engine.url, "--host", target, "--at", f"@{at}"]
            assert main(["diagnose", "--json", *source]) == 0
            past = json.loads(capsys.readouterr().out)
        lacking = {ref.table for lack in every.unjudged for ref in lack.columns}
        assert not empty or "edac" not in lacking | {
            gap["column"].partition(".")[0] for gap in past["unknown"]
        }
        there = {(found.finding.rule, dict(found.finding.subject).get("ppid")) for found in fleet.findings}
        assert there == {(RULE, str(parent))}
        assert fleet.hosts == (target,)
        (one_found,) = fleet.findings
        zombies = Path(f"/proc/{parent}/comm").read_text().strip()
        assert zombies in {culprit.name for culprit in one_found.finding.culprits}, (
            "groups of the agent name them"
        )
        found = {(told["rule"], str(told["subject"].get("ppid"))) for told in here["findings"]}
        assert (RULE, str(parent)) in found
