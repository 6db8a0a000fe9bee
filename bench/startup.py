"""How long the classic views take to start, beside the bare interpreter and procps.

    python bench/startup.py [RUNS]

Runs are interleaved, so that whatever else the machine does touches all alike. Wall and CPU time are
medians in milliseconds of whole processes; "x bare" is the ratio to ``python -c pass`` of the same
environment. The console script is written as pip writes it.
"""

from __future__ import annotations

import compileall
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """#!{python}
# -*- coding: utf-8 -*-
import re
import sys
from jinmaek.cli.main import main
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(main())
"""
TARGET = 3.0


def commands(folder: Path) -> dict[str, list[str]]:
    """What is measured, by the name it is printed under; the first is the measure of the others."""
    script = folder / "jinmaek"
    script.write_text(SCRIPT.format(python=sys.executable))
    script.chmod(0o755)
    module = [sys.executable, "-m", "jinmaek"]
    found = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import argparse'": [sys.executable, "-c", "import argparse"],
        "jinmaek free": [str(script), "free"],
        "jinmaek free -h": [str(script), "free", "-h"],
        "jinmaek free --json": [str(script), "free", "--json"],
        "jinmaek vmstat": [str(script), "vmstat"],
        "jinmaek --help": [str(script), "--help"],
        "python -m jinmaek free": [*module, "free"],
    }
    for tool in ("free", "vmstat"):
        if path := shutil.which(tool):
            found[f"procps {tool}"] = [path]
    return found


def once(command: list[str], quiet: int) -> tuple[float, float]:
    """Wall and CPU seconds of one process."""
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)])
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    return wall, used.ru_utime + used.ru_stime


def main() -> int:
    """Measure, print, and fail when ``jinmaek free`` misses the target."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(__file__).parents[1] / "src", quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        measured = commands(Path(folder))
        quiet = os.open(os.devnull, os.O_WRONLY)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in measured}
        for _ in range(runs):
            for name, command in measured.items():
                taken[name].append(once(command, quiet))
    medians = {
        name: [statistics.median(times) * 1000 for times in zip(*pairs, strict=True)]
        for name, pairs in taken.items()
    }
    bare_wall, bare_cpu = medians["python -c pass"]
    print(f"{'median of ' + str(runs):<30} {'wall ms':>8} {'x bare':>7} {'CPU ms':>8} {'x bare':>7}")
    for name, (wall, cpu) in medians.items():
        print(f"{name:<30} {wall:8.1f} {wall / bare_wall:7.2f} {cpu:8.1f} {cpu / bare_cpu:7.2f}")
    ratio = medians["jinmaek free"][0] / bare_wall
    print(f"jinmaek free starts in {ratio:.2f} x the bare interpreter (target {TARGET})")
    return 0 if ratio <= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
