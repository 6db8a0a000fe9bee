"""Who is named inside a cgroup: its own figures first, then its processes, and nobody from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.diagnosis.test_culprits import MIB, Process, look, told
from tests.made import ring

from jinmaek.diagnosis import in_cgroup
from jinmaek.diagnosis.look import Look
from jinmaek.kernel.cgroup_cpu import CgroupCpu
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.root import Root

Cpu: Any = CgroupCpu
Memory: Any = CgroupMemory
"""Columns that are not given are None."""
HERE = (("cgroup", "/web.slice"),)


@pytest.fixture
def inside(tmp_path: Path) -> Callable[..., Look]:
    def made(*processes: Process, **tables: tuple[object, ...]) -> Look:
        for pid, text in {
            7: "4:memory:/web.slice\n0::/\n",
            8: "0::/web.slice/app:1\n",
            9: "0::/web.slice2\n",
            10: "2:cpu:/web.slice/deep/er\n1:name=systemd:/\n",
        }.items():
            folder = tmp_path / "proc" / str(pid)
            folder.mkdir(parents=True)
            (folder / "cgroup").write_text(text)
        seen = look(*processes)
        last = seen.last
        ring(seen).add(replace(last, monotonic=last.monotonic + 1, tables={**last.tables, **tables}))
        return replace(seen, root=Root(str(tmp_path))).about(HERE)

    return made


def test_cpu_time_of_those_inside_and_the_quota(inside: Callable[..., Look]) -> None:
    seen = inside(
        Process(7, "a", cpu=(0, 3)),
        Process(8, "b", cpu=(0, 6)),
        Process(9, "outside", cpu=(0, 50)),
        Process(10, "c", cpu=(1, 2)),
        Process(11, "gone", cpu=(0, 9)),
        cgroup_cpu=(Cpu(cgroup="/web.slice", quota=1.5), Cpu(cgroup="/web.slice2", quota=9.0)),
    )
    found = in_cgroup.by_cpu_time(seen)
    assert told(found) == [("/web.slice", None), ("b", 0.6), ("a", 0.3), ("c", 0.1)]
    assert [c.kind for c in found] == ["cgroup", *["process"] * 3]
    assert found[0].why == "a quota of 1.50 CPUs"
    assert found[1].why == "6.0 s of CPU time"


def test_what_fills_it_and_whose_it_is(inside: Callable[..., Look]) -> None:
    row = Memory(
        cgroup="/web.slice",
        current=96 * MIB,
        max=100 * MIB,
        anon=60 * MIB,
        file=30 * MIB,
        shmem=20 * MIB,
        kernel=6 * MIB,
    )
    seen = inside(
        Process(7, "big", anon=45 * MIB, majflt=(0, 30)),
        Process(8, "small", anon=15 * MIB, majflt=(0, 10)),
        Process(9, "outside", anon=900 * MIB, majflt=(0, 900)),
        cgroup_memory=(row,),
    )
    first, *rest = in_cgroup.by_memory(seen)
    assert (first.kind, first.share) == ("cgroup", 0.96)
    assert first.why == (
        "60 MiB of anonymous memory, 20 MiB of tmpfs and shared memory, 10 MiB of page cache of files, "
        "6 MiB of kernel memory"
    )
    assert told(tuple(rest)) == [("big", 0.75), ("small", 0.25)]
    assert rest[0].why == "45 MiB of its own memory"
    assert [c.why for c in in_cgroup.by_major_faults(seen)[1:]] == [
        "30 major page faults in this look",
        "10 major page faults in this look",
    ]


def test_a_cgroup_without_limit_has_no_share(inside: Callable[..., Look]) -> None:
    (found,) = in_cgroup.by_memory(
        inside(cgroup_memory=(Memory(cgroup="/web.slice", current=5, anon=3 * MIB),))
    )
    assert (found.share, found.why) == (None, "3 MiB of anonymous memory")


def test_with_nobody_to_ask_only_the_cgroup_is_named() -> None:
    seen = look(Process(7, "a", cpu=(0, 3)))
    assert in_cgroup.by_cpu_time(seen.about(HERE)) == ()
