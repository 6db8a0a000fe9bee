"""Who makes the kernel work: system time, children that came and went, interrupts and softirqs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from tests.diagnosis.test_culprits import Process, look, told
from tests.made import ring

from jinmaek.diagnosis import by_kernel_work
from jinmaek.diagnosis.look import Look
from jinmaek.kernel.interrupts import Interrupt
from jinmaek.kernel.softirqs import Softirq
from jinmaek.root import LIVE, Root
from jinmaek.tasks.switches import voluntary

STATUS = "Name:\ta\nUid:\t0\t0\t0\t0\nvoluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n"


def in_the_kernel(seen: Look) -> Look:
    """All CPU time of the last scan was spent in the kernel."""
    last = seen.last
    assert last.tasks is not None
    table = last.tasks.processes
    moved = replace(table, stime=table.utime, utime=[0.0] * len(table.pid))
    ring(seen).add(replace(last, monotonic=last.monotonic + 1, tasks=replace(last.tasks, processes=moved)))
    return seen


def test_system_time_and_how_a_process_loses_the_cpu(tmp_path: Path) -> None:
    for tid, counts in {7: (30, 10), 71: (60, 0)}.items():
        folder = tmp_path / "proc/7/task" / str(tid)
        folder.mkdir(parents=True)
        (folder / "status").write_text(STATUS.format(*counts))
    seen = in_the_kernel(look(Process(7, "ping", cpu=(0, 6)), Process(8, "gone", cpu=(0, 2))))
    found = by_kernel_work.by_system_time(replace(seen, root=Root(str(tmp_path))))
    assert told(found) == [("ping", 0.75), ("gone", 0.25)]
    assert found[0].why == "6.0 s in the kernel; 90% of its switches because it waits for something"
    assert found[1].why == "2.0 s in the kernel"
    assert by_kernel_work.by_system_time(seen)[0].why == "6.0 s in the kernel", "nobody to ask"


def test_switches_of_this_process_and_of_one_that_is_gone() -> None:
    share = voluntary(LIVE, os.getpid())
    assert share is not None
    assert 0 <= share <= 1
    assert voluntary(LIVE, 2**22 + 1) is None


def test_parents_by_the_cpu_time_of_children_they_waited_for() -> None:
    seen = look(
        Process(7, "sh", cpu=(0, 1), waited_for=(3, 9)),
        Process(8, "make", waited_for=(0, 2)),
        Process(9, "idle"),
    )
    found = by_kernel_work.by_children(seen)
    assert told(found) == [("sh", 0.6), ("make", 0.2)]
    assert found[0].why == "6.0 s of CPU time of children that came and went"
    assert found[0].pid == 7


def test_softirqs_of_that_cpu_then_the_sources_of_all() -> None:
    def rows(net: int, timer: int, other: int) -> tuple[Softirq, ...]:
        return (
            Softirq(cpu=1, vector="NET_RX", count=net),
            Softirq(cpu=1, vector="TIMER", count=timer),
            Softirq(cpu=0, vector="RCU", count=other),
        )

    def sources(card: int, local: int) -> tuple[Interrupt, ...]:
        return (
            Interrupt(irq="36", info="PCI-MSIX 1-edge eth0-rx-0", count=card),
            Interrupt(irq="LOC", info="Local timer interrupts", count=local),
        )

    seen = look()
    first, last = seen.history.snapshots
    ring(seen).add(
        replace(
            first,
            monotonic=last.monotonic + 1,
            tables={**first.tables, "softirqs": rows(10, 10, 0), "interrupts": sources(5, 5)},
        )
    )
    ring(seen).add(
        replace(
            last,
            monotonic=last.monotonic + 2,
            tables={**last.tables, "softirqs": rows(9010, 1010, 99999), "interrupts": sources(3005, 5)},
        )
    )
    found = by_kernel_work.by_interrupts(seen.about((("cpu", "1"),)))
    assert told(found) == [("NET_RX", 0.9), ("TIMER", 0.1), ("36 PCI-MSIX 1-edge eth0-rx-0", 1.0)]
    assert [culprit.kind for culprit in found] == ["kernel", "kernel", "device"]
    assert found[0].why == "3,000 softirqs a second on CPU 1"
    assert found[2].why == "1,000 interrupts a second"
    assert by_kernel_work.by_interrupts(look().about((("cpu", "1"),))) == (), "tables that were not read"
