"""The ring: what was read is what is answered; what was not is a gap."""

from __future__ import annotations

from dataclasses import replace

from tests.made import snapshot, softnet

from jinmaek.catalog import ref
from jinmaek.history.live import Ring
from jinmaek.kernel.cgroup_memory import parse
from jinmaek.model import Gap
from jinmaek.tasks.table import Scan, TaskTable

DROPPED = ref("softnet_stat.dropped")
BACKLOG = ref("softnet_stat.backlog_len")


def ring(*readings: tuple[object, ...]) -> Ring:
    made = Ring()
    for second, rows in enumerate(readings):
        made.add(snapshot(float(second), {"softnet_stat": rows}))
    return made


def test_series_by_label_inside_the_window() -> None:
    series = ring((softnet(0, 1), softnet(1, 5)), (softnet(0, 2), softnet(1, 5)), (softnet(0, 9),)).series(
        DROPPED, 1.0, 2.0
    )
    assert series == {
        (("cpu", "0"),): [(1.0, 2.0), (2.0, 9.0)],
        (("cpu", "1"),): [(1.0, 5.0), (2.0, None)],
    }


def test_a_subject_that_comes_back_goes_on() -> None:
    series = ring((softnet(0, 1),), (), (), (softnet(0, 4),)).series(DROPPED, 0.0, 9.0)
    assert series == {(("cpu", "0"),): [(0.0, 1.0), (1.0, None), (3.0, 4.0)]}


def test_a_field_this_kernel_lacks_is_a_gap_not_zero() -> None:
    gap = ring((softnet(0, 1, backlog=None),)).series(BACKLOG, 0.0, 9.0)
    assert isinstance(gap, Gap)
    assert (gap.kind, gap.source) == ("absent", "softnet_stat.backlog_len")


def test_no_limit_on_anything_is_known_not_a_gap() -> None:
    made = Ring()
    rows = parse({"sys/fs/cgroup/a.slice/memory.max": "max\n", "sys/fs/cgroup/a.slice/memory.current": "1\n"})
    made.add(snapshot(0.0, {"cgroup_memory": tuple(rows)}))
    assert made.series(ref("cgroup_memory.max"), 0.0, 9.0) == {}
    assert isinstance(made.series(ref("cgroup_memory.anon"), 0.0, 9.0), Gap)


def test_a_table_without_rows_is_empty_not_a_gap() -> None:
    assert ring(()).series(DROPPED, 0.0, 9.0) == {}


def test_a_table_that_could_not_be_read_is_its_gap() -> None:
    denied = Gap("denied", "proc/net/softnet_stat")
    made = Ring()
    made.add(snapshot(0.0, {}, {"softnet_stat": denied}))
    assert made.series(DROPPED, 0.0, 9.0) == denied


def test_nothing_read_yet_and_never_asked_for() -> None:
    assert isinstance(Ring().series(DROPPED, 0.0, 9.0), Gap)
    made = Ring()
    made.add(snapshot(0.0, {}))
    assert made.series(DROPPED, 0.0, 9.0) == Gap("absent", "softnet_stat.dropped", "not read in this look")


def test_a_reading_in_which_a_table_was_not_asked_for_is_none() -> None:
    made = Ring()
    made.add(snapshot(0.0, {"softnet_stat": (softnet(0, 1),)}))
    made.add(snapshot(1.0, {}))
    made.add(snapshot(2.0, {}, {"softnet_stat": Gap("denied", "proc/net/softnet_stat")}))
    made.add(snapshot(3.0, {"softnet_stat": (softnet(0, 4),)}))
    assert made.series(DROPPED, 0.0, 9.0) == {(("cpu", "0"),): [(0.0, 1.0), (2.0, None), (3.0, 4.0)]}


def test_another_boot_starts_anew_and_old_readings_leave() -> None:
    made = Ring(capacity=2)
    for second in range(3):
        made.add(snapshot(float(second), {"softnet_stat": (softnet(0, second),)}))
    assert [s.monotonic for s in made.snapshots] == [1.0, 2.0]
    made.add(snapshot(0.5, {"softnet_stat": (softnet(0, 0),)}, boot="another"))
    assert [s.monotonic for s in made.snapshots] == [0.5]


def test_only_the_first_and_the_last_keep_their_tasks() -> None:
    scan = Scan("procfs", 0.0, TaskTable(), (), {}, {}, 0.0)
    made = Ring()
    for second in range(4):
        made.add(replace(snapshot(float(second), {"softnet_stat": (softnet(0, second),)}), tasks=scan))
    assert [s.tasks is None for s in made.snapshots] == [False, True, True, False]
    assert made.series(DROPPED, 0.0, 9.0) == {(("cpu", "0"),): [(float(n), float(n)) for n in range(4)]}
