"""What ``jinmaek cache DIR`` takes over many files, beside fincore over the same ones, and if they agree.

    python bench/cache.py [FILES] [RUNS]

Makes FILES files of 4 KiB and one of 256 MiB in a temporary folder, all in the page cache. Times are medians
of whole runs, interleaved; fincore is given its file names by ``find | xargs``, as one would. "the kernel's
part" is a program that only opens, asks and closes each file. The promise is 5 s for 20,000 files.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1 << 20
LARGE = 256 * MIB
TARGET = 5.0
FLOOR = """
import ctypes, os, sys
ask = ctypes.CDLL(None, use_errno=True).syscall
whole, answer = ctypes.create_string_buffer(16), ctypes.create_string_buffer(40)
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        file = os.open(f"{folder}/{name}", os.O_RDONLY)
        ask(ctypes.c_long(451), ctypes.c_long(file), whole, answer, ctypes.c_long(0))
        os.close(file)
"""


def make(folder: Path, count: int) -> None:
    """The files, on the disk and in the page cache."""
    for n in range(count):
        if n % 200 == 0:
            (folder / str(n // 200)).mkdir()
        (folder / str(n // 200) / str(n)).write_bytes(b"x" * 4096)
    with (folder / "large").open("wb") as file:
        for _ in range(LARGE // MIB):
            file.write(os.urandom(MIB))
    os.sync()


def once(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one run and its children."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def sums(ours: list[str], theirs: list[str]) -> tuple[int, int]:
    """Bytes in the page cache by us and by fincore; again where pages left between the two."""
    for _ in range(5):
        told = json.loads(subprocess.run([*ours, "--json"], capture_output=True, check=True).stdout)
        text = subprocess.run(theirs, capture_output=True, check=True).stdout
        found = told["shown_bytes"], sum(map(int, text.split()))
        if found[0] == found[1]:
            break
    return found


def main() -> int:
    """Make the files, measure, and fail when the promise is broken or the sums differ."""
    count, runs = (int(word) for word in [*sys.argv[1:], *("20000", "5")[len(sys.argv) - 1 :]])
    fincore = shutil.which("fincore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, count)
        ours = [sys.executable, "-m", "jinmaek", "cache", name, "--budget", "2m"]
        commands = {
            "jinmaek cache": ours,
            "the kernel's part": [sys.executable, "-I", "-S", "-c", FLOOR, name],
            "python -c pass": [sys.executable, "-c", "pass"],
        }
        piped = f"find '{name}' -type f -print0 | xargs -0 {fincore} -b -n -o RES"
        if fincore:
            commands["find | xargs fincore"] = ["sh", "-c", piped]
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(runs):
            for called, command in commands.items():
                taken[called].append(once(command))
        totals = sums(ours, ["sh", "-c", piped]) if fincore else None
    print(f"{count} files and one of {LARGE // MIB} MiB; {platform.release()}, {os.cpu_count()} CPUs")
    print(f"{'median of ' + str(runs):<22} {'wall s':>8} {'CPU s':>8} {'us a file':>10}")
    for called, times in taken.items():
        wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{called:<22} {wall:8.2f} {cpu:8.2f} {cpu / count * 1e6:10.1f}")
    if totals:
        print(f"in the page cache: jinmaek {totals[0]} bytes, fincore {totals[1]}, {totals[0] - totals[1]:+}")
    wall = statistics.median(wall for wall, _ in taken["jinmaek cache"])
    print(
        f"promised: {TARGET} s for 20,000 files; {TARGET * count / 20_000 / wall:.1f} times as fast as that"
    )
    return int(wall > TARGET * count / 20_000 or (totals is not None and totals[0] != totals[1]))


if __name__ == "__main__":
    raise SystemExit(main())
