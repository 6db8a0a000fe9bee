"""The catalogue as files of other programs: they load, and what is planted fires there, and no more."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from bench.synthetic_hosts import SCENARIOS
from tests.engines import blocks_for_prometheus, import_into_victoria, prometheus, victoria, vmalert
from tests.fleet.planted import HOSTS, OLD, samples

from jinmaek.cli.main import main
from jinmaek.rules import rules

FIRES = {
    (host.name, rule)
    for host in HOSTS
    if host.scenario
    for rule in (*SCENARIOS[host.scenario].found, *SCENARIOS[host.scenario].benign)
}
BLIND = next(host.name for host in HOSTS if host.scenario == "silent")


def exported(capsys: pytest.CaptureFixture[str], form: str, *more: str) -> str:
    assert main(["rules", "export", "--format", form, *more]) == 0
    return capsys.readouterr().out


def checked(words: list[str], text: str, file: Path) -> None:
    file.write_text(text)
    run = subprocess.run([*words], capture_output=True, check=False, timeout=300)
    assert run.returncode == 0, (run.stdout + run.stderr).decode()[-2000:]


@pytest.mark.parametrize("more", [[], ["--by", "cluster,instance", "--lang", "ko", "--window", "2m"]])
def test_promtool_takes_the_rule_file(
    peer: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    file = tmp_path / "rules.yml"
    checked(
        [peer("promtool"), "check", "rules", "--lint-fatal", str(file)],
        exported(capsys, "prometheus", *more),
        file,
    )


def test_vmalert_takes_its_own(
    peer: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rules.yml"
    checked([peer("vmalert"), "-dryRun", f"-rule={file}"], exported(capsys, "vmalert"), file)


def test_the_object_for_kubernetes_holds_the_same_groups(
    peer: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = yaml.safe_load(exported(capsys, "kubernetes"))
    assert (whole["apiVersion"], whole["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", whole["metadata"]["name"])
    assert whole["spec"] == yaml.safe_load(exported(capsys, "prometheus"))


def test_every_source_that_a_rule_cannot_do_without_has_an_alert(capsys: pytest.CaptureFixture[str]) -> None:
    groups = yaml.safe_load(exported(capsys, "prometheus"))["groups"]
    (sources,) = [group for group in groups if group["name"] == "sources"]
    names = {alert["alert"] for alert in sources["rules"]}
    assert {"sources.host-blind", "sources.no-hosts", "sources.absent.pressure_memory"} <= names
    said = " ".join(alert["annotations"]["description"] for alert in sources["rules"])
    assert [rule.id for rule in rules() if rule.id not in said] == []


def soon(text: str, file: Path) -> Path:
    """The same rules, which fire at once: there is no time to wait."""
    file.write_text(re.sub(r"(?m)^        (for|keep_firing_for): .*\n", "", text))
    return file


def firing(url: str) -> set[tuple[str, str]]:
    with urllib.request.urlopen(f"{url}/api/v1/alerts", timeout=60) as answer:
        alerts = json.load(answer)["data"]["alerts"] or ()
    return {
        (one["labels"].get("instance", ""), one["labels"]["alertname"])
        for one in alerts
        if one["state"] == "firing"
    }


def settled(url: str) -> set[tuple[str, str]]:
    """What fires once all that should does, and every group had the time to be evaluated once more."""
    wanted = {*FIRES, (BLIND, "sources.host-blind"), (OLD, "sources.absent.pressure_memory")}
    end = time.monotonic() + 120
    while time.monotonic() < end and not firing(url) >= wanted:
        time.sleep(0.3)
    time.sleep(2)
    return firing(url)


def right(told: set[tuple[str, str]]) -> None:
    assert {one for one in told if not one[1].startswith("sources.")} == FIRES
    about = {one for one in told if one[1].startswith("sources.")}
    assert {host for host, name in about if name == "sources.host-blind"} == {BLIND}
    lacking = {host for host, name in about if name == "sources.absent.pressure_memory"}
    assert lacking == {OLD}
    assert "sources.no-hosts" not in {name for _, name in about}


def test_what_is_planted_fires_in_prometheus(
    peer: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soon(exported(capsys, "prometheus"), tmp_path / "rules.yml")
    blocks_for_prometheus(peer, tmp_path, samples(float(int(time.time()))))
    config = f"global: {{evaluation_interval: 1s}}\nrule_files: [{tmp_path}/rules.yml]\n"
    with prometheus(peer, tmp_path, config) as engine:
        right(settled(engine.url))


def test_what_is_planted_fires_in_vmalert(
    peer: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = soon(exported(capsys, "vmalert"), tmp_path / "rules.yml")
    # VictoriaMetrics answers for 30 s ago where it may: new samples are still on their way.
    with victoria(peer, tmp_path, ["-search.latencyOffset=0s"]) as engine:
        # It takes a host for gone soon after its last sample: they go on while this is looked at.
        import_into_victoria(engine.url, samples(float(int(time.time())) + 90))
        with vmalert(peer, tmp_path, engine.url, file) as alerts:
            right(settled(alerts.url))


def test_the_dashboard_has_a_panel_for_every_rule(
    peer: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = json.loads(exported(capsys, "grafana", "--lang", "ko"))
    first, *rows = whole["panels"]
    panels = [panel for row in rows for panel in row["panels"]]
    assert len(panels) == len(first["targets"]) == len(rules())
    ids = [panel["id"] for panel in (*whole["panels"], *panels)]
    assert len(set(ids)) == len(ids)
    targets = [target for panel in (first, *panels) for target in panel["targets"]]
    for panel in (first, *panels):
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    # Every query is PromQL: promtool reads them as the rules of a file.
    recorded = [
        {"record": f"dashboard:{number}", "expr": target["expr"]} for number, target in enumerate(targets)
    ]
    file = tmp_path / "queries.yml"
    text = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]})
    checked([peer("promtool"), "check", "rules", str(file)], text, file)
    assert all('instance=~"$host"' in target["expr"] for target in targets)


def test_a_vmalert_that_knows_it_lets_alerts_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert "keep_firing_for" not in exported(capsys, "vmalert")
    assert exported(capsys, "vmalert", "--keep-firing") == exported(capsys, "prometheus")
