"""CPU per refresh of the task table at N idle processes, beside top, htop, atop, pidstat, psutil and glances.

    python bench/tasks.py [--large] [--rounds R] [N ...]

One cheap process forks N children that sleep; each is killed by its pid afterwards. A refresh costs the CPU
time of a run of many refreshes less that of a run of one, over the refreshes between: start-up is in neither.
What only runs on a terminal gets one, and is watched over several of its refreshes. Tools take turns, figures
are medians in milliseconds, and the ratio is to procps' top of the same round.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import platform
import pty
import select
import shutil
import signal
import statistics
import sys
import time
from collections.abc import Iterator

MANY = 12
WATCHED = 5
"""Refreshes of one second of a tool on a terminal."""
SCAN = """
import sys
from jinmaek.root import Root
from jinmaek.tasks.choose import Scanner
with Scanner(Root("/"), sys.argv[1]) as scanner:
    for _ in range(int(sys.argv[2])): scanner.scan(details=False)
"""
PSUTIL = """
import psutil, sys
wanted = ["pid", "name", "username", "cpu_percent", "memory_info", "status", "nice", "cpu_times"]
for _ in range(int(sys.argv[1])):
    for process in psutil.process_iter(wanted): pass
"""


@contextlib.contextmanager
def idle(count: int) -> Iterator[None]:
    """``count`` sleeping children of one small process."""
    ready, done = os.pipe()
    pids: list[int] = []
    try:
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                os.close(ready)
                signal.pause()
                os._exit(0)
            pids.append(pid)
        yield
    finally:
        os.close(ready)
        os.close(done)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


BESIDE = "procps top -b"
"""What all others are compared with."""


def tools() -> dict[str, object]:
    """What is measured by name: a command for so many refreshes, or None where it is not installed."""
    python, us = sys.executable, [sys.executable, "-m", "jinmaek", "top", "-b", "-d", "0.01"]
    top, htop, atop, pidstat = map(shutil.which, ("top", "htop", "atop", "pidstat"))
    psutil = importlib.util.find_spec("psutil")
    glances = shutil.which("glances")
    return {
        BESIDE: top and (lambda n: [top, "-b", "-d", "0.01", "-n", str(n)]),
        "jinmaek scan, bpf": lambda n: [python, "-c", SCAN, "bpf", str(n)],
        "jinmaek scan, procfs": lambda n: [python, "-c", SCAN, "procfs", str(n)],
        "jinmaek top -b, bpf": lambda n: [*us, "--tasks", "bpf", "-n", str(n)],
        "jinmaek top -b, procfs": lambda n: [*us, "--tasks", "procfs", "-n", str(n)],
        "jinmaek top, live": [*us[:4], "-d", "1"],
        "procps top, live": top and [top, "-d", "1"],
        "htop": htop and [htop, "-d", "10"],
        "atop": atop and (lambda n: [atop, "1", str(n)]),
        "pidstat": pidstat and (lambda n: [pidstat, "-p", "ALL", "1", str(n)]),
        "psutil": psutil and (lambda n: [python, "-c", PSUTIL, str(n)]),
        "glances": glances and (lambda n: [glances, "--stdout", "processlist", "--stop-after", str(n)]),
    }


def cpu(command: list[str], quiet: int) -> float | None:
    """CPU seconds of one run; None where it fails."""
    actions = [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, used = os.wait4(pid, 0)
    return None if status else used.ru_utime + used.ru_stime


def used(pid: int) -> float:
    """CPU seconds of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def on_terminal(command: list[str]) -> float | None:
    """CPU seconds per refresh of a tool that refreshes every second; None where it ends by itself."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(command[0], command)
    try:
        _read(terminal, 3)
        before = used(pid)
        _read(terminal, WATCHED)
        return (used(pid) - before) / WATCHED
    except (OSError, IndexError):
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _read(terminal: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            os.read(terminal, 1 << 16)


def refresh(command: object, quiet: int) -> float | None:
    """CPU seconds of one refresh."""
    if isinstance(command, list):
        return on_terminal(command)
    if not callable(command):
        return None
    few, many = cpu(command(1), quiet), cpu(command(1 + MANY), quiet)
    return None if few is None or many is None else (many - few) / MANY


def measure(count: int, rounds: int, only: str = "") -> None:
    """A table of all tools at ``count`` processes."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    taken: dict[str, list[float]] = {}
    missing = []
    with idle(count):
        for _ in range(rounds):
            for name, command in tools().items():
                if only not in name and name != BESIDE:
                    continue
                seconds = refresh(command, quiet)
                if seconds is None:
                    missing.append(name)
                else:
                    taken.setdefault(name, []).append(seconds * 1000)
    os.close(quiet)
    procps = taken.get(BESIDE)
    print(f"\n{count} idle processes: CPU per refresh, median of {rounds}")
    for name, times in taken.items():
        ratio = statistics.median(a / b for a, b in zip(procps, times, strict=False)) if procps else None
        print(
            f"  {name:<24} {statistics.median(times):8.1f} ms" + (f"   1/{ratio:.1f} of top" if ratio else "")
        )
    if missing:
        print(f"  not here or failed: {', '.join(dict.fromkeys(missing))}")


def main() -> int:
    """Measure at each count."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("counts", nargs="*", type=int, metavar="N")
    parser.add_argument("--large", action="store_true", help="also 10,000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="what has it in its name, beside procps top"
    )
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(
        f"{platform.release()} {platform.machine()}, {os.cpu_count()} CPUs,"
        f" Python {platform.python_version()}"
    )
    for count in args.counts or [1000, 5000, *([10000] if args.large else [])]:
        measure(count, args.rounds, args.only)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
