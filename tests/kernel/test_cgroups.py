"""/proc/cgroups, and cgroup.stat of the unified tree."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel import cgroup_stat
from jinmaek.kernel.cgroups import Controller, parse
from jinmaek.root import Root

CgroupStat: Any = cgroup_stat.CgroupStat
"""Columns that are not given are None."""


def test_capture_of_version_1() -> None:
    rows = {row.subsys_name: row for row in parse((CAPTURES / "6.1-rt/proc/cgroups").read_text())}
    assert rows["memory"] == Controller(subsys_name="memory", hierarchy=2, num_cgroups=5, enabled=1)


def test_capture_of_version_2() -> None:
    rows = {row.subsys_name: row for row in parse((CAPTURES / "6.12/proc/cgroups").read_text())}
    assert (rows["memory"].hierarchy, rows["memory"].num_cgroups) == (0, 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "memory\t4\t33\t1\n",
        "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\n",
        "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t-1\t1\n",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))


def test_the_unified_tree_alone_and_beside_version_1() -> None:
    def table(capture: str) -> tuple[object, ...]:
        return sampling.take(Root(str(CAPTURES / capture)), ["cgroup_stat"]).tables["cgroup_stat"]

    assert table("6.12") == (
        CgroupStat(nr_descendants=4, nr_dying_descendants=0, nr_subsys_memory=5, nr_dying_subsys_memory=0),
    )
    assert table("6.18") == (CgroupStat(nr_descendants=0, nr_dying_descendants=0),)


def test_a_folder_named_unified_may_be_missing() -> None:
    text = "nr_descendants 41\nnr_dying_descendants 3\n"
    assert list(cgroup_stat.parse({"sys/fs/cgroup/cgroup.stat": text})) == [
        CgroupStat(nr_descendants=41, nr_dying_descendants=3)
    ]
    assert list(cgroup_stat.parse({})) == []
    with pytest.raises(Malformed):
        list(cgroup_stat.parse({"sys/fs/cgroup/cgroup.stat": "nr_descendants\n"}))
