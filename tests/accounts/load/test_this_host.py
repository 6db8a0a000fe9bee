"""The load account of the running kernel: real threads of every kind at once, each in the right part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.load.making import HOG, WRITER, cgroup, inside, slow_reader, vfork_parents
from tests.faults.making import HOGS, frozen, loop_filesystem, needs_root, running, until

SECONDS = int(os.environ.get("JINMAEK_LOAD_SECONDS", "25"))


def load(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "jinmaek", "load", "--json", "--lang", "en", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def by_name(told: dict[str, Any], kind: str) -> dict[str, float]:
    """Mean threads of a part by name of the process."""
    found: dict[str, float] = {}
    for part in told["parts"]:
        for who in part["who"] if part["kind"] == kind else ():
            found[who["name"]] = found.get(who["name"], 0.0) + who["threads"]
    return found


TRIES = 5
"""The kernel counts at two or three moments of a short look: who comes and goes right then weighs much."""


def adds_up(told: dict[str, Any], others: float = 0.0) -> bool:
    """Whether what the kernel counted is what was seen, but for threads that came and went."""
    explained = abs(told["unexplained"]) <= max(0.05 * told["recovered"], 0.6, others)
    foretold = told["predicted"] == pytest.approx(told["load1"], rel=0.05, abs=max(0.5, others / 2))
    return bool(explained and foretold)


def came_and_went(told: dict[str, Any]) -> float:
    """By how many threads the kernel's own counts differ, though all that is made here stays."""
    counts = [one["count"] for one in told["counts"]]
    return float(max(counts) - min(counts)) if counts else 0.0


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def comm(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def used(pid: int) -> float:
    """Seconds of CPU time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.kernel
@pytest.mark.parametrize("way", ["procfs", "auto"])
def test_each_thread_is_in_the_part_it_belongs_to(tmp_path: Path, way: str) -> None:
    needs_root()
    quota = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "5000"}
    with ExitStack() as stack:
        enter = stack.enter_context
        running_ones = [hog.pid for hog in enter(running("jm-hog", HOG, count=2))]
        running_ones.append(enter(inside(enter(cgroup("cpu", quota)), "jm-held", HOG)))
        reader = enter(slow_reader(tmp_path, "jm-reader"))
        mount = enter(loop_filesystem(tmp_path))
        writers = [one.pid for one in enter(running("jm-writer", WRITER, str(mount / "file"), count=3))]
        until((mount / "file").exists, 60, "the writers to begin")
        # Let go of first: those that wait could not be ended before.
        enter(frozen(mount))
        waiting = [reader, *writers, *enter(vfork_parents(tmp_path, "jm-vfork", 2))]
        until(lambda: all(state(pid) == "D" for pid in waiting), 120, "all that wait", every=0.01)
        until(lambda: all(comm(pid).startswith("jm-") for pid in running_ones), 120, "all that run")
        span = SECONDS if way == "auto" else 12
        for _ in range(TRIES):
            told = load("--for", f"{span}s", "--interval", "500ms", "--tasks", way)
            if adds_up(told):
                break
        frozen_places = [
            who["mountpoint"] for part in told["parts"] for who in part["who"] if who["frozen_file_system"]
        ]
    assert by_name(told, "lock").get("jm-writer") == pytest.approx(3, abs=0.2)
    assert by_name(told, "vfork").get("jm-vfork") == pytest.approx(2, abs=0.2)
    assert by_name(told, "running").get("jm-hog") == pytest.approx(2, abs=0.2)
    assert by_name(told, "disk").get("jm-reader") == pytest.approx(1, abs=0.3)
    held, runs = (by_name(told, kind).get("jm-held", 0.0) for kind in ("throttled", "running"))
    assert held + runs == pytest.approx(1, abs=0.2)
    # With the CPU to itself it would be 0.95; who waits for a CPU uses its quota more slowly.
    assert held > 0.15
    assert set(frozen_places) == {str(mount)}
    assert f"{mount} is frozen" in told["sentence"]
    assert adds_up(told, came_and_went(told)), told
    assert all(count["exact"] for count in told["counts"])
    assert told["recovered"] is not None
    assert sum(part["threads"] for part in told["parts"] if part["in_load"]) == pytest.approx(told["counted"])


@pytest.mark.kernel
def test_a_host_of_hogs_says_cpu() -> None:
    threads = len(os.sched_getaffinity(0)) + 4
    with running("jm-hog", HOGS, str(threads)) as (hog,):
        until(lambda: used(hog.pid) > 0.5, 60, "the hog to be at work")
        told = load("--for", "6s")
    assert by_name(told, "running")["jm-hog"] == pytest.approx(threads, rel=0.1)
    assert told["verdict"] == "cpu"
    assert "jm-hog" in told["sentence"]
    assert told["waiting_for_cpu"] > 1
