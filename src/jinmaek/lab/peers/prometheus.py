"""A Prometheus with node_exporter and the alerts of a rule file: as they are, and in their best case."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from jinmaek.lab.bench import Bench
from jinmaek.lab.peers.peer import SHORT, Alarm, NoAnswer, Peer, answering, free_port, get, program, started
from jinmaek.lab.sentence import CannotMake, say

WINDOW = re.compile(r"\[(\d+)([smhd])\]")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
JOB = "node"
"""What the alerts of node_exporter call it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of the file: its expression, with the windows it has and with short ones."""

    name: str
    shortened: str


def peers(bench: Bench, alerts: str) -> tuple[Peer, Peer]:
    """The same Prometheus, asked in two ways. Raises ``CannotMake``."""
    exporter, server = program("prometheus-node-exporter"), program("prometheus")
    port, metrics = free_port(), free_port()
    started(bench, exporter, f"--web.listen-address=127.0.0.1:{metrics}", "--log.level=error")
    started(
        bench,
        server,
        f"--config.file={_configured(bench.folder, alerts, metrics)}",
        f"--storage.tsdb.path={bench.folder}/prometheus",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    )
    answering("prometheus", port, "/api/v1/query?query=1")
    found = _alerts(get(port, "/api/v1/rules?type=alert"))
    if not found:
        raise CannotMake("{path} has no alerts", path=alerts)
    version = get(port, "/api/v1/status/buildinfo")["data"]["version"]
    name = os.path.basename(alerts)
    return (
        Peer(name, version, say("as shipped"), partial(_firing, port)),
        Peer(
            name,
            version,
            say(
                "at its best: expressions alone, without for, windows of at most {time}",
                time=(SHORT, "seconds"),
            ),
            partial(_holding, port, found),
        ),
    )


def _configured(folder: str, alerts: str, metrics: int) -> str:
    """The configuration, in JSON, which is YAML too."""
    path = f"{folder}/prometheus.yml"
    told: Mapping[str, Any] = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [os.path.abspath(alerts)],
        "scrape_configs": [
            {"job_name": JOB, "static_configs": [{"targets": [f"127.0.0.1:{metrics}"]}]},
        ],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(told, file)
    return path


def _alerts(answer: Any) -> tuple[Alert, ...]:
    return tuple(
        Alert(rule["name"], shortened(rule["query"]))
        for group in answer["data"]["groups"]
        for rule in group["rules"]
    )


def shortened(query: str) -> str:
    """An expression that looks back no further than a look of the lab."""
    return WINDOW.sub(_cut, query)


def _cut(window: re.Match[str]) -> str:
    return f"[{min(SHORT, int(window[1]) * SECONDS[window[2]])}s]"


def _firing(port: int, since: float, until: float) -> tuple[Alarm, ...]:
    series = _range(port, 'ALERTS{alertstate="firing"}', since, until)
    return tuple(sorted({Alarm(one["metric"]["alertname"]) for one in series}, key=lambda one: one.name))


def _holding(port: int, alerts: tuple[Alert, ...], since: float, until: float) -> tuple[Alarm, ...]:
    return tuple(
        Alarm(name)
        for name in sorted(
            {one.name for one in alerts if _range(port, one.shortened, since, until)},
        )
    )


def _range(port: int, query: str, since: float, until: float) -> Any:
    asked = urlencode({"query": query, "start": f"{since:.3f}", "end": f"{until:.3f}", "step": "1"})
    answer = get(port, f"/api/v1/query_range?{asked}")
    if answer["status"] != "success":
        raise NoAnswer(str(answer.get("error")))
    return answer["data"]["result"]
