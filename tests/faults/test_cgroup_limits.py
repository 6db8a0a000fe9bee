"""Cgroups at their limits, made for real: CPU quota, thrashing, growth; and those that are fine there."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from tests.faults.making import (
    MIB,
    cgroup,
    diagnose,
    entering,
    findings,
    looked,
    needs_root,
    quiet,
    ready,
    running,
    uncached_file,
    until,
)

pytestmark = pytest.mark.kernel

SPIN = "while True: pass"
BURSTS = """
import time
print(flush=True)
while True:
    end = time.process_time() + 0.004
    while time.process_time() < end: pass
    time.sleep(0.096)
"""
GROW = """
import mmap, time
memory = mmap.mmap(-1, 117 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, len(memory), 4096): memory[at] = 1
kept = []; print(flush=True)
while True: kept.append(bytearray(65536)); time.sleep(0.4)
"""
HOLD = """
import mmap, time
memory = mmap.mmap(-1, 58 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, len(memory), 4096): memory[at] = 1
print(flush=True); time.sleep(600)
"""
STREAM = """
while True:
    with open(sys.argv[2], "rb", buffering=0) as file:
        while file.read(1 << 20): pass
"""
RANDOM = """
import mmap, random
file = open(sys.argv[2], "rb")
memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
memory.madvise(mmap.MADV_RANDOM)
pages = list(range(0, len(memory), 4096)); random.shuffle(pages)
while True:
    for page in pages: memory[page]
"""


@pytest.fixture(autouse=True)
def root() -> None:
    needs_root()


def of(said: dict[str, Any], rule: str, group: Path) -> list[dict[str, Any]]:
    """The findings of a rule that are about this cgroup: the host may have others."""
    subject = {"cgroup": f"/{group.name}"}
    return [f for f in said["findings"] if f["rule"] == rule and f["subject"] == subject]


def names(found: list[dict[str, Any]]) -> set[int]:
    """The processes that are blamed."""
    return {culprit["pid"] for finding in found for culprit in finding["culprits"]}


def stat(group: Path, file: str, name: str) -> int:
    lines = (group / file).read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.split()[0] == name)


def used(group: Path) -> int:
    version_1 = group / "memory.usage_in_bytes"
    return int((version_1 if version_1.exists() else group / "memory.current").read_text())


def test_a_hog_under_a_quota_is_held_back_and_named() -> None:
    with cgroup("cpu", cpu_quota=0.2) as group, running("jm-quota", entering(group) + SPIN, count=2) as hogs:
        until(lambda: stat(group, "cpu.stat", "nr_throttled") > 9, 60, "the quota to run out")
        said = looked(
            lambda said: names(of(said, "cgroup.cpu-throttled", group)) >= {hog.pid for hog in hogs}
        )
        (finding,) = of(said, "cgroup.cpu-throttled", group)
    own, *processes = finding["culprits"]
    assert (own["kind"], own["name"], own["why"]) == ("cgroup", f"/{group.name}", "a quota of 0.20 CPUs")
    assert {culprit["pid"] for culprit in processes} == {hog.pid for hog in hogs}
    assert finding["severity"] in ("info", "warning")


def test_short_bursts_below_the_quota_are_no_finding() -> None:
    with cgroup("cpu", cpu_quota=0.5) as group, running("jm-burst", entering(group) + BURSTS) as burst:
        ready(*burst)
        assert of(diagnose(), "cgroup.cpu-throttled", group) == []


def test_mapped_files_larger_than_the_limit_thrash_and_the_reader_is_named(tmp_path: Path) -> None:
    with (
        uncached_file(tmp_path, 160 * MIB) as file,
        cgroup("memory", memory_max=64 * MIB) as group,
        running("jm-mapper", entering(group) + RANDOM, str(file)) as (mapper,),
    ):
        until(lambda: stat(group, "memory.stat", "pgmajfault") > 1000, 120, "pages to be read again")
        said = looked(lambda said: of(said, "cgroup.memory-thrashing", group))
    (finding,) = of(said, "cgroup.memory-thrashing", group)
    own, first, *_ = finding["culprits"]
    assert (own["kind"], first["pid"], first["name"]) == ("cgroup", mapper.pid, "jm-mapper")
    assert of(said, "cgroup.memory-near-limit", group) == [], "what fills it can be dropped"


def test_a_stream_of_files_fills_a_cgroup_and_nothing_is_wrong(tmp_path: Path) -> None:
    with (
        uncached_file(tmp_path, 256 * MIB) as file,
        cgroup("memory", memory_max=64 * MIB) as group,
        running("jm-stream", entering(group) + STREAM, str(file)),
    ):
        until(lambda: used(group) > 60 * MIB, 120, "the files to fill it")
        said = diagnose()
    for rule in ("cgroup.memory-near-limit", "cgroup.memory-thrashing"):
        assert of(said, rule, group) == []
        if rule not in findings(said):
            assert "page cache fills it" in (quiet(said)[rule] or ""), "the reason why it is no problem"


def test_growth_towards_the_limit_is_found_before_it_is_reached() -> None:
    with (
        cgroup("memory", memory_max=128 * MIB, swap=False) as group,
        running("jm-grower", entering(group) + GROW) as (grower,),
    ):
        ready(grower)
        (finding,) = of(diagnose(), "cgroup.memory-near-limit", group)
    own, first, *_ = finding["culprits"]
    assert own["why"].partition(" MiB of ")[2].startswith("anonymous memory")
    assert (first["pid"], first["name"]) == (grower.pid, "jm-grower")
    assert finding["severity"] != "critical"


def test_a_heap_of_fixed_size_near_the_limit_is_no_finding() -> None:
    with (
        cgroup("memory", memory_max=64 * MIB, swap=False) as group,
        running("jm-heap", entering(group) + HOLD) as heap,
    ):
        ready(*heap)
        said = diagnose()
    assert of(said, "cgroup.memory-near-limit", group) == []
    assert of(said, "cgroup.memory-thrashing", group) == []


def test_a_kill_is_found_with_its_victim_and_is_no_finding_once_it_is_long_over() -> None:
    code = "import mmap\nheld = mmap.mmap(-1, 96 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
    code += "for at in range(0, len(held), 4096): held[at] = 1\n"
    with cgroup("memory", memory_max=32 * MIB, swap=False) as group:
        with running("jm-victim", entering(group) + code) as (victim,):
            assert victim.wait(timeout=120) == -9
        finding = findings(looked(lambda said: "memory.oom-kill" in findings(said), span="2s"))[
            "memory.oom-kill"
        ]
    mine = [culprit for culprit in finding["culprits"] if culprit["pid"] == victim.pid]
    assert [culprit["name"] for culprit in mine] == ["jm-victim"]
    assert "limit of its cgroup" in mine[0]["why"]
    assert finding["severity"] in ("warning", "critical")
    time.sleep(2)
    later = diagnose("1s", "--interval", "500ms", "--set", "memory.oom-kill.recent=1")
    if "memory.oom-kill" not in findings(later):  # unless somebody else was killed just now
        assert quiet(later)["memory.oom-kill"] == "the last kill in the kernel log is long over"


def test_the_machine_is_as_it_was() -> None:
    for controller in ("cpu", "cpuacct", "memory"):
        assert not list(Path("/sys/fs/cgroup", controller).glob(f"jinmaek-test-{os.getpid()}"))
