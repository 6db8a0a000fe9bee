"""Which cgroup a path is of: both versions, side by side, and names made to confuse."""

from __future__ import annotations

import pytest

from jinmaek.columns import Malformed
from jinmaek.kernel.cgroup_files import by_cgroup, number, numbers

TOP = "sys/fs/cgroup"


@pytest.mark.parametrize(
    ("path", "cgroup"),
    [
        (f"{TOP}/cpu.stat", "/"),
        (f"{TOP}/system.slice/cpu.stat", "/system.slice"),
        (f"{TOP}/unified/cpu.stat", "/"),
        (f"{TOP}/unified/system.slice/cpu.stat", "/system.slice"),
        (f"{TOP}/cpu/cpu.stat", "/"),
        (f"{TOP}/cpu,cpuacct/docker/0a1b/cpu.stat", "/docker/0a1b"),
        (f"{TOP}/cpuacct,cpu/a/cpu.stat", "/a"),
        (f"{TOP}/memory/user.slice/memory.stat", "/user.slice"),
        (f"{TOP}/pids/user.slice/pids.max", "/user.slice"),
        # Of version 1 the root of pids has no such file: this is a cgroup of version 2 named pids.
        (f"{TOP}/pids/pids.max", "/pids"),
        (f"{TOP}/memory/memory.current", "/memory"),
        (f"{TOP}/unified/cpu.max", "/unified"),
        (f"{TOP}/a b\\x2dc/\x1b[2J/memory.stat", "/a b\\x2dc/\x1b[2J"),
        (f"{TOP}/a\udcff/memory.stat", "/a\\xff"),
    ],
)
def test_cgroup_of_a_path(path: str, cgroup: str) -> None:
    name = path.rpartition("/")[2]
    assert by_cgroup({path: "x"}) == {cgroup: {name: "x"}}


def test_a_root_file_shows_that_version_2_is_alone() -> None:
    tree = {f"{TOP}/cpu.stat": "r", f"{TOP}/cpu/web/cpu.stat": "w", f"{TOP}/unified/cpu.stat": "u"}
    assert set(by_cgroup(tree)) == {"/", "/cpu/web", "/unified"}


def test_a_hierarchy_seen_twice_counts_once_and_both_versions_join() -> None:
    tree = {
        f"{TOP}/cpu/web/cpu.stat": "nr_periods 3",
        f"{TOP}/cpu,cpuacct/web/cpu.stat": "nr_periods 3",
        f"{TOP}/unified/web/cpu.stat": "usage_usec 5",
    }
    (files,) = by_cgroup(tree).values()
    assert numbers(files, "cpu.stat") == {"nr_periods": 3, "usage_usec": 5}
    assert files["cpu.stat"].count("nr_periods") == 1


def test_other_folders_are_not_cgroups() -> None:
    assert by_cgroup({"sys/fs/bpf/cpu.stat": "x"}) == {}


def test_numbers() -> None:
    assert number({"a": "12\n"}, "a") == 12
    assert [number({"a": text}, "a") for text in ("max\n", "-1\n", "", "\n")] == [None] * 4
    assert number({}, "a") is None
    assert numbers({}, "a") == {}
    assert numbers({"a": "low 1\n\nhigh 2 extra\n"}, "a") == {"low": 1, "high": 2}


@pytest.mark.parametrize("text", ["low", "low x", "low -1"])
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        numbers({"a": text}, "a")
    with pytest.raises(Malformed):
        number({"a": text}, "a")
