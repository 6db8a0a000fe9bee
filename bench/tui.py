"""CPU time of one refresh of ``jinmaek tui`` with many processes.

    python bench/tui.py [--refreshes N] [--size 160x50] [--live] [PROCESSES]

Without ``--live`` PROCESSES (5,000) are made up in memory, of which 100 use CPU between two pictures: what is
measured is putting a picture together, sorting it, and bringing it to the screen. With it as many sleeping
processes are started and the real host is read: all that a refresh costs, and apart from it the refreshes in
which rules were judged as well. Prints milliseconds of CPU, median and worst, for each tab.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from jinmaek.cli.tui_live import Live
from jinmaek.explain.here import Here
from jinmaek.root import LIVE
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.table import Scan, TaskTable
from jinmaek.views.top_frame import TABLES, frame
from jinmaek.views.top_processes import Kept
from jinmaek.views.tui.app import Tui
from jinmaek.views.tui.source import CHARTS, TRACES, Account, Asked, Picture, Progress

BUSY = 100


class MadeUp:
    """A source of made-up processes."""

    live = True
    walls: tuple[float, ...] = ()
    gaps: tuple[tuple[float, float, str], ...] = ()

    def __init__(self, count: int) -> None:
        self._count = count
        self._base = take(LIVE, TABLES)
        self._second = 0
        self._kept = Kept()
        self._before = self._snapshot()

    def _snapshot(self) -> Snapshot:
        self._second += 1
        count, second = self._count, self._second
        pids = list(range(1, count + 1))
        table = TaskTable(
            pid=pids, tgid=pids, ppid=[max(1, pid // 8) if pid > 1 else 0 for pid in pids],
            start_time=[float(pid) for pid in pids], comm=[f"worker-{pid % 97}" for pid in pids],
            state=["S"] * count, flags=[0] * count,
            utime=[float(second * (pid % 7) if pid < BUSY else 0) for pid in pids], stime=[0.0] * count,
            cutime=[0.0] * count, cstime=[0.0] * count, minflt=[pid * 3 for pid in pids], majflt=[0] * count,
            priority=[20] * count, nice=[0] * count, processor=[pid % 4 for pid in pids],
            num_threads=[1] * count, vsize=[pid << 20 for pid in pids], tty_nr=[0] * count,
            resident=[pid << 12 for pid in pids], shared=[4096] * count, uid=[pid % 5 for pid in pids],
        )  # fmt: skip
        scan = Scan("procfs", 1000.0 + second, table, (), {}, {}, 0.0)
        return replace(self._base, wall=self._base.wall + second, monotonic=1000.0 + second, tasks=scan)

    def picture(self, asked: Asked) -> Picture:
        now = self._snapshot()
        made = frame(self._before, now, name_of=str, sessions=None, pid_width=5, kept=self._kept)
        self._before = now
        line = [0.1 * (place % 10) for place in range(120)]
        return Picture("host", now.wall, made, dict.fromkeys((*TRACES, *CHARTS), line), {}, asked, 1.0)

    def account(self, asked: Asked, progress: Progress) -> Account | None:
        return None

    def finding(self, place: int, *, forward: bool) -> tuple[int, str] | None:
        return None

    def here(self, picture: Picture, pid: int | None) -> Here:
        return Here()


FORKER = """
import os, signal, sys
pids = []
for _ in range(int(sys.argv[1])):
    pid = os.fork()
    if not pid:
        signal.pause()
    pids.append(pid)
os.write(1, b".")
sys.stdin.read()
for pid in pids:
    os.kill(pid, signal.SIGKILL)
"""


@contextmanager
def sleepers(count: int) -> Iterator[None]:
    """So many processes that only wait, forked from a small one."""
    words = [sys.executable, "-I", "-S", "-c", FORKER, str(count)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdout.read(1)
        yield


async def measure(
    source: MadeUp | Live, size: tuple[int, int], tab: str, refreshes: int
) -> list[tuple[float, bool]]:
    """CPU milliseconds of each refresh of a tab, and whether rules were judged in it."""
    app = Tui(source, delay=3600.0)
    found: list[tuple[float, bool]] = []
    async with app.run_test(size=size) as pilot:
        while app.picture is None:
            await pilot.pause(0.01)
        app.action_tab(tab)  # type: ignore[arg-type]
        await pilot.pause(0.3)
        for _ in range(refreshes):
            before, judged = app.picture, app.known.get("pulse")
            began = time.process_time()
            app.action_space()
            while app.picture is before:
                await asyncio.sleep(0.002)
            await pilot.pause()
            spent = (time.process_time() - began) * 1000
            found.append((spent, app.known.get("pulse") is not judged))
            await asyncio.sleep(0.5 if isinstance(source, Live) else 0)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("processes", nargs="?", type=int, default=5000)
    parser.add_argument("--refreshes", type=int, default=20)
    parser.add_argument("--size", default="160x50")
    parser.add_argument("--live", action="store_true")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    tabs = ("processes", "pulse", "disks", "cgroups", "history")
    print(f"{args.processes:,} processes, {args.size}, {args.refreshes} refreshes a tab, ms of CPU")
    with sleepers(args.processes if args.live else 0):
        for tab in tabs if args.live else tabs[:1]:
            source = Live(rules(), "en") if args.live else MadeUp(args.processes)
            found = asyncio.run(measure(source, (width, height), tab, args.refreshes))
            plain = [spent for spent, judged in found if not judged]
            with_rules = [spent for spent, judged in found if judged]
            said = f"{tab:10} median {statistics.median(plain):6.1f}  worst {max(plain):6.1f}"
            if with_rules:
                said += (
                    f"   with rules judged: {statistics.median(with_rules):6.1f} ({len(with_rules)} times)"
                )
            print(said)
            if isinstance(source, Live):
                source.__exit__()


if __name__ == "__main__":
    main()
