"""Real engines on ports of their own on the loopback, with their data in a folder of the test's."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Find = Callable[[str], str]
"""The path of a program, or a skip."""
READY = 120.0


@dataclass(frozen=True, slots=True)
class Started:
    """A program that listens."""

    url: str
    pid: int


def free_port() -> int:
    """A port of the loopback nobody has, below those that the kernel gives to whoever connects somewhere."""
    range_of_others = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    below = max(1024 + 1000, min(int(range_of_others[0]), 1 << 16))
    for _ in range(1000):
        port = random.randrange(1024, below)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port
    raise AssertionError("no port is free")


_given: set[int] = set()


@contextlib.contextmanager
def running(words: Sequence[str], folder: Path, url: str, ready: str) -> Iterator[Started]:
    """A program until the end of the block; ``ready`` is the path that answers once it can be used."""
    name = Path(words[0]).name
    log = folder / f"{name}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, cwd=folder, stdin=subprocess.DEVNULL)
    try:
        _await(process, url + ready, log)
        yield Started(url, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + READY
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(url, timeout=10),
        ):
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer: {log.read_text(errors='replace')[-2000:]}")


@contextlib.contextmanager
def prometheus(find: Find, folder: Path, config: str = "", flags: Sequence[str] = ()) -> Iterator[Started]:
    """Prometheus, with the blocks that ``folder``/data already holds."""
    listen = f"127.0.0.1:{free_port()}"
    (folder / "prometheus.yml").write_text(config or "global: {}\n")
    words = [
        find("prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address={listen}",
        *flags,
    ]
    with running(words, folder, f"http://{listen}", "/-/ready") as started:
        yield started


@contextlib.contextmanager
def victoria(find: Find, folder: Path, flags: Sequence[str] = ()) -> Iterator[Started]:
    """VictoriaMetrics, one node."""
    listen = f"127.0.0.1:{free_port()}"
    words = [
        find("victoria-metrics"),
        f"-storageDataPath={folder}/vm",
        f"-httpListenAddr={listen}",
        "-retentionPeriod=10y",
        *flags,
    ]
    with running(words, folder, f"http://{listen}", "/health") as started:
        yield started


@contextlib.contextmanager
def vmalert(find: Find, folder: Path, source: str, rules: Path) -> Iterator[Started]:
    """What evaluates rules for VictoriaMetrics, every second, and tells nobody."""
    listen = f"127.0.0.1:{free_port()}"
    words = [
        find("vmalert"),
        f"-rule={rules}",
        f"-datasource.url={source}",
        "-notifier.url=http://127.0.0.1:9",
        "-evaluationInterval=1s",
        f"-httpListenAddr={listen}",
    ]
    with running(words, folder, f"http://{listen}", "/health") as started:
        yield started


@contextlib.contextmanager
def node_exporter(find: Find, folder: Path, flags: Sequence[str] = ()) -> Iterator[Started]:
    listen = f"127.0.0.1:{free_port()}"
    words = [find("prometheus-node-exporter"), f"--web.listen-address={listen}", *flags]
    with running(words, folder, f"http://{listen}", "/") as started:
        yield started


@contextlib.contextmanager
def process_exporter(find: Find, folder: Path) -> Iterator[Started]:
    listen = f"127.0.0.1:{free_port()}"
    config = folder / "processes.yml"
    config.write_text('process_names:\n  - name: "{{.Comm}}"\n    cmdline: [".+"]\n')
    words = [
        find("prometheus-process-exporter"),
        f"-web.listen-address={listen}",
        f"-config.path={config}",
        "-gather-smaps=false",
    ]
    with running(words, folder, f"http://{listen}", "/") as started:
        yield started


def await_scrape(url: str, query: str = "up == 1", *, ago: float = 0.0) -> float:
    """Wait until an engine has an answer to a query, and give the time of the sample.

    ``ago`` asks for so many seconds before now: a scrape that goes on may still be written down as of a time
    that has passed, and be one that failed.
    """
    end = time.monotonic() + READY
    while time.monotonic() < end:
        asked = {"query": query, **({"time": f"{time.time() - ago:.3f}"} if ago else {})}
        text = urllib.parse.urlencode(asked)
        with urllib.request.urlopen(f"{url}/api/v1/query?{text}", timeout=60) as answer:
            result = json.load(answer)["data"]["result"]
        if result:
            return float(result[0]["value"][0])
        time.sleep(0.1)
    raise AssertionError(f"{url} has nothing to {query}")


Sample = tuple[str, dict[str, str], Sequence[tuple[float, float]]]
"""Metric, labels, (seconds, value)."""


def import_into_victoria(url: str, samples: Iterable[Sample]) -> None:
    """Write the past of an engine, and wait until it can be asked for."""
    body = "\n".join(
        json.dumps(
            {
                "metric": {"__name__": name, **labels},
                "values": [value for _, value in points],
                "timestamps": [round(time * 1000) for time, _ in points],
            }
        )
        for name, labels, points in samples
        if points
    )
    post(f"{url}/api/v1/import", body.encode())
    post(f"{url}/internal/force_flush", b"")


def post(url: str, body: bytes) -> bytes:
    request = urllib.request.Request(url, data=body, method="POST")
    with urllib.request.urlopen(request, timeout=120) as answer:
        told: bytes = answer.read()
        return told


def blocks_for_prometheus(find: Find, folder: Path, samples: Iterable[Sample]) -> None:
    """Write the past of a Prometheus that is started in ``folder`` afterwards."""
    by_name: dict[str, list[str]] = {}
    for name, labels, points in samples:
        of = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines = by_name.setdefault(name, [f"# TYPE {name} unknown"])
        lines += [f"{name}{{{of}}} {value!r} {time!r}" for time, value in points]
    text = folder / "past.txt"
    text.write_text("\n".join(line for lines in by_name.values() for line in lines) + "\n# EOF\n")
    words = [find("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "data")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    text.unlink()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def installed(tool: str) -> str:
    """``Find`` outside of tests: fails where a program is missing."""
    path = shutil.which(tool)
    assert path is not None, f"{tool} is not installed here"
    return path
