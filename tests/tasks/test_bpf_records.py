"""Records in whatever order a pass has them: the tables are the same, by number."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import fields
from itertools import compress

import pytest

from jinmaek.tasks import bpf_scan
from jinmaek.tasks.bpf_columns import process_table, thread_table
from jinmaek.tasks.bpf_order import Order
from jinmaek.tasks.bpf_record import DESC, NAME, WORDS
from jinmaek.tasks.bpf_records import Names, Records
from jinmaek.tasks.table import TaskTable

AT = {name: at for at, name in enumerate(WORDS)}
COLUMNS = [one.name for one in fields(TaskTable)]
LATE = ("in_iowait", "run_delay", "own_minflt", "minflt", "own_utime", "sum_utime", "run_ns", "sum_run_ns")


def record(pid: int, tgid: int, **words: int) -> array[int]:
    """One record; what is not given follows from the numbers."""
    given = {
        "pid": pid, "tgid": tgid, "leads": int(pid == tgid), "state": ord("SRDI"[pid % 4]),
        "start_ticks": 100 * tgid, "ppid": 1, "has_mm": tgid % 2, "uid": tgid % 5, "num_threads": 1,
    } | {name: pid * (7 + at) for at, name in enumerate(LATE)} | words  # fmt: skip
    found = array("q", bytes(8 * len(WORDS)))
    for name, value in given.items():
        found[AT[name]] = value
    found.frombytes(f"task {pid}".encode().ljust(NAME + DESC, b"\0"))
    return found


def records(order: Sequence[array[int]], earlier: Records | None = None) -> Records:
    words = array("q")
    for one in order:
        words.extend(one)
    return Records(words, len(words), Names(), (), None, earlier)


def columns(table: TaskTable) -> dict[str, object]:
    return {name: getattr(table, name) for name in COLUMNS}


def host(chance: random.Random, many: int) -> list[array[int]]:
    """The threads of some processes as a list of tasks has them: one process after the other."""
    numbers = chance.sample(range(1, 10 * many), 4 * many)
    found: list[array[int]] = []
    while len(found) < many:
        leader = numbers.pop()
        found.append(record(leader, leader))
        found += [record(numbers.pop(), leader) for _ in range(chance.choice((0, 0, 0, 1, 3)))]
    return found


@pytest.mark.parametrize("seed", range(30))
def test_tables_are_in_order_of_numbers_however_the_records_came(seed: int) -> None:
    chance = random.Random(seed)
    listed = host(chance, chance.choice((1, 2, 30, 300)))
    ordered = records(sorted(listed, key=lambda one: one[AT["pid"]]))
    theirs = process_table(ordered, details=True)
    assert theirs.pid == sorted(theirs.pid)
    told = records(listed)
    ours = process_table(told, details=True)
    assert columns(ours) == columns(theirs)
    of_threads = thread_table(told, ours)
    assert columns(of_threads) == columns(thread_table(ordered, theirs))
    assert of_threads.pid == sorted(one[AT["pid"]] for one in listed)
    assert of_threads.comm == [f"task {pid}" for pid in of_threads.pid]
    assert [told.leaders_below(pid) for pid in range(1, 60)] == [
        ordered.leaders_below(pid) for pid in range(1, 60)
    ]
    places = sorted(chance.sample(range(len(ours)), (len(ours) + 1) // 2))
    assert columns(ours.rows(places)) == columns(TaskTable.rows(ours, places))


@pytest.mark.parametrize("seed", range(30))
def test_changes_are_found_in_any_order(seed: int) -> None:
    chance = random.Random(seed)
    before = host(chance, 150)
    listed = [one[:] for one in before]
    for one in chance.sample(listed, 5):
        one[AT["run_delay"]] += 1
    # Some processes have gone, with their threads, and some came.
    gone = {one[AT["tgid"]] for one in chance.sample(listed, 4)}
    listed = [one for one in listed if one[AT["tgid"]] not in gone]
    listed += [record(pid, pid) for pid in (5000, 3, 5001) if pid not in {one[AT["pid"]] for one in listed}]
    ours = records(listed)
    changed = ours.changed(records(before))
    was = {one[AT["pid"]]: one for one in before}
    differ = {one[AT["tgid"]] for one in listed if was.get(one[AT["pid"]]) != one}
    pids = ours.leaders("pid")
    assert [pids[place] for place in changed] == sorted(differ)
    assert records(before).changed(records(before)) == []


def test_a_leader_taken_over_from_is_told_once() -> None:
    """execve(2) by another thread gives that thread the leader's number while the list is walked."""
    listed = [record(9, 9), record(4, 4, uid=1), record(4, 4, uid=2), record(5, 4), record(12, 9)]
    told = records(listed)
    processes = process_table(told, details=False)
    assert (processes.pid, processes.uid) == ([4, 9], [2, 4])
    assert thread_table(told, processes).pid == [4, 5, 9, 12]
    assert [group.leader for group in told.groups()] == [2, 0]
    one = record(4, 4, uid=1), record(4, 4, uid=2)
    assert process_table(records(one), details=False).uid == [2]


def test_threads_without_their_leader_are_left_out() -> None:
    told = records([record(7, 7), record(8, 3), record(5, 5)])
    processes = process_table(told, details=False)
    assert processes.pid == [5, 7]
    assert thread_table(told, processes).pid == [5, 7]
    assert told.groups() == []
    assert told.changed(records([])) == [0, 1]


def test_the_order_is_found_out_once_for_the_same_tasks() -> None:
    listed = [record(7, 7), record(8, 7), record(5, 5)]
    first = records(listed)
    again = records(listed, first)
    assert again.order is first.order
    assert records(listed[1:], first).order is not first.order
    # The same number may have become a leader's.
    assert records([record(7, 7), record(8, 8), record(5, 5)], first).order is not first.order


def test_all_as_they_are_needs_no_places() -> None:
    order = Order(array("q", (1, 2, 9)), None)
    assert (order.pids, order.processes, order.threads) == ([1, 2, 9], None, None)
    order = Order(array("q", (1, 2, 9)), b"\x01\0\x01")
    assert (order.pids, order.processes, order.threads) == ([1, 9], [0, 2], None)
    order = Order(array("q"), None)
    assert (order.pids, order.processes, order.threads) == ([], None, None)


@pytest.mark.parametrize("many", [0, 1, 2, 500])
def test_states_of_leaders_are_those_marked(many: int) -> None:
    chance = random.Random(many)
    states = bytes(chance.choices(b"SRDZTtIXP", k=many))
    leads = bytes(chance.choices((0, 1), k=many))
    assert bpf_scan._of_leaders(states, leads) == bytes(compress(states, leads))
