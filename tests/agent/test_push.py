"""Real engines that go away and come back: nothing is lost, and what ends is ended."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.agent.agents import agent
from tests.agent.receiver import answer, receiving
from tests.engines import Started, free_port, post, prometheus, victoria
from tests.tasks.children import until

from jinmaek.agent.push.otlp import Otlp, endpoint
from jinmaek.agent.push.queue import Queue
from jinmaek.agent.push.remote_write import STALE, RemoteWrite
from jinmaek.agent.push.sender import Form, Sender, Target
from jinmaek.views.openmetrics.series import Family, Samples, series

for library in ("cramjam", "google.protobuf", "opentelemetry.proto", "urllib3"):
    pytest.importorskip(library, reason="the extra push is not installed")

LABELS = {"instance": "web-7", "job": "jinmaek"}
CPU = Family("node_cpu_seconds_total", "counter", "CPU time")
LOAD = Family("node_load1", "gauge", "load")
PGFAULT = Family("node_vmstat_pgfault", "untyped", "faults")
GONE = Family("jinmaek_gone", "gauge", "a series that ends")
STEP, BATCHES = 15, 40
"""Ten minutes of pushes."""


def samples(n: int) -> Samples:
    told: Samples = [
        (series(CPU, {"cpu": "0", "mode": "user"}), 100.0 + n),
        (series(LOAD, {}), n / 4),
        (series(PGFAULT, {}), 1000 + n),
        (series(LOAD, {"name": 'a "b" \\ 진맥\n'}), 1),
    ]
    return told if n >= BATCHES // 2 else [*told, (series(GONE, {}), 1)]


def sender(folder: Path, url: str, form: Form, said: list[str]) -> Sender:
    queue = Queue(str(folder / "queue"), most_bytes=1 << 24, oldest=86_400.0)
    return Sender(Target(url), form, queue, list, STEP, said.append)


def filled(one: Sender, began: float, first: int, end: int) -> None:
    for n in range(first, end):
        one.queue.put(one.form.body(samples(n), began + STEP * n), len(samples(n)), began + STEP * n)


def emptied(one: Sender) -> None:
    """Send all that waits."""
    stop = threading.Event()
    thread = threading.Thread(target=one.send, args=(stop,), daemon=True)
    thread.start()
    end = time.monotonic() + 120
    while len(one.queue) and time.monotonic() < end:
        time.sleep(0.02)
    stop.set()
    one._there.set()
    thread.join(60)
    assert len(one.queue) == 0, (one.failures, one.queue.dropped)


def values(url: str, metric: str, at: float) -> dict[str, list[float]]:
    """All values of the 15 minutes before a moment, by the label ``name``."""
    query = urllib.parse.urlencode({"query": f"{metric}[15m]", "time": f"{at:.3f}", "nocache": "1"})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=60) as answer:
        result = json.load(answer)["data"]["result"]
    assert all(one["metric"]["instance"] == "web-7" for one in result)
    assert all(one["metric"]["job"] == "jinmaek" for one in result)
    return {one["metric"].get("name", ""): [float(value) for _, value in one["values"]] for one in result}


def now(url: str, metric: str, at: float) -> bool:
    query = urllib.parse.urlencode({"query": metric, "time": f"{at:.3f}", "nocache": "1"})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=60) as answer:
        return bool(json.load(answer)["data"]["result"])


def whole(engine: Started, began: float) -> None:
    """Every sample of the ten minutes is there once, under its name and labels."""
    end = began + STEP * BATCHES
    assert values(engine.url, "node_load1", end) == {
        "": [n / 4 for n in range(BATCHES)],
        'a "b" \\ 진맥\\x0a': [1.0] * BATCHES,
    }
    assert values(engine.url, "node_cpu_seconds_total", end)[""] == [100.0 + n for n in range(BATCHES)]
    assert values(engine.url, "node_vmstat_pgfault", end)[""] == [1000.0 + n for n in range(BATCHES)]
    # What ended half way is not taken for there five minutes longer.
    middle = began + STEP * (BATCHES // 2)
    assert now(engine.url, "jinmaek_gone", middle - 1)
    assert not now(engine.url, "jinmaek_gone", middle + 1)


def test_prometheus_away_for_ten_minutes(peer: Callable[[str], str], tmp_path: Path) -> None:
    """Away, then there for half of it, away again, and there; the agent is started anew meanwhile."""
    began, said = time.time() - STEP * BATCHES, list[str]()
    flags = ["--web.enable-remote-write-receiver"]
    away = sender(tmp_path, "http://127.0.0.1:9/api/v1/write", RemoteWrite(LABELS), said)
    filled(away, began, 0, BATCHES)
    first = away.queue.first(time.time())
    assert first is not None
    assert away.attempt(*first, 0) is not None
    away.queue.close()
    with prometheus(peer, tmp_path, flags=flags) as engine:
        one = sender(tmp_path, f"{engine.url}/api/v1/write", RemoteWrite(LABELS), said)
        for _ in range(BATCHES // 2):
            first = one.queue.first(time.time())
            assert first is not None
            assert one.attempt(*first, 0) is None, said
    first = one.queue.first(time.time())
    assert first is not None
    assert one.attempt(*first, 0) is not None
    one.queue.close()
    with prometheus(peer, tmp_path, flags=flags) as engine:
        again = sender(tmp_path, f"{engine.url}/api/v1/write", RemoteWrite(LABELS), said)
        emptied(again)
        whole(engine, began)
        assert sum(again.queue.dropped.values()) == 0
        again.queue.close()


def takes_otlp(url: str) -> None:
    """Skips where this VictoriaMetrics is older than 1.92 and has no such address."""
    try:
        post(url, b"")
    except urllib.error.HTTPError as refused:
        if "unsupported path" in refused.read().decode():
            pytest.skip("this VictoriaMetrics takes no OTLP: it does since 1.92")


@pytest.mark.parametrize("to", ["remote-write", "otlp"])
def test_victoria_away_for_ten_minutes(peer: Callable[[str], str], tmp_path: Path, to: str) -> None:
    began, said = float(round(time.time() - STEP * BATCHES)), list[str]()

    def form() -> Form:
        return RemoteWrite(LABELS) if to == "remote-write" else Otlp(LABELS, began - 1000)

    away = sender(tmp_path, "http://127.0.0.1:9/", form(), said)
    filled(away, began, 0, BATCHES)
    away.queue.close()
    with victoria(peer, tmp_path, ["-search.latencyOffset=0s"]) as engine:
        url = (
            f"{engine.url}/api/v1/write" if to == "remote-write" else endpoint(f"{engine.url}/opentelemetry")
        )
        if to == "otlp":
            takes_otlp(url)
        one = sender(tmp_path, url, form(), said)
        emptied(one)
        assert sum(one.queue.dropped.values()) == 0, said
        post(f"{engine.url}/internal/force_flush", b"")
        whole(engine, began)
        one.queue.close()


def test_prometheus_refuses_what_is_wrong_and_that_is_counted(
    peer: Callable[[str], str], tmp_path: Path
) -> None:
    said: list[str] = []
    with prometheus(peer, tmp_path, flags=["--web.enable-remote-write-receiver"]) as engine:
        one = sender(tmp_path, f"{engine.url}/api/v1/write", RemoteWrite(LABELS), said)
        one.queue.put(b"this is no snappy", 7, time.time())
        first = one.queue.first(time.time())
        assert first is not None
        assert one.attempt(*first, 0) is None
        one.queue.close()
    assert one.queue.dropped["refused"] == 7
    assert "HTTP 400" in said[0]


def test_the_messages_of_remote_write_say_what_they_hold() -> None:
    import cramjam

    form = RemoteWrite(LABELS)
    form.body([(series(GONE, {}), 1)], 999.0)
    request = form._message()
    request.ParseFromString(bytes(cramjam.snappy.decompress_raw(form.body(samples(30), 1000.5))))
    told = {tuple((one.name, one.value) for one in ts.labels): ts.samples[0] for ts in request.timeseries}
    key = (("__name__", "node_load1"), ("instance", "web-7"), ("job", "jinmaek"))
    assert (told[key].value, told[key].timestamp) == (7.5, 1_000_500)
    assert all(list(labels) == sorted(labels) for labels in told)
    ended = (("__name__", "jinmaek_gone"), ("instance", "web-7"), ("job", "jinmaek"))
    assert told[ended].SerializeToString()[1:9] == b"\x02\x00\x00\x00\x00\x00\xf0\x7f"
    assert STALE != STALE


def test_otlp_says_kinds_times_and_who() -> None:
    import gzip

    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsPartialSuccess,
        ExportMetricsServiceRequest,
        ExportMetricsServiceResponse,
    )

    form = Otlp(LABELS, 500.0)
    request = ExportMetricsServiceRequest()
    request.ParseFromString(gzip.decompress(form.body(samples(30), 1000.5)))
    (resource,) = request.resource_metrics
    who = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert who["service.name"] == "jinmaek"
    assert who["service.instance.id"] == who["host.name"] == who["instance"] == "web-7"
    metrics = {one.name: one for one in resource.scope_metrics[0].metrics}
    cpu = metrics["node_cpu_seconds_total"].sum
    assert (cpu.is_monotonic, cpu.aggregation_temporality) == (True, 2)
    assert cpu.data_points[0].start_time_unix_nano == 500_000_000_000
    assert cpu.data_points[0].time_unix_nano == 1_000_500_000_000
    assert len(metrics["node_load1"].gauge.data_points) == 2
    assert metrics["node_vmstat_pgfault"].WhichOneof("data") == "gauge"
    part = ExportMetricsServiceResponse(partial_success=ExportMetricsPartialSuccess(rejected_data_points=3))
    assert form.rejected(part.SerializeToString()) == 3
    assert form.rejected(b"") == form.rejected(b"\xff\xff garbage") == 0


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://c:4318", "http://c:4318/v1/metrics"),
        ("http://c:4318/", "http://c:4318/v1/metrics"),
        ("http://vm:8428/opentelemetry", "http://vm:8428/opentelemetry/v1/metrics"),
        ("http://vm:8428/opentelemetry/v1/metrics", "http://vm:8428/opentelemetry/v1/metrics"),
    ],
)
def test_where_otlp_goes(url: str, found: str) -> None:
    assert endpoint(url) == found


def test_an_agent_sends_both_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Nobody there at first; what waited is sent by the next agent, as the same host."""
    port = free_port()
    words = ["--push-interval", "1s", "--judge", "1s", "--label", "env=test", "--label", "instance=web-7"]
    words += ["--remote-write", f"http://127.0.0.1:{port}/write", "--otlp", f"http://127.0.0.1:{port}"]
    with agent(tmp_path, words) as one:
        for to in ("remote-write", "otlp"):
            until(lambda to=to: len(list((tmp_path / "push" / to).glob("*.batch"))) >= 2, 120)  # type: ignore[misc]
        assert (one.value('jinmaek_push_queue_samples{to="otlp"}') or 0) > 100
    waited = {to: len(list((tmp_path / "push" / to).glob("*.batch"))) for to in ("remote-write", "otlp")}
    with receiving(answer(), port) as receiver, agent(tmp_path, words) as one:
        until(lambda: one.value('jinmaek_push_queue_samples{to="remote-write"}') == 0, 120)
        until(lambda: one.value('jinmaek_push_queue_samples{to="otlp"}') == 0, 120)
        sent = list(zip(receiver.headers, receiver.bodies, strict=True))
    kinds = {to: [body for head, body in sent if head["Content-Encoding"] == kind]
             for to, kind in (("remote-write", "snappy"), ("otlp", "gzip"))}  # fmt: skip
    assert all(len(kinds[to]) >= waited[to] >= 2 for to in waited)
    import cramjam

    request = RemoteWrite(LABELS)._message()
    request.ParseFromString(bytes(cramjam.snappy.decompress_raw(kinds["remote-write"][0])))
    labels = {name.name: name.value for name in request.timeseries[0].labels}
    assert (labels["env"], labels["instance"], labels["job"]) == ("test", "web-7", "jinmaek")
    metrics = {label.value for ts in request.timeseries for label in ts.labels if label.name == "__name__"}
    assert {"node_load1", "jinmaek_rule_state", "node_memory_MemTotal_bytes"} <= metrics
