"""What processes did between two scans."""

from __future__ import annotations

from jinmaek.tasks.delta import deltas, exited
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
