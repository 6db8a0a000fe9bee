"""CPU time of ``jinmaek smem``, once and table after table, beside smem over the same processes.

    python bench/smem.py [--kind fork|python|sh] [--mappings M] [--rounds R] [--tables T] [PROCESSES]

Starts PROCESSES (5,000) idle processes: forked from one small program (``fork``), or as many interpreters of
their own (``python`` takes 3.6 MiB of memory for each, ``sh`` 0.1), those of Python with M mappings
more than a bare one has. Prints medians of user and system milliseconds of whole runs, which take turns. A
table of many costs the CPU of a run of 1 + T tables less that of a run of one, over T. "the kernel's part" is
a program that only opens, reads and closes smaps_rollup of each process: no look at all these sums can take
less. Then the sums over the processes, of smem and of ours, once and in the last of 1 + T tables. Run it as
root. The exit status is 1 where a table of many takes more than a fifteenth of smem.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MORE = """
import mmap, os, signal, sys
more = []
for n in range(int(sys.argv[1])):
    # Unlike neighbours, or the kernel makes one mapping of them.
    more.append(mmap.mmap(-1, 8192, prot=1 + n % 2 * 2, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    if n % 2: more[-1][0] = 1
"""
ALONE = MORE + "os.write(1, b'.')\nsignal.pause()\n"
FORKING = (
    MORE
    + """
for _ in range(int(sys.argv[2])):
    pid = os.fork()
    if pid == 0:
        os.write(1, b".")
        signal.pause()
signal.pause()
"""
)
SHELL = "printf .; read line < {fifo}"
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
OURS = [sys.executable, "-m", "jinmaek", "smem"]


@contextlib.contextmanager
def idle(kind: str, count: int, mappings: int) -> Iterator[set[int]]:
    """The pids of ``count`` processes that wait."""
    interpreter = [sys.executable, "-I", "-S", "-c"]
    started: list[int] = []
    pids: set[int] = set()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        os.mkfifo(f"{folder}/fifo")
        words = {
            "fork": [*interpreter, FORKING, str(mappings), str(count)],
            "python": [*interpreter, ALONE, str(mappings)],
            "sh": ["/bin/sh", "-c", SHELL.format(fifo=f"{folder}/fifo")],
        }[kind]
        out = [(os.POSIX_SPAWN_DUP2, said.fileno(), 1)]
        try:
            started.extend(
                os.posix_spawn(words[0], words, os.environ, file_actions=out)
                for _ in range(1 if kind == "fork" else count)
            )
            while os.fstat(said.fileno()).st_size < count:
                time.sleep(0.05)
            pids.update(started)
            if kind == "fork":
                text = Path(f"/proc/{started[0]}/task/{started[0]}/children").read_text()
                pids = {int(word) for word in text.split()}
            yield pids
        finally:
            for pid in {*pids, *started}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in started:
                os.waitpid(pid, 0)


def others(pids: set[int]) -> str:
    """What else there is: a large process that is busy is walked for every table, ours and theirs."""
    count = resident = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in pids:
            with contextlib.suppress(OSError):
                resident += int(Path(f"/proc/{name}/statm").read_text().split()[1])
                count += 1
    return f"{count} others of {resident * os.sysconf('SC_PAGESIZE') >> 20} MiB"


def once(command: list[str], quiet: int) -> tuple[float, float]:
    """User and system milliseconds of one process."""
    actions = [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime * 1000, used.ru_stime * 1000


def many(tables: int) -> list[str]:
    """Ours, table after table."""
    return [*OURS, "-d", "0", "-n", str(tables)]


def measure(smem: str, rounds: int, tables: int) -> float:
    """Print what a table costs; how many times ours of many smem's is."""
    taken: dict[str, list[tuple[float, float]]] = {}
    quiet = os.open(os.devnull, os.O_WRONLY)
    for _ in range(rounds):
        for name, command in (
            ("smem", [smem]),
            ("jinmaek smem", OURS),
            ("the kernel's part", [sys.executable, "-I", "-S", "-c", FLOOR]),
            ("python -c pass", [sys.executable, "-c", "pass"]),
        ):
            taken.setdefault(name, []).append(once(command, quiet))
        one, all_ = once(many(1), quiet), once(many(1 + tables), quiet)
        each = ((all_[0] - one[0]) / tables, (all_[1] - one[1]) / tables)
        taken.setdefault(f"jinmaek smem -d, each of {tables}", []).append(each)
    os.close(quiet)
    theirs = statistics.median(map(sum, taken["smem"]))
    print(f"{'median of ' + str(rounds):<30} {'user ms':>8} {'sys ms':>8} {'CPU ms':>8} {'smem /':>8}")
    ratio = 0.0
    for name, times in taken.items():
        user, system = (statistics.median(column) for column in zip(*times, strict=True))
        whole = statistics.median(map(sum, times))
        ratio = theirs / whole
        print(f"{name:<30} {user:8.1f} {system:8.1f} {whole:8.1f} {ratio:8.1f}")
    return ratio


def sums(smem: str, tables: int, pids: set[int]) -> None:
    """Print KiB by figure over these processes."""
    found: dict[str, list[int]] = {}
    for name, command in (("once", [*OURS, "--json"]), ("last", [*many(1 + tables), "--json"])):
        done = subprocess.run(command, capture_output=True, check=True)
        frame = json.loads(done.stdout.splitlines()[-1])
        rows = [row for row in frame["rows"] if row["pid"] in pids]
        found[name] = [sum(row[f"{figure}_bytes"] for row in rows) // 1024 for figure in SUMS]
        if name == "last":
            ages = [row["age_s"] for row in rows]
            print(f"\nlast of {1 + tables} tables: {frame['kept']} of {frame['processes']} processes kept,")
            print(f"figures {statistics.median(ages):.1f} s old in the middle, {max(ages):.1f} s at most")
        text = subprocess.run(
            [smem, "-H", "-c", "pid uss pss rss swap maps"], capture_output=True, check=True
        )
        lines = [[int(word) for word in line.split()] for line in text.stdout.splitlines()]
        theirs = [line[1:] for line in lines if line[0] in pids]
        found[f"smem after {name}"] = [sum(column) for column in zip(*theirs, strict=True)]
    print(f"{'KiB':<5} {'smem':>12} {'once':>12} {'differs':>9} {'smem':>12} {'last':>12} {'differs':>9}")
    for n, figure in enumerate(SUMS):
        line = f"{figure:<5}"
        for name in ("once", "last"):
            theirs_, ours = found[f"smem after {name}"][n], found[name][n]
            part = (ours - theirs_) / theirs_ if theirs_ else 0.0
            line += f" {theirs_:>12} {ours:>12} {part:>+9.3%}"
        print(line)
    print(f"smem rounds PSS down by up to 1 KiB for each mapping: {found['smem after last'][-1]} KiB")


def main() -> int:
    """Start the processes, measure, and fail when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("count", nargs="?", type=int, default=5000, metavar="PROCESSES")
    parser.add_argument("--kind", choices=("fork", "python", "sh"), default="fork")
    parser.add_argument("--mappings", type=int, default=0, metavar="M")
    parser.add_argument("--rounds", type=int, default=3, metavar="R")
    parser.add_argument("--tables", type=int, default=64, metavar="T")
    args = parser.parse_args()
    smem = shutil.which("smem")
    if smem is None:
        raise SystemExit("smem is not installed")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(__file__).parents[1] / "src", quiet=2)
    print(f"{platform.release()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    with idle(args.kind, args.count, args.mappings) as pids:
        listed = sum(name.isdigit() for name in os.listdir("/proc"))
        print(
            f"{len(pids)} idle processes ({args.kind}), {args.mappings} mappings more each; {listed} in all"
        )
        ratio = measure(smem, args.rounds, args.tables)
        sums(smem, args.tables, pids)
    print(f"smem takes {ratio:.1f} x the CPU of a table of many (target {TARGET:g})")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
