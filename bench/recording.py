"""What recording costs beside atop and sadc in the same run, and how long questions to a day of it take.

    python bench/recording.py [--processes 300] [--active 40] [--seconds 330] [--no-peers] [--day HOURS]

Starts idle processes until the host has PROCESSES, ACTIVE of which wake every second, and lets `record`,
`atop -w` and `sadc -S XALL` write a sample a second of them for SECONDS. Prints CPU as a share of one core
(with the processes that seal blocks), resident memory and bytes a sample. Then makes a day of what was
recorded and times views and verdicts as whole commands, interpreter and all, medians of five. Run it as
root on a quiet host. The exit status is 1 where something is above what is promised: 1 % of a core, 30 MB,
a fifth of atop's bytes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TICK = os.sysconf("SC_CLK_TCK")
CPU, RESIDENT, BYTES = 0.01, 30e6, 0.2


@dataclass
class Cost:
    name: str
    cpu: float
    resident: float
    """Most, in bytes."""
    size: int


def load(processes: int, active: int) -> int:
    """Start what is missing; the pid of their parent."""
    missing = max(0, processes - sum(name.isdigit() for name in os.listdir("/proc")))
    parent = os.fork()
    if parent:
        return parent
    os.setpgid(0, 0)
    for number in range(missing):
        if not os.fork():
            while True:
                if number >= active:
                    signal.pause()
                sum(range(3000))
                time.sleep(1)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    signal.pause()
    os._exit(0)


def used(pid: int) -> float:
    """CPU seconds of a process and of its children that ended."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, words[11:15])) / TICK


def most(pid: int) -> float:
    """The largest resident memory of a process so far, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024.0


def record(folder: Path, seconds: float, peers: bool) -> tuple[list[Cost], Path]:
    recording = folder / "recording"
    commands: dict[str, tuple[list[str], Path]] = {
        "jinmaek record": (
            [sys.executable, "-m", "jinmaek", "record", "--recording", str(recording)],
            recording,
        )
    }
    if peers and (atop := shutil.which("atop")):
        commands["atop -w"] = ([atop, "-w", str(folder / "atop"), "1"], folder / "atop")
    sadc = next((p for p in ("/usr/lib/sysstat/sadc", "/usr/lib64/sa/sadc") if os.path.exists(p)), None)
    if peers and sadc:
        commands["sadc -S XALL"] = ([sadc, "-S", "XALL", "1", str(folder / "sadc")], folder / "sadc")
    running = {
        name: subprocess.Popen(words, stdout=subprocess.DEVNULL) for name, (words, _) in commands.items()
    }
    try:
        time.sleep(2)
        for name, child in running.items():
            if child.poll() is not None:
                raise SystemExit(f"{name} did not start")
        before = {name: used(child.pid) for name, child in running.items()}
        began = time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        costs = [
            Cost(name, (used(child.pid) - before[name]) / passed, most(child.pid), 0)
            for name, child in running.items()
        ]
    finally:
        for child in running.values():
            child.send_signal(signal.SIGTERM)
            child.wait()
    for cost in costs:
        path = commands[cost.name][1]
        cost.size = sum(p.stat().st_size for p in path.iterdir()) if path.is_dir() else path.stat().st_size
    return costs, recording


def timed(*words: str) -> float:
    """Seconds of a whole command, the median of five."""
    found = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "jinmaek", *words], stdout=subprocess.DEVNULL, check=True)
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=300)
    parser.add_argument("--active", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=330)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--day", type=float, default=24.0)
    args = parser.parse_args()
    missed = []
    with tempfile.TemporaryDirectory(prefix="jinmaek") as name:
        folder = Path(name)
        parent = load(args.processes, args.active)
        try:
            time.sleep(1)
            there = sum(name.isdigit() for name in os.listdir("/proc"))
            print(f"{there} processes, load {os.getloadavg()[0]:.1f}, a sample a second, {args.seconds:g} s")
            costs, recording = record(folder, args.seconds, not args.no_peers)
        finally:
            os.kill(parent, signal.SIGTERM)
            os.waitpid(parent, 0)
        print(f"{'':<16}{'CPU':>8}{'resident':>12}{'B/sample':>10}")
        for cost in costs:
            each = cost.size / args.seconds
            print(f"{cost.name:<16}{cost.cpu:>8.2%}{cost.resident / 1e6:>9.1f} MB{each:>10,.0f}")
        ours, *others = costs
        missed += ["CPU"] * (ours.cpu > CPU) + ["resident memory"] * (ours.resident > RESIDENT)
        for other in others:
            if other.name == "atop -w":
                print(f"bytes: 1/{other.size / ours.size:.1f} of atop's")
                missed += ["bytes"] * (ours.size > other.size * BYTES)
        if args.day:
            day = folder / "day"
            script = str(HERE / "recorded_day.py")
            subprocess.run([sys.executable, script, str(recording), str(day), str(args.day)], check=True)
            at = ("--recording", str(day), "--at", f"{args.day / 2:g}h")
            start = timed("--version")
            print(f"whole commands on {args.day:g} h; --version alone takes {start * 1000:.0f} ms")
            for words in (("free",), ("vmstat",), ("slabtop", "-o"), ("buddyinfo",), ("top", "-b")):
                print(f"{' '.join(words):<16}{timed(*words, *at) * 1000:>8.0f} ms")
            print(f"{'diff 6h 5h':<16}{timed('diff', '6h', '5h', *at[:2]) * 1000:>8.0f} ms")
            print(f"{'diagnose --at':<16}{timed('diagnose', *at) * 1000:>8.0f} ms")
    if missed:
        print(f"above what is promised: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
