"""A real Prometheus for the modules that want one, with this host and a captured one in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conftest import CAPTURES
from tests.engines import await_scrape, node_exporter, prometheus

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ["{this}", "{captured}"]}}]
"""


@dataclass(frozen=True, slots=True)
class Scraped:
    """``this`` and ``captured`` are the names of the hosts, ``at`` a time at which both were scraped."""

    url: str
    this: str
    captured: str
    tree: Path
    at: float


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory, peer: Callable[[str], str]) -> Iterator[Scraped]:
    one, two, three = (tmp_path_factory.mktemp(name) for name in ("this-host", "captured", "prometheus"))
    tree = CAPTURES / "6.12"
    with (
        node_exporter(peer, one, ["--collector.processes"]) as live,
        node_exporter(peer, two, ["--collector.processes", f"--path.procfs={tree}/proc"]) as past,
    ):
        this, captured = (started.url.removeprefix("http://") for started in (live, past))
        with prometheus(peer, three, CONFIG.format(this=this, captured=captured)) as engine:
            at = await_scrape(engine.url, "count(node_load1) == 2", ago=2)
            yield Scraped(engine.url, this, captured, tree, at)
