"""The CPU time of ``jinmaek smem`` and of smem over the same processes, and how far the sums differ.

    python bench/smem.py [PROCESSES] [MAPPINGS] [RUNS]

Starts PROCESSES idle children, each with MAPPINGS mappings more than a bare interpreter has, and prints
medians of user and system seconds of whole runs, interleaved. "the kernel's part" is a program that only
opens, reads and closes smaps_rollup of each process: no reader of these sums can take less. Run it as root.
"""

from __future__ import annotations

import compileall
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CHILD = """
import mmap, sys, time
more = []
for n in range(int(sys.argv[1])):
    # Unlike neighbours, or the kernel makes one mapping of them.
    more.append(mmap.mmap(-1, 8192, prot=1 + n % 2 * 2, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    if n % 2: more[-1][0] = 1
print(flush=True)
time.sleep(3600)
"""
FLOOR = """
import os
for name in os.listdir("/proc"):
    if name.isdigit():
        try:
            file = os.open(f"/proc/{name}/smaps_rollup", os.O_RDONLY)
            try: os.read(file, 4096)
            finally: os.close(file)
        except OSError: pass
"""
TARGET = 15.0
SUMS = ("uss", "pss", "rss", "swap")


def once(command: list[str], quiet: int) -> tuple[float, float]:
    """User and system seconds of one process."""
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)])
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime, used.ru_stime


def sums(smem: str, ours: list[str], pids: set[int]) -> dict[str, tuple[int, int]]:
    """KiB by figure, theirs and ours, over the children."""
    text = subprocess.run(
        [smem, "-H", "-c", "pid uss pss rss swap"], capture_output=True, text=True, check=True
    )
    rows = [[int(word) for word in line.split()] for line in text.stdout.splitlines()]
    theirs = [row[1:] for row in rows if row[0] in pids]
    done = subprocess.run([*ours, "--json"], capture_output=True, check=True)
    mine = [row for row in json.loads(done.stdout)["rows"] if row["pid"] in pids]
    return {
        name: (sum(row[n] for row in theirs), sum(row[f"{name}_bytes"] for row in mine) // 1024)
        for n, name in enumerate(SUMS)
    }


def measure(smem: str, mappings: int, runs: int, pids: set[int]) -> float:
    """Print the table; how many times our CPU time theirs is."""
    ours = [sys.executable, "-m", "jinmaek", "smem"]
    commands = {
        "smem": [smem],
        "jinmaek smem": ours,
        "the kernel's part": [sys.executable, "-I", "-S", "-c", FLOOR],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with open(os.devnull, "w") as quiet:
        for _ in range(runs):
            for name, command in commands.items():
                taken[name].append(once(command, quiet.fileno()))
    ratios: dict[str, float] = {}
    theirs = statistics.median(map(sum, taken["smem"]))
    print(
        f"{len(pids)} processes, {mappings} mappings more each; {platform.release()}, {os.cpu_count()} CPUs"
    )
    print(f"{'median of ' + str(runs):<20} {'user ms':>8} {'sys ms':>8} {'CPU ms':>8} {'smem /':>8}")
    for name, times in taken.items():
        user, system = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
        whole = statistics.median(map(sum, times))
        ratios[name] = theirs / whole
        print(f"{name:<20} {user:8.1f} {system:8.1f} {whole * 1000:8.1f} {ratios[name]:8.1f}")
    for name, (their_sum, our_sum) in sums(smem, ours, pids).items():
        print(f"{name:<5} smem {their_sum:>10} KiB, jinmaek {our_sum:>10} KiB, {our_sum - their_sum:+} KiB")
    return ratios["jinmaek smem"]


def main() -> int:
    """Start the children, measure, and fail when the target is missed."""
    count, mappings, runs = (int(word) for word in [*sys.argv[1:], *("500", "0", "7")[len(sys.argv) - 1 :]])
    smem = shutil.which("smem")
    if smem is None:
        raise SystemExit("smem is not installed")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(__file__).parents[1] / "src", quiet=2)
    pids: set[int] = set()
    with tempfile.TemporaryFile() as said:
        try:
            for _ in range(count):
                words = [sys.executable, "-I", "-S", "-c", CHILD, str(mappings)]
                out = [(os.POSIX_SPAWN_DUP2, said.fileno(), 1)]
                pids.add(os.posix_spawn(sys.executable, words, os.environ, file_actions=out))
            while os.fstat(said.fileno()).st_size < count:
                os.sched_yield()
            ratio = measure(smem, mappings, runs, pids)
        finally:
            for pid in pids:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
    print(f"smem takes {ratio:.1f} x the CPU of jinmaek smem (target {TARGET:g})")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
