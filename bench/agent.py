"""What a scrape of the agent costs beside node_exporter in the same run, and how many series it has.

    python bench/agent.py [--processes 300 10000] [--scrapes 60] [--seconds 60]

Starts idle processes until the host has so many, the agent and node_exporter, scrapes both every second, and
prints for each: series, bytes, CPU of a scrape (of the agent what its thread that answers used, of the other
what the process used more than in as long without scrapes), and all it uses as a share of one core.
The exit status is 1 where a scrape of the agent takes more than 50 ms of CPU, or where it has more series
with more processes than with fewer.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.agent.agents import agent
from tests.engines import installed, node_exporter

TICK = os.sysconf("SC_CLK_TCK")
MOST = 0.050
ANSWERED = re.compile(rb'^jinmaek_agent_thread_cpu_seconds_total{thread="http"} (\S+)$', re.MULTILINE)


@dataclass
class Told:
    name: str
    series: int
    size: int
    scrape: float
    """CPU seconds."""
    share: float
    """Of one core, scraped once a second."""
    resident: int


def used(pid: int) -> float:
    """CPU seconds, to the nanosecond where the kernel tells, of all threads."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def scraped(url: str) -> bytes:
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        body: bytes = answer.read()
        return body


def measured(name: str, url: str, pid: int, scrapes: int, quiet: float) -> Told:
    scraped(url)
    before = used(pid)
    time.sleep(quiet)
    alone = (used(pid) - before) / quiet
    start = ANSWERED.search(scraped(url))
    first = float(start[1]) if start else 0.0
    before, began, body = used(pid), time.monotonic(), b""
    for n in range(scrapes):
        body = scraped(url)
        time.sleep(max(0.0, began + n + 1 - time.monotonic()))
    wall = time.monotonic() - began
    busy = used(pid) - before
    series = sum(1 for line in body.splitlines() if line and not line.startswith(b"#"))
    answered = ANSWERED.search(body)
    more = float(answered[1]) - first if answered else max(0.0, busy - alone * wall)
    return Told(name, series, len(body), more / scrapes, busy / wall, resident(pid))


@contextlib.contextmanager
def idle(count: int) -> Iterator[None]:
    """Sleepers with names of their own, until the host has so many processes."""
    pids: list[int] = []
    try:
        for n in range(max(0, count - sum(name.isdigit() for name in os.listdir("/proc")))):
            pid = os.fork()
            if pid == 0:
                Path("/proc/self/comm").write_text(f"sleeper-{n}")
                signal.pause()
                os._exit(0)
            pids.append(pid)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, nargs="+", default=[300, 10_000])
    parser.add_argument("--scrapes", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=60.0)
    args = parser.parse_args()
    peer = shutil.which("prometheus-node-exporter")
    print(f"{'processes':>9}  {'':<22} {'series':>7} {'KiB':>6} {'scrape CPU':>11} {'core':>7} {'MiB':>6}")
    series, failed = [], False
    for count in args.processes:
        with idle(count), tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
            place = Path(folder)
            ours = running.enter_context(agent(place))
            told = [measured("jinmaek agent", ours.url, ours.process.pid, args.scrapes, args.seconds)]
            if peer:
                flags = ["--collector.processes", "--collector.vmstat.fields=.*"]
                for name, more in (("node_exporter", []), ("node_exporter, as much", flags)):
                    theirs = running.enter_context(node_exporter(installed, place, more))
                    told.append(measured(name, theirs.url, theirs.pid, args.scrapes, args.seconds / 4))
        for one in told:
            print(
                f"{count:>9,}  {one.name:<22} {one.series:>7,} {one.size / 1024:>6.0f}"
                f" {one.scrape * 1000:>8.1f} ms {one.share:>7.2%} {one.resident / (1 << 20):>6.0f}"
            )
        series.append(told[0].series)
        failed = failed or told[0].scrape > MOST
    # Labels of a few tables differ from one moment to the next: who waits where, who has zombies.
    grown = series[-1] > series[0] + 200
    if failed or grown:
        print("above what is promised: 50 ms of CPU a scrape, as many series with more processes")
    return int(failed or grown)


if __name__ == "__main__":
    sys.exit(main())
