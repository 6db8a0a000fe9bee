"""CPU per refresh of the task table at N idle processes, beside top, htop, atop, pidstat, psutil and glances.

    python bench/tasks.py [--large] [--rounds R] [N ...]

One cheap process forks N children that sleep; each is killed by its pid afterwards. A refresh costs the CPU
time of a run of many refreshes less that of a run of one, over the refreshes between: start-up is in neither.
Tools take turns, figures are medians in milliseconds, and the ratio is to procps' top of the same round.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import platform
import shutil
import signal
import statistics
import sys
from collections.abc import Iterator

MANY = 12
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


def tools() -> dict[str, object]:
    """What is measured by name: a command for so many refreshes, or None where it is not installed."""
    python, us = sys.executable, [sys.executable, "-m", "jinmaek", "top", "-b", "-d", "0.01"]
    top, htop, atop, pidstat = map(shutil.which, ("top", "htop", "atop", "pidstat"))
    psutil = importlib.util.find_spec("psutil")
    glances = shutil.which("glances")
    return {
        "procps top -b": top and (lambda n: [top, "-b", "-d", "0.01", "-n", str(n)]),
        "jinmaek scan, bpf": lambda n: [python, "-c", SCAN, "bpf", str(n)],
        "jinmaek scan, procfs": lambda n: [python, "-c", SCAN, "procfs", str(n)],
        "jinmaek top -b, bpf": lambda n: [*us, "--tasks", "bpf", "-n", str(n)],
        "jinmaek top -b, procfs": lambda n: [*us, "--tasks", "procfs", "-n", str(n)],
        "htop": htop and (lambda n: [htop, "-d", "1", "-n", str(n)]),
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


def measure(count: int, rounds: int) -> None:
    """A table of all tools at ``count`` processes."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    taken: dict[str, list[float]] = {}
    missing = []
    with idle(count):
        for _ in range(rounds):
            for name, command in tools().items():
                if not callable(command):
                    missing.append(name)
                    continue
                few, many = cpu(command(1), quiet), cpu(command(1 + MANY), quiet)
                if few is None or many is None:
                    missing.append(name)
                    continue
                taken.setdefault(name, []).append((many - few) / MANY * 1000)
    os.close(quiet)
    procps = taken.get("procps top -b")
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
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(
        f"{platform.release()} {platform.machine()}, {os.cpu_count()} CPUs,"
        f" Python {platform.python_version()}"
    )
    for count in args.counts or [1000, 5000, *([10000] if args.large else [])]:
        measure(count, args.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
