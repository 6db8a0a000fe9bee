"""Cgroups: sums, limits from above, rates between two readings, on made ones, captures and this host."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import CAPTURES
from tests.faults.making import removed

from jinmaek.accounts.cgroups import TABLES, Cgroup, Limit, Stall, account
from jinmaek.kernel.cgroup_files import TOP
from jinmaek.root import LIVE, Root
from jinmaek.sampling import Snapshot, take

MIB = 1 << 20

TREE = {
    "memory.stat": "anon 0\nfile 0\n",
    "a.slice/memory.current": f"{100 * MIB}",
    "a.slice/memory.max": f"{120 * MIB}",
    "a.slice/one/memory.current": f"{30 * MIB}",
    "a.slice/one/memory.max": f"{200 * MIB}",
    "a.slice/two/memory.current": f"{60 * MIB}",
    "a.slice/two/memory.max": f"{61 * MIB}",
    "a.slice/two/memory.events": "low 0\nhigh 0\nmax 5\noom 0\noom_kill 1\n",
    "a.slice/two/cpu.stat": "usage_usec 1000000\nnr_periods 10\nnr_throttled 2\nthrottled_usec 5\n",
    "a.slice/two/cpu.max": "50000 100000",
    "a.slice/two/pids.current": "3",
    "a.slice/two/pids.max": "100",
    "a.slice/two/memory.pressure": "some avg10=12.50 avg60=0.00 avg300=0.00 total=1000000\n"
    "full avg10=2.50 avg60=0.00 avg300=0.00 total=500000\n",
    "left/memory.current": "0",
    "left/memory.max": "max",
}
LATER = {
    "a.slice/two/cpu.stat": "usage_usec 2000000\nnr_periods 30\nnr_throttled 12\nthrottled_usec 9\n",
    "a.slice/two/memory.events": "low 0\nhigh 0\nmax 9\noom 0\noom_kill 1\n",
    "a.slice/two/io.stat": "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n",
    "a.slice/two/memory.pressure": "some avg10=12.50 avg60=0.00 avg300=0.00 total=1200000\n"
    "full avg10=2.50 avg60=0.00 avg300=0.00 total=600000\n",
}


def snapshot(folder: Path, files: Mapping[str, str], at: float) -> Snapshot:
    for name, text in files.items():
        path = folder / TOP / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return replace(take(Root(str(folder)), TABLES), monotonic=at)


def by_path(found: tuple[Cgroup, ...]) -> dict[str, Cgroup]:
    return {one.path: one for one in found}


def test_one_reading_has_no_rates(tmp_path: Path) -> None:
    only = snapshot(tmp_path, TREE, 10.0)
    found = account(only, only)
    assert [one.path for one in found] == ["/", "/a.slice", "/a.slice/one", "/a.slice/two", "/left"]
    two = by_path(found)["/a.slice/two"]
    assert (two.depth, two.name, two.threads, two.threads_max, two.quota) == (2, "two", 3, 100, 0.5)
    assert (two.cpu, two.throttled, two.read, two.limit_hits) == (None, None, None, None)
    assert two.stalls == {"memory": Stall(0.125, 0.025)}
    assert two.oom_kills == 1


def test_memory_that_nobody_below_is_charged_with(tmp_path: Path) -> None:
    only = snapshot(tmp_path, TREE, 10.0)
    found = by_path(account(only, only))
    assert found["/a.slice"].own == 10 * MIB
    assert found["/a.slice/one"].own == 30 * MIB
    assert found["/"].own is None, "version 2 does not tell what the root is charged with"


def test_the_limit_that_is_reached_first_may_be_of_a_cgroup_above(tmp_path: Path) -> None:
    only = snapshot(tmp_path, TREE, 10.0)
    found = by_path(account(only, only))
    assert found["/a.slice/one"].limit == Limit(120 * MIB, "/a.slice")
    assert found["/a.slice/two"].limit == Limit(61 * MIB, "/a.slice/two")
    assert found["/left"].limit is None
    assert found["/left"].idle
    assert not found["/a.slice"].idle


def test_rates_between_two_readings(tmp_path: Path) -> None:
    first = snapshot(tmp_path, TREE, 10.0)
    two = by_path(account(first, snapshot(tmp_path, LATER, 12.0)))["/a.slice/two"]
    assert two.cpu == pytest.approx(0.5)
    assert two.throttled == pytest.approx(0.5)
    assert two.limit_hits == pytest.approx(2.0)
    assert (two.read, two.written) == (2048.0, 4096.0)
    stall = two.stalls["memory"]
    assert stall.some == pytest.approx(0.1)
    assert stall.full == pytest.approx(0.05)


def test_a_cgroup_made_anew_under_the_same_name_has_no_rate(tmp_path: Path) -> None:
    late = snapshot(tmp_path / "late", {**TREE, **LATER}, 10.0)
    two = by_path(account(late, snapshot(tmp_path / "early", TREE, 12.0)))["/a.slice/two"]
    assert (two.cpu, two.limit_hits, two.throttled) == (None, None, None)


@pytest.mark.parametrize("tree", sorted(path.name for path in CAPTURES.iterdir() if path.is_dir()))
def test_captured_hosts(tree: str) -> None:
    only = take(Root(str(CAPTURES / tree)), TABLES)
    found = account(only, only)
    assert len({one.path for one in found}) == len(found)
    paths = {one.path for one in found}
    for one in found:
        assert one.limit is None or one.path.startswith(one.limit.cgroup)
        assert one.limit is None or one.limit.cgroup in paths


@contextmanager
def limited(size: int) -> Iterator[Path]:
    folder = Path(f"/sys/fs/cgroup/memory/jm-test-cgroups-{os.getpid()}")
    if not Path("/sys/fs/cgroup/memory/memory.limit_in_bytes").exists():
        pytest.skip("no memory controller of version 1 here")
    try:
        folder.mkdir()
    except PermissionError:
        pytest.skip("only root may make a cgroup")
    try:
        (folder / "memory.limit_in_bytes").write_text(str(size))
        yield folder
    finally:
        removed(folder)


@pytest.mark.kernel
def test_this_host() -> None:
    with limited(64 * MIB) as folder:
        first = take(LIVE, TABLES)
        time.sleep(0.2)
        last = take(LIVE, TABLES)
        mine = by_path(account(first, last))[f"/{folder.name}"]
    assert mine.limit == Limit(64 * MIB, f"/{folder.name}")
    assert mine.memory is not None
