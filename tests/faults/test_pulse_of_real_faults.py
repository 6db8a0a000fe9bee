"""The command beside faults made for real: the right finding, the right culprit, and silence when idle."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.faults.making import (
    HOGS,
    MIB,
    alarms,
    diagnose,
    findings,
    frozen,
    looked,
    loop_filesystem,
    memory_cgroup,
    needs_root,
    on_a_calm_machine,
    quiet,
    ready,
    running,
    swap_file,
    until,
)

from jinmaek.rules import rules

pytestmark = pytest.mark.kernel

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


def culprits(said: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    """Who is blamed by the findings of a rule."""
    return [culprit for f in said["findings"] if f["rule"] == rule for culprit in f["culprits"]]


def pids(found: list[dict[str, Any]]) -> set[int]:
    return {culprit["pid"] for culprit in found}


def test_idle_machine_has_nothing_to_do() -> None:
    for _ in range(3):  # somebody may begin to work in the middle of a look
        on_a_calm_machine("cpu", "io", "memory")
        said = diagnose()
        if not alarms(said):
            break
    assert alarms(said) == []
    judged = {verdict["rule"] for kind in ("findings", "quiet", "unknown") for verdict in said[kind]}
    assert judged == {rule.id for rule in rules()}


def test_cpu_hog_on_every_core_is_named() -> None:
    cores = len(os.sched_getaffinity(0))
    with running("jm-hog", HOGS, "4", count=cores) as hogs:
        mine = {hog.pid for hog in hogs}
        until(lambda: all(seconds(pid) > 0.5 for pid in mine), 60, "the hogs to be at work")
        began = time.monotonic()
        said = looked(lambda said: len(pids(culprits(said, "cpu.saturated")) & mine) >= min(cores, 2))
        took = time.monotonic() - began
        ran = {pid: seconds(pid) for pid in mine}
    # Others may be at work too, and before them.
    found = [one for one in culprits(said, "cpu.saturated") if one["kind"] == "process"]
    assert found == sorted(found, key=lambda one: -one["share"])
    assert sum(one["share"] for one in found) <= 1
    hogged = [one for one in found if one["pid"] in mine]
    assert len(hogged) >= min(cores, 2)
    for one in hogged:
        used = float(one["why"].split(" s of CPU time")[0])
        assert one["name"] == "jm-hog"
        assert 0.4 < used < ran[one["pid"]] + 0.1
        assert used / one["share"] < 1.1 * cores * took, "of all CPU time used"


def seconds(pid: int) -> float:
    """CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_writers_on_a_frozen_filesystem_wait_for_a_lock_not_a_disk(tmp_path: Path) -> None:
    needs_root()
    with loop_filesystem(tmp_path) as mount, running("jm-writer", WRITE, str(mount), count=4) as writers:
        until(lambda: len(list(mount.iterdir())) >= 5, 60, "the writers to begin")
        with frozen(mount):
            mine = {writer.pid for writer in writers}
            until(lambda: all(state_of(pid) == "D" for pid in mine), 60, "the writers to block")
            # Those of others who wait for a disk come and go; the four would stay.
            until(lambda: procs_blocked() < len(mine), 60, "the kernel to count none of them", every=0.01)
            channels = {Path(f"/proc/{pid}/wchan").read_text() for pid in mine}
            said = looked(lambda said: pids(culprits(said, "load.blocked-on-lock")) == mine)
    assert not mine & pids(culprits(said, "load.blocked-on-disk"))
    found = culprits(said, "load.blocked-on-lock")
    assert pids(found) == mine
    assert all(c["name"] == "jm-writer" and c["share"] == pytest.approx(0.25) for c in found)
    assert all(any(channel in c["why"] for channel in channels) for c in found)


def test_thrashing_in_swap_then_stale_swap(tmp_path: Path) -> None:
    needs_root()
    told = tmp_path / "pid"
    with swap_file(tmp_path, 512 * MIB), memory_cgroup(64 * MIB) as group:
        code = f'open("{group}/cgroup.procs", "w").write("0")\n' + TOUCH
        with running("jm-swapper", code, str(192 * MIB), str(told)) as (swapper,):
            until(lambda: swap_used() > 64 * MIB, 120, "pages to be swapped out")

            def thrashing(said: dict[str, Any]) -> bool:
                found = findings(said)
                return (
                    {"swap.active", "memory.thrashing"} <= found.keys()
                    and found["swap.active"]["severity"] in ("warning", "critical")
                    and found["swap.active"]["culprits"][0]["pid"] == swapper.pid
                    and found["memory.thrashing"]["culprits"][0]["pid"] == swapper.pid
                )

            said = looked(thrashing)
            assert thrashing(said), findings(said)

            os.kill(swapper.pid, signal.SIGSTOP)
            until(lambda: state_of(swapper.pid) == "T", 60, "the swapper to stop")
            held = swapped(swapper.pid)

            def stale(said: dict[str, Any]) -> bool:
                return not about_memory(said) and bool(quiet(said).get("swap.stale"))

            # The kernel may move there what others on the host have not used for long.
            still = looked(stale, tries=5)
            assert held > 64 * MIB
            assert swapped(swapper.pid) >= held, "nobody asked for it"
            assert about_memory(still) == []
            assert quiet(still)["swap.stale"], "the reason why swap in use is no problem"


def about_memory(said: dict[str, Any]) -> list[str]:
    return [rule for rule in alarms(said) if rule.startswith(("swap.", "memory.", "cgroup.memory"))]


def test_three_hundred_zombies_have_one_parent() -> None:
    with running("jm-parent", ZOMBIES, "300") as (parent,):
        ready(parent)
        said = looked(lambda said: parent.pid in pids(culprits(said, "process.zombies")))
    (first,) = (one for one in culprits(said, "process.zombies") if one["pid"] == parent.pid)
    assert first["name"] == "jm-parent"
    assert "300" in first["why"]


def swapped(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmSwap:")) * 1024


def swap_used() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return (kib["SwapTotal"] - kib["SwapFree"]) * 1024
