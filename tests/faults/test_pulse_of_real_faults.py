"""The command beside faults made for real: the right finding, the right culprit, and silence when idle."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from tests.faults.making import (
    MIB,
    alarms,
    diagnose,
    findings,
    frozen,
    loop_filesystem,
    memory_cgroup,
    needs_root,
    quiet,
    running,
    swap_file,
    until,
)

from jinmaek.rules import rules

pytestmark = pytest.mark.kernel

SPIN = "while True: pass"
WRITE = """
with open(sys.argv[2] + "/" + str(__import__("os").getpid()), "wb", buffering=0) as file:
    while True: file.write(b"x"); file.truncate(0); file.seek(0)
"""
TOUCH = """
import mmap, random
size = int(sys.argv[2]); memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
open(sys.argv[3], "w").write(str(__import__("os").getpid()))
pages = list(range(0, size, 4096)); random.shuffle(pages)
while True:
    for page in pages: memory[page] = 1
"""
ZOMBIES = """
import os, time
for _ in range(int(sys.argv[2])):
    if os.fork() == 0: os._exit(0)
print(flush=True); time.sleep(600)
"""


def procs_blocked() -> int:
    return int(Path("/proc/stat").read_text().split("procs_blocked ")[1].split()[0])


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def test_idle_machine_has_nothing_to_do() -> None:
    said = diagnose()
    assert alarms(said) == []
    judged = {verdict["rule"] for kind in ("findings", "quiet", "unknown") for verdict in said[kind]}
    assert judged == {rule.id for rule in rules()}


def test_cpu_hog_on_every_core_is_named() -> None:
    cores = len(os.sched_getaffinity(0))
    with running("jm-hog", SPIN, count=cores) as hogs:
        time.sleep(1)
        finding = findings(diagnose())["cpu.saturated"]
    first = finding["culprits"][0]
    assert (first["name"], first["kind"]) == ("jm-hog", "process")
    assert first["pid"] in {hog.pid for hog in hogs}
    assert first["share"] == pytest.approx(1 / cores, abs=0.15)


def test_writers_on_a_frozen_filesystem_wait_for_a_lock_not_a_disk(tmp_path: Path) -> None:
    needs_root()
    with loop_filesystem(tmp_path) as mount, running("jm-writer", WRITE, str(mount), count=4) as writers:
        until(lambda: len(list(mount.iterdir())) >= 5, 10, "the writers to begin")
        with frozen(mount):
            pids = {writer.pid for writer in writers}
            until(lambda: all(state_of(pid) == "D" for pid in pids), 10, "the writers to block")
            assert procs_blocked() == 0
            channels = {Path(f"/proc/{pid}/wchan").read_text() for pid in pids}
            said = diagnose()
    found = findings(said)
    assert "load.blocked-on-disk" not in found
    finding = found["load.blocked-on-lock"]
    assert {c["pid"] for c in finding["culprits"]} == pids
    assert all(c["name"] == "jm-writer" and c["share"] == pytest.approx(0.25) for c in finding["culprits"])
    assert all(any(channel in c["why"] for channel in channels) for c in finding["culprits"])


def test_thrashing_in_swap_then_stale_swap(tmp_path: Path) -> None:
    needs_root()
    told = tmp_path / "pid"
    with swap_file(tmp_path, 512 * MIB), memory_cgroup(64 * MIB) as group:
        code = f'open("{group}/cgroup.procs", "w").write("0")\n' + TOUCH
        with running("jm-swapper", code, str(192 * MIB), str(told)) as (swapper,):
            until(lambda: swap_used() > 64 * MIB, 60, "pages to be swapped out")
            said = diagnose()
            found = findings(said)
            assert found["swap.active"]["severity"] in ("warning", "critical")
            assert found["swap.active"]["culprits"][0]["pid"] == swapper.pid
            assert found["memory.thrashing"]["culprits"][0]["pid"] == swapper.pid

            os.kill(swapper.pid, signal.SIGSTOP)
            until(lambda: state_of(swapper.pid) == "T", 20, "the swapper to stop")
            time.sleep(2)
            still = diagnose()
            assert swap_used() > 64 * MIB
            assert alarms(still) == []
            assert quiet(still)["swap.stale"], "the reason why swap in use is no problem"


def test_three_hundred_zombies_have_one_parent() -> None:
    with running("jm-parent", ZOMBIES, "300") as (parent,):
        assert parent.stdout is not None
        parent.stdout.readline()
        finding = findings(diagnose())["process.zombies"]
    first = finding["culprits"][0]
    assert (first["name"], first["pid"]) == ("jm-parent", parent.pid)
    assert "300" in first["why"]


def swap_used() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return (kib["SwapTotal"] - kib["SwapFree"]) * 1024
