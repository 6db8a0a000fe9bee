"""Groups of processes: so many and the rest, sums that close, counts that never fall."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from jinmaek.accounts.process_groups import REST, Group, Groups, group_of
from jinmaek.tasks.table import Scan, TaskTable
from jinmaek.views.openmetrics import groups as view

KTHREAD = 0x0020_0000


@dataclass(frozen=True)
class One:
    pid: int
    comm: str
    start: float = 1.0
    utime: float = 0.0
    resident: int = 1 << 20
    threads: int = 1
    flags: int = 0
    state: str = "S"


def scan(time: float, every: Iterable[One], *, usage: bool = True) -> Scan:
    tasks = sorted(every, key=lambda one: one.pid)
    table = TaskTable(
        pid=[one.pid for one in tasks],
        start_time=[one.start for one in tasks],
        comm=[one.comm for one in tasks],
        state=[one.state for one in tasks],
        flags=[one.flags for one in tasks],
        utime=[one.utime for one in tasks],
        stime=[0.0] * len(tasks),
        minflt=[0] * len(tasks),
        majflt=[0] * len(tasks),
        num_threads=[one.threads for one in tasks],
        vsize=[2 * one.resident for one in tasks],
        resident=[one.resident for one in tasks],
        vm_swap=[None if one.flags & KTHREAD else 0 for one in tasks],
        read_bytes=[0] * len(tasks) if usage else [],
        write_bytes=[0] * len(tasks) if usage else [],
    )
    return Scan("bpf", time, table, (), {}, {}, 0.0)


def test_sums_close_with_ten_thousand_processes() -> None:
    draw = random.Random(7)
    every = [
        One(n, f"name{draw.randrange(3000)}", utime=draw.random(), resident=draw.randrange(1 << 24))
        for n in range(1, 10_001)
    ]
    groups = Groups(20)
    told = groups.add(scan(10, every))
    assert len(told) == 21
    assert told[-1].name == REST
    assert sum(one.processes for one in told) == 10_000
    assert sum(one.resident or 0 for one in told) == sum(one.resident for one in every)
    later = [replace(one, utime=one.utime + 1) for one in every]
    told = groups.add(scan(20, later))
    assert round(sum(one.user or 0 for one in told), 6) == 10_000
    assert len(view.samples(told)) == 21 * (11 + 5)


def test_counts_never_fall_and_the_series_stay() -> None:
    draw = random.Random(11)
    groups, alive, before = Groups(5), dict[int, One](), dict[str, Group]()
    names: list[set[str]] = []
    for turn in range(60):
        for pid in [pid for pid in alive if draw.random() < 0.2]:
            del alive[pid]
        for _ in range(20):
            pid = draw.randrange(1, 100_000)
            alive[pid] = One(pid, f"n{draw.randrange(12)}", start=turn * 10 + 1.0)
        alive = {pid: replace(one, utime=one.utime + draw.random()) for pid, one in alive.items()}
        told = {one.name: one for one in groups.add(scan(turn * 10 + 10.0, alive.values()))}
        names.append({*told})
        for name, one in told.items():
            if name in before:
                assert (one.user or 0) >= (before[name].user or 0)
        before = told
    changes = sum(len(now - was) for was, now in pairwise(names))
    assert changes <= 30, "at most one place a scan changes hands, and rarely"


def test_only_what_came_since_counts() -> None:
    groups = Groups(3)
    groups.add(scan(10, [One(1, "old", utime=500.0)]))
    told = groups.add(scan(20, [One(1, "old", utime=501.5), One(2, "new", start=15.0, utime=3.0)]))
    assert {one.name: one.user for one in told} == {"old": 1.5, "new": 3.0, REST: 0.0}


def test_a_pid_that_is_another_process_now_takes_nothing_back() -> None:
    groups = Groups(3)
    groups.add(scan(10, [One(1, "a", utime=100.0)]))
    told = groups.add(scan(20, [One(1, "a", start=15.0, utime=0.5)]))
    assert told[0].user == 0.5


def test_a_clearly_larger_group_takes_a_place_and_the_rest_goes_on() -> None:
    groups = Groups(1)
    groups.add(scan(10, [One(1, "first"), One(2, "second", resident=1)]))
    for turn in range(40):
        told = groups.add(
            scan(20 + turn, [One(1, "first", utime=0.0), One(2, "second", utime=float(turn), threads=9)])
        )
    assert [one.name for one in told] == ["second", REST]
    assert sum(one.processes for one in told) == 2


def test_kernel_threads_of_all_cpus_are_one_group() -> None:
    every = [One(n, f"kworker/{n}:0-events", flags=KTHREAD, resident=0) for n in range(1, 50)]
    told = Groups(5).add(scan(10, every))
    assert [one.name for one in told] == ["[kworker]", REST]
    assert told[0].swapped == 0
    assert group_of("kworker/0:1", kernel=False) == "kworker/0:1"


def test_no_process_can_be_called_like_the_rest() -> None:
    assert len(REST) > 15
    told = Groups(0).add(scan(10, [One(1, REST[:15])]))
    assert [one.name for one in told] == [REST]


def test_what_was_not_read_is_not_zero() -> None:
    groups = Groups(2)
    groups.add(scan(10, [One(1, "a")], usage=False))
    told = groups.add(scan(20, [One(1, "a")], usage=False))
    assert all(one.read_bytes is None for one in told)
    names = {series.family.name for series, _ in view.samples(told)}
    assert "namedprocess_namegroup_read_bytes_total" not in names
    assert "namedprocess_namegroup_cpu_seconds_total" in names


def test_hostile_names_are_quoted_and_harmless() -> None:
    told = Groups(9).add(scan(10, [One(1, 'a"\n\x1b[2J'), One(2, "\ud800b"), One(3, "\u202eevil")]))
    texts = [series.text for series, _ in view.samples(told)]
    assert not [
        text for text in texts if "\n" in text or "\x1b" in text or "\ud800" in text or "\u202e" in text
    ]
    assert any('a\\"\\\\x0a\\\\x1b[2J' in text for text in texts)


def test_states_are_counted_in_process_exporters_words() -> None:
    told = Groups(1).add(scan(10, [One(1, "a", state="D"), One(2, "a", state="Z"), One(3, "a", state="I")]))
    states = {
        dict(series.labels)["state"]: value
        for series, value in view.samples(told)
        if series.family is view.IN_STATE and dict(series.labels)["groupname"] == "a"
    }
    assert states == {"Running": 0, "Sleeping": 1, "Waiting": 1, "Zombie": 1, "Other": 0}


def test_an_empty_host_has_the_rest() -> None:
    told: tuple[Group, ...] = Groups(3).add(scan(10, []))
    assert [one.name for one in told] == [REST]
    assert told[0].processes == 0
