"""``jinmaek fleet`` on 1,000 and 5,000 synthetic hosts in VictoriaMetrics.

    python -m bench.fleet [--hosts 1000 5000] [--hours 6] [--step 60] [--rounds 3] [--folder DIR]

Fills an engine of its own with the series of stock node_exporters, some hundreds of each host, with
conditions planted in twelve of each hundred, and asks it for all rules at once. Prints medians of whole
runs: wall time, CPU time of ours and of the engine, peak memory of ours, and how many of the planted
conditions were missed, and how many findings nobody planted. A folder that already holds the fleet asked for
is not filled again.
The exit status is 1 where a condition is missed or made up, or 1,000 hosts take longer than they may.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bench.synthetic_hosts import SCENARIOS, Host, fleet, lines
from tests.engines import Started, installed, post, victoria

END = 1_790_000_000.0
"""When the fleet is looked at: seconds since the epoch."""
PER_HUNDRED = 1
CHUNK = 8 << 20
WALL, OURS = 5.0, 0.1
"""Seconds that 1,000 hosts may take, and which part of that our own CPU."""
TICK = os.sysconf("SC_CLK_TCK")


def fill(url: str, hosts: Sequence[Host], moments: int, step: float) -> None:
    """Write the past of every host."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=600)
    chunk: list[bytes] = []
    size = 0
    for number, host in enumerate(hosts):
        for line in _lines(host, moments, step):
            chunk.append(line)
            size += len(line)
        if size > CHUNK or number == len(hosts) - 1:
            connection.request("POST", "/api/v1/import", b"\n".join(chunk))
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 204, answer.status
            chunk, size = [], 0
            if sys.stderr.isatty():
                print(f"\rfilling: {number + 1:,} of {len(hosts):,} hosts", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    post(f"{url}/internal/force_flush", b"")
    post(f"{url}/internal/force_merge", b"")


BLOBS: dict[tuple[str | None, int], list[tuple[bytes, bytes]]] = {}
"""Of a kind of host: the labels of each series, and its values and times, both in JSON."""


def _lines(host: Host, moments: int, step: float) -> Iterator[bytes]:
    kind = host.scenario, host.variant
    if kind not in BLOBS:
        BLOBS[kind] = [
            (
                "".join(f',"{k}":"{v}"' for k, v in (("__name__", one.name), *one.labels)).encode(),
                _blob(one.values, step),
            )
            for one in (*lines(host.scenario, host.variant, moments, step, END),)
        ]
    target = f'{{"metric":{{"instance":"{host.name}","job":"node"'.encode()
    for labels, blob in BLOBS[kind]:
        yield b"".join((target, labels, b"}", blob))
    yield b"".join((target, b',"__name__":"up"}', _up(moments, step, host)))


def _blob(values: Sequence[float | None], step: float) -> bytes:
    times = [round((END - (len(values) - 1 - place) * step) * 1000) for place in range(len(values))]
    there = [(value, time) for value, time in zip(values, times, strict=True) if value is not None]
    numbers = ",".join(
        f"{value:g}" if value == int(value) and value < 1e6 else repr(value) for value, _ in there
    )
    return f',"values":[{numbers}],"timestamps":[{",".join(str(time) for _, time in there)}]}}'.encode()


def _up(moments: int, step: float, host: Host) -> bytes:
    silent = SCENARIOS[host.scenario].lasts if host.scenario and SCENARIOS[host.scenario].blind else 0
    return _blob([float((moments - 1 - place) * step >= silent) for place in range(moments)], step)


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICK


def _peaks(pid: int, peaks: list[float], over: threading.Event) -> None:
    """The peaks of the resident memory of a process, in KiB. That of rusage has its parent's in it."""
    while not over.wait(0.02):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text().splitlines()
            peaks += [float(line.split()[1]) for line in status if line.startswith("VmHWM:")]


def measured(engine: Started, more: Sequence[str]) -> tuple[dict[str, object], dict[str, float]]:
    """One run of ``jinmaek fleet``: what it says, and what it cost."""
    words = [sys.executable, "-m", "jinmaek", "fleet", "--prometheus", engine.url, "--at", f"@{END}", *more]
    before, wall = cpu_of(engine.pid), time.monotonic()
    with subprocess.Popen([*words, "--json"], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        peaks: list[float] = []
        over = threading.Event()
        watch = threading.Thread(target=_peaks, args=(run.pid, peaks, over))
        watch.start()
        said = run.stdout.read()
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        over.set()
        watch.join()
    assert run.returncode == 0, run.returncode
    return json.loads(said), {
        "wall": time.monotonic() - wall,
        "ours": usage.ru_utime + usage.ru_stime,
        "engine": cpu_of(engine.pid) - before,
        "rss": max(peaks, default=0.0) / 1024,
    }


def wrong(said: dict[str, object], hosts: Sequence[Host]) -> tuple[set[object], set[object]]:
    """Conditions that were missed, and findings that nobody planted."""
    planted: set[object] = set()
    for host in hosts:
        if host.scenario is not None:
            scenario = SCENARIOS[host.scenario]
            planted |= {(host.name, rule, severity) for rule, severity in scenario.found.items()}
            planted |= {(host.name, "blind")} if scenario.blind else set()
    findings: list[dict[str, str]] = said["findings"]  # type: ignore[assignment]
    blind: list[dict[str, str]] = said["blind"]  # type: ignore[assignment]
    found: set[object] = {(one["host"], one["rule"], one["severity"]) for one in findings}
    found |= {(one["host"], "blind") for one in blind}
    return planted - found, found - planted


def bench(count: int, args: argparse.Namespace, folder: Path) -> bool:
    hosts = fleet(count, max(1, count // 100 * PER_HUNDRED))
    moments = int(args.hours * 3600 / args.step)
    done = folder / f"filled-{count}-{moments}-{args.step:g}"
    with victoria(installed, folder, ("-memory.allowedBytes=2GiB",)) as engine:
        if not done.exists():
            began = time.monotonic()
            fill(engine.url, hosts, moments, args.step)
            done.touch()
            print(
                f"{count:,} hosts x {args.hours:g} h every {args.step:g} s: {time.monotonic() - began:.0f} s"
            )
        runs = [measured(engine, args.more) for _ in range(args.rounds + 1)]
    said = runs[-1][0]
    medians = {name: statistics.median(cost[name] for _, cost in runs[1:]) for name in runs[0][1]}
    missed, made_up = wrong(said, hosts)
    print(
        f"{count:>6,} hosts: {medians['wall']:.2f} s (first {runs[0][1]['wall']:.2f} s), "
        f"ours {medians['ours']:.2f} s CPU ({medians['ours'] / medians['wall']:.0%}), "
        f"engine {medians['engine']:.2f} s CPU, {medians['rss']:.0f} MiB; "
        f"{len(said['findings'])} findings, missed {len(missed)}, made up {len(made_up)}"  # type: ignore[arg-type]
    )
    for name, ones in (("missed", missed), ("made up", made_up)):
        for one in sorted(ones, key=repr)[:10]:
            print(f"  {name}: {one}")
    late = count == 1000 and (medians["wall"] > WALL or medians["ours"] > OURS * WALL)
    return not (missed or made_up or late)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--step", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the engine's data here")
    parser.add_argument("more", nargs="*", help="options of jinmaek fleet")
    args = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        for count in args.hosts:
            folder = (args.folder or Path(scratch)) / str(count)
            folder.mkdir(parents=True, exist_ok=True)
            good = bench(count, args, folder) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
