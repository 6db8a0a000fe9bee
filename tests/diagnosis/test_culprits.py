"""Who is named first, with which share, and what is never claimed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rank
from jinmaek.history.live import Ring
from jinmaek.kernel.kmsg import Kill
from jinmaek.kernel.stat import StatCpu
from jinmaek.model import Culprit, Gap
from jinmaek.sampling import Snapshot
from jinmaek.tasks.census import Zombies
from jinmaek.tasks.table import Scan, TaskTable, Waiting
from jinmaek.tasks.waits import class_of

MIB = 1024 * 1024


@dataclass
class Process:
    """One process at both ends of a look; what is not said did not change."""

    pid: int
    comm: str
    cpu: tuple[float, float] = (0, 0)
    waited_for: tuple[float, float] = (0, 0)
    majflt: tuple[int, int] = (0, 0)
    threads: int = 1
    size: int = 0
    anon: int | None = 0
    swap: int | None = 0
    place: list[str] = field(default_factory=list)


def scan(at: int, processes: list[Process], zombies: tuple[Zombies, ...] = ()) -> Scan:
    table = TaskTable(
        pid=[p.pid for p in processes],
        tgid=[p.pid for p in processes],
        ppid=[1] * len(processes),
        start_time=[1.0] * len(processes),
        comm=[p.comm for p in processes],
        state=["S"] * len(processes),
        flags=[0] * len(processes),
        utime=[p.cpu[at] for p in processes],
        stime=[0.0] * len(processes),
        cutime=[p.waited_for[at] for p in processes],
        cstime=[0.0] * len(processes),
        minflt=[0] * len(processes),
        majflt=[p.majflt[at] for p in processes],
        priority=[20] * len(processes),
        nice=[0] * len(processes),
        rt_priority=[0] * len(processes),
        policy=[0] * len(processes),
        processor=[0] * len(processes),
        num_threads=[p.threads for p in processes],
        vsize=[p.size for p in processes],
        tty_nr=[0] * len(processes),
        resident=[0] * len(processes),
        shared=[0] * len(processes),
        uid=[0] * len(processes),
        vm_swap=[p.swap for p in processes],
        rss_anon=[p.anon for p in processes],
    )
    waiting = tuple(
        Waiting(pid=p.pid, tgid=p.pid, start_time=1.0, comm=p.comm, wchan=wchan or None)
        for p in processes
        for wchan in p.place
    )
    return Scan(
        way="procfs",
        time=float(at),
        processes=table,
        waiting=waiting,
        tables={"zombies": zombies},
        gaps={},
        cpu_s=0.0,
    )


def look(
    *processes: Process,
    busy: float = 10.0,
    zombies: tuple[Zombies, ...] = (),
    kills: tuple[Kill, ...] | Gap = (),
) -> Look:
    ring = Ring()
    for at in (0, 1):
        zero = dict.fromkeys(("nice", "system", "idle", "iowait", "irq", "softirq", "steal"), 0.0)
        cpu = StatCpu(cpu=0, user=busy * at, guest=0.0, guest_nice=0.0, **zero)
        ring.add(
            Snapshot(
                boot_id="b",
                wall=1000.0 + at,
                monotonic=100.0 + at,
                tables={"stat_cpu": (cpu,), "zombies": zombies},
                tasks=scan(at, list(processes), zombies),
                gaps={},
            )
        )
    return Look(ring, "en", {7: "/seven.slice"}.get, lambda: kills)


def told(found: tuple[Culprit, ...]) -> list[tuple[str, float | None]]:
    return [(c.name, None if c.share is None else round(c.share, 2)) for c in found]


def test_cpu_time_with_what_nobody_alive_used() -> None:
    seen = look(Process(7, "hog", cpu=(1, 7)), Process(8, "small", cpu=(0, 1)), Process(9, "idle"))
    found = culprits.by_cpu_time(seen)
    assert told(found) == [("hog", 0.6), ("small", 0.1), ("unseen tasks", 0.3)]
    assert (found[0].pid, found[0].start_time, found[0].cgroup) == (7, 1.0, "/seven.slice")
    assert found[0].why == "6.0 s of CPU time"


def test_cpu_time_of_children_that_came_and_went() -> None:
    seen = look(Process(7, "make", cpu=(1, 2), waited_for=(10, 18)), Process(9, "idle"))
    assert told(culprits.by_cpu_time(seen)) == [("make", 0.1), ("exited tasks", 0.8)]


def test_a_look_into_a_subject_shares_what_the_whole_look_found() -> None:
    seen = look(Process(7, "make", cpu=(1, 2), waited_for=(10, 18)))
    inside = seen.about((("cgroup", "/a"), ("device", "sda")))
    assert (inside.label("device"), inside.label("cpu"), seen.label("device")) == ("sda", "", "")
    assert inside.deltas is seen.deltas
    assert inside.explained is seen.explained
    assert inside.about(()).waited is seen.waited
    assert seen.waited == {7: 8.0}


def test_at_most_five_are_named() -> None:
    many = [Process(pid, f"p{pid}", cpu=(0, 1)) for pid in range(10, 20)]
    assert len([c for c in culprits.by_cpu_time(look(*many)) if c.kind == "process"]) == 5


def test_major_faults() -> None:
    seen = look(Process(7, "a", majflt=(5, 305), swap=3 * MIB), Process(8, "b", majflt=(0, 100), swap=None))
    found = culprits.by_major_faults(seen)
    assert told(found) == [("a", 0.75), ("b", 0.25)]
    assert found[0].why == "300 major page faults in this look, 3 MiB of anonymous memory in swap"
    assert "swap" not in found[1].why, "not known is not 0"


def test_memory_swap_threads_and_address_space() -> None:
    seen = look(
        Process(7, "big", anon=600 * MIB, swap=0, threads=30, size=4 * 1024 * MIB),
        Process(8, "swapped", anon=0, swap=200 * MIB, threads=10, size=300 * MIB),
        Process(9, "unknown", anon=None, swap=None),
    )
    assert told(culprits.by_memory(seen)) == [("big", 0.75), ("swapped", 0.25)]
    assert told(culprits.by_swap_held(seen)) == [("swapped", 1.0)]
    assert [c.name for c in culprits.by_thread_count(seen)] == ["big", "swapped", "unknown"]
    assert told(culprits.by_commit(seen))[:1] == [("big", None)]
    assert culprits.by_commit(seen)[0].why == "4096 MiB of address space"


def test_threads_in_d_by_what_they_wait_for() -> None:
    seen = look(
        Process(7, "writer", place=["percpu_rwsem_wait"] * 3),
        Process(8, "reader", place=["folio_wait_bit_common"]),
        Process(9, "sh", place=["kernel_clone"]),
        Process(10, "odd", place=[""]),
    )
    assert told(culprits.by_waiting_on_lock(seen)) == [("writer", 0.75), ("odd", 0.25)]
    assert told(culprits.by_waiting_on_disk(seen)) == [("reader", 0.5), ("odd", 0.5)]
    assert told(culprits.by_parked(seen)) == [("sh", 0.5), ("odd", 0.5)]
    assert "sh" not in [c.name for c in culprits.by_waiting(seen)]
    assert culprits.by_waiting_on_lock(seen)[0].why == "3 threads in D at percpu_rwsem_wait"
    assert culprits.by_waiting_on_disk(seen)[0].why == "in D at folio_wait_bit_common"


def test_parents_of_zombies() -> None:
    rows = (Zombies(ppid=7, comm="bad", count=30), Zombies(ppid=8, comm="less", count=10))
    found = culprits.zombie_parents(look(Process(7, "bad"), zombies=rows))
    assert told(found) == [("bad", 0.75), ("less", 0.25)]
    assert (found[0].pid, found[0].start_time, found[0].why) == (7, 1.0, "30 zombies not reaped")
    assert found[1].start_time is None, "a parent that was not seen has no identity"


def test_victims_of_the_oom_killer_newest_first() -> None:
    kills = (Kill(41.0, 5, "old", 8 * MIB, by_cgroup=True), Kill(91.0, 6, "new", None, by_cgroup=False))
    found = culprits.oom_victims(look(kills=kills))
    assert [(c.name, c.why) for c in found] == [
        ("new", "killed 10 s ago, memory of the host"),
        ("old", "killed 60 s ago with 8 MiB, limit of its cgroup"),
    ]
    assert culprits.oom_victims(look(kills=Gap("denied", "dev/kmsg"))) == ()


@pytest.mark.parametrize("rank", [culprits.by_cpu_time, culprits.by_memory, culprits.by_waiting])
def test_without_a_scan_nobody_is_blamed(rank: Rank) -> None:
    ring = Ring()
    ring.add(Snapshot("b", 1.0, 1.0, {}, None, {}))
    assert rank(Look(ring, "en", lambda _: None, lambda: ())) == ()


@pytest.mark.parametrize(
    ("wchan", "kind"),
    [
        ("jbd2_log_wait_commit", "journal"),
        ("rpc_wait_bit_killable", "remote"),
        ("request_wait_answer", "remote"),
        ("rwsem_down_write_slowpath", "lock"),
        ("percpu_rwsem_wait", "lock"),
        ("mem_cgroup_handle_over_high", "memory"),
        ("__refrigerator", "frozen"),
        ("wait_for_vfork_done", "vfork"),
        ("some_driver_thread", "other"),
        ("", "other"),
        (None, "other"),
    ],
)
def test_classes_of_waits(wchan: str | None, kind: str) -> None:
    assert class_of(wchan) == kind
