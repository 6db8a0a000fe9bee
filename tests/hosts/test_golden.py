"""Captures of hosts in a known condition, and what the diagnosis makes of each: nothing changes unseen."""

from __future__ import annotations

import json
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from jinmaek.diagnosis.pulse import of_tree
from jinmaek.lab import experiments
from jinmaek.root import Root
from jinmaek.rules import rules

HERE = Path(__file__).parent
HOSTS = sorted(path.name.removesuffix(".tar.xz") for path in HERE.glob("*.tar.xz"))


def report(name: str) -> dict[str, Any]:
    """What is found on a captured host: rule, severity, subject and who is named first; and what is fine."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(HERE / f"{name}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        said = of_tree(rules(), Root(f"{folder}/{name}"), "en")
    return {
        "findings": [
            {
                "rule": found.rule,
                "severity": found.severity,
                "subject": dict(found.subject),
                "first": [found.culprits[0].kind, found.culprits[0].pid] if found.culprits else None,
            }
            for found in said.findings
        ],
        "fine": sorted({quiet.rule for quiet in said.quiet if quiet.reason}),
        "unknown": sorted({unknown.rule for unknown in said.unknown}),
    }


def golden(name: str) -> Path:
    return HERE / f"{name}.json"


@pytest.mark.parametrize("name", HOSTS)
def test_the_report_is_what_it_was(name: str) -> None:
    assert report(name) == json.loads(golden(name).read_text())


@pytest.mark.parametrize("name", HOSTS)
def test_what_was_made_is_found_unless_it_takes_more_than_one_reading(name: str) -> None:
    (one,) = [one for one in experiments() if one.name == name]
    told = json.loads(golden(name).read_text())
    found = {finding["rule"] for finding in told["findings"]}
    for want in one.expects:
        assert want.rule in found | set(told["unknown"])
    if one.healthy:
        alarming = [each for each in told["findings"] if each["severity"] in ("warning", "critical")]
        assert alarming == []


def test_there_are_hosts_in_trouble_and_healthy_ones() -> None:
    healthy = [one.name for one in experiments() if one.healthy and one.name in HOSTS]
    assert len(healthy) >= 3
    assert len(HOSTS) - len(healthy) >= 4


if __name__ == "__main__":
    for host in HOSTS:
        golden(host).write_text(json.dumps(report(host), indent=1, sort_keys=True) + "\n")
