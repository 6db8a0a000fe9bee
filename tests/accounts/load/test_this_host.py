"""The load account of the running kernel: real threads of every kind at once, each in the right part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.load.making import HOG, WRITER, cgroup, inside, slow_reader, vfork_parents
from tests.faults.making import frozen, loop_filesystem, needs_root, running

SECONDS = int(os.environ.get("JINMAEK_LOAD_SECONDS", "45"))


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


TRIES = 3
"""The kernel counts at two or three moments of a short look: who comes and goes right then weighs much."""


def adds_up(told: dict[str, Any]) -> bool:
    """Whether what the kernel counted is what was seen, but for threads that came and went."""
    explained = abs(told["unexplained"]) <= max(0.05 * told["recovered"], 0.6)
    return bool(explained and told["predicted"] == pytest.approx(told["load1"], rel=0.05, abs=0.5))


@pytest.mark.kernel
@pytest.mark.parametrize("way", ["procfs", "auto"])
def test_each_thread_is_in_the_part_it_belongs_to(tmp_path: Path, way: str) -> None:
    needs_root()
    quota = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "20000"}
    with ExitStack() as stack:
        enter = stack.enter_context
        enter(running("jm-hog", HOG, count=2))
        enter(inside(enter(cgroup("cpu", quota)), "jm-held", HOG))
        enter(slow_reader(tmp_path, "jm-reader"))
        mount = enter(loop_filesystem(tmp_path))
        enter(running("jm-writer", WRITER, str(mount / "file"), count=3))
        time.sleep(0.5)
        # Let go of first: those that wait could not be ended before.
        enter(frozen(mount))
        enter(vfork_parents(tmp_path, "jm-vfork", 2))
        time.sleep(1)
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
    # With the CPU to itself it would be 0.8; who waits for a CPU uses its quota more slowly.
    assert held > 0.15
    assert set(frozen_places) == {str(mount)}
    assert f"{mount} is frozen" in told["sentence"]
    assert adds_up(told), told
    assert all(count["exact"] for count in told["counts"])
    assert told["recovered"] is not None
    assert sum(part["threads"] for part in told["parts"] if part["in_load"]) == pytest.approx(told["counted"])


@pytest.mark.kernel
def test_a_host_of_hogs_says_cpu() -> None:
    with running("jm-hog", HOG, count=4):
        told = load("--for", "6s")
    assert told["verdict"] == "cpu"
    assert "jm-hog" in told["sentence"]
    assert told["waiting_for_cpu"] > 1
