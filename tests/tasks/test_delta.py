"""What processes did between two scans."""

from __future__ import annotations

from jinmaek.tasks.delta import account, deltas, exited, waited
from jinmaek.tasks.table import Scan, TaskTable


def one(pid: int, start: float, **values: object) -> dict[str, object]:
    return {"pid": pid, "start_time": start, **values}


def scan_of(*processes: dict[str, object], details: bool = True) -> Scan:
    usual: dict[str, object] = dict.fromkeys(TaskTable.__slots__, 0)
    usual |= {"comm": "x", "state": "S", "num_threads": 1}
    columns: dict[str, list[object]] = {name: [] for name in TaskTable.__slots__}
    for process in processes:
        for name, value in {**usual, **process}.items():
            if details or name not in ("vm_swap", "rss_anon"):
                columns[name].append(value)
    table = TaskTable(**columns)  # type: ignore[arg-type]
    return Scan("procfs", 0.0, table, (), {}, {}, 0.0)


def test_what_grew_is_the_difference() -> None:
    first = scan_of(one(5, 1.0, utime=1.5, stime=0.25, majflt=3, minflt=10, vm_swap=4096))
    last = scan_of(
        one(5, 1.0, utime=2.0, stime=0.5, majflt=10, minflt=50, vm_swap=1024, resident=7, state="R")
    )
    (delta,) = deltas(first, last)
    assert (delta.cpu_s, delta.majflt, delta.minflt) == (0.75, 7, 40)
    assert (delta.vm_swap, delta.vm_swap_grown, delta.resident) == (1024, -3072, 7)
    assert (delta.born, delta.state) == (False, "R")


def test_anonymous_memory_that_grew_or_is_new() -> None:
    first = scan_of(one(5, 1.0, rss_anon=100), one(6, 1.0, rss_anon=None))
    last = scan_of(one(5, 1.0, rss_anon=350, rss_shmem=9), one(6, 1.0, rss_anon=7), one(7, 2.0, rss_anon=40))
    assert [delta.rss_anon_grown for delta in deltas(first, last)] == [250, None, 40]
    assert deltas(first, last)[0].rss_shmem == 9


def test_the_kernel_s_part_and_what_went_to_storage() -> None:
    first = scan_of(one(5, 1.0, utime=1.0, stime=0.25, read_bytes=100, write_bytes=None))
    last = scan_of(
        one(5, 1.0, utime=2.0, stime=0.5, read_bytes=4196, write_bytes=7), one(9, 3.0, write_bytes=512)
    )
    old, born = deltas(first, last)
    assert (old.system_s, old.read_bytes, old.write_bytes) == (0.25, 4096, None)
    assert (born.read_bytes, born.write_bytes) == (0, 512)


def test_a_pid_used_again_is_another_process() -> None:
    first = scan_of(one(5, 1.0, utime=100.0), one(6, 1.0))
    last = scan_of(one(5, 9.5, utime=2.0, majflt=4, vm_swap=512), one(6, 1.0))
    born, old = deltas(first, last)
    assert (born.born, born.cpu_s, born.majflt, born.vm_swap_grown) == (True, 2.0, 4, 512)
    assert not old.born
    assert exited(first, last) == [(5, 1.0)]


def test_what_was_not_read_is_unknown() -> None:
    plain, detailed = scan_of(one(5, 1.0), details=False), scan_of(one(5, 1.0, vm_swap=8))
    assert deltas(detailed, plain)[0].vm_swap is None
    assert deltas(plain, detailed)[0].vm_swap == 8
    assert deltas(plain, detailed)[0].vm_swap_grown is None


def test_time_that_steps_back_counts_as_none() -> None:
    assert deltas(scan_of(one(5, 1.0, utime=2.0)), scan_of(one(5, 1.0, utime=1.0)))[0].cpu_s == 0.0


def test_children_waited_for_are_counted_with_their_parent() -> None:
    first = scan_of(one(5, 1.0, utime=1.0, cutime=10.0), one(7, 1.0, ppid=5, utime=3.0, cstime=1.0))
    last = scan_of(one(5, 1.0, utime=2.0, cutime=14.5, cstime=1.5))
    # 7 left 4 s it had used before; 2 s were used meanwhile, by it or by processes never seen.
    told = account(4.0, first, last)
    assert (told.alive_s, told.exited_s, told.unexplained_s) == (1.0, 2.0, 1.0)
    assert (told.alive, told.exited) == (0.25, 0.5)
    assert waited(first, last) == {5: 2.0}


def test_all_that_a_new_process_and_its_children_did_is_of_this_time() -> None:
    told = account(8.0, scan_of(one(5, 1.0)), scan_of(one(5, 1.0), one(9, 4.0, utime=2.0, cutime=3.0)))
    assert (told.alive_s, told.exited_s, told.unexplained_s) == (2.0, 3.0, 3.0)


def test_what_nobody_waited_for_never_makes_others_less() -> None:
    gone = one(7, 1.0, ppid=5, utime=500.0)
    first = scan_of(one(1, 0.0), one(5, 1.0, cutime=1.0), one(6, 1.0), gone)
    last = scan_of(one(1, 0.0), one(5, 1.0, cutime=1.0), one(6, 1.0, cutime=2.0))
    assert account(5.0, first, last).exited_s == 2.0


def test_an_orphan_is_waited_for_by_somebody_else() -> None:
    first = scan_of(one(1, 0.0), one(5, 1.0, ppid=1, utime=1.0), one(7, 1.0, ppid=5, utime=30.0))
    last = scan_of(one(1, 0.0, cutime=33.0))
    assert account(2.0, first, last).exited_s == 2.0


def test_a_parents_pid_used_again_is_no_parent() -> None:
    first = scan_of(one(1, 0.0), one(5, 1.0, cutime=40.0))
    last = scan_of(one(1, 0.0, cutime=41.0), one(5, 9.0, cutime=0.5))
    assert account(2.0, first, last).exited_s == 1.5


def test_a_host_that_did_nothing_has_no_shares() -> None:
    told = account(0.0, scan_of(), scan_of())
    assert (told.alive, told.exited, told.unexplained_s) == (None, None, 0.0)
