"""Who makes the kernel work: by system time, by children that came and went, by source of interrupts."""

from __future__ import annotations

from collections.abc import Mapping

from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.ranking import MOST, largest, of_task
from jinmaek.kernel.interrupts import Interrupt
from jinmaek.kernel.softirqs import Softirq
from jinmaek.model import Culprit
from jinmaek.tasks.delta import TaskDelta
from jinmaek.tasks.switches import voluntary

SOURCES = 3


def by_system_time(look: Look) -> tuple[Culprit, ...]:
    """CPU seconds in the kernel, of those of all live processes, and how each loses the CPU."""
    whole = sum(task.system_s for task in look.deltas)
    return tuple(
        _at_work(look, task, task.system_s / whole)
        for task in largest(look.deltas, lambda task: task.system_s, 0.02 * whole)
    )


def _at_work(look: Look, task: TaskDelta, share: float) -> Culprit:
    own = None if look.root is None else voluntary(look.root, task.pid)
    if own is None:
        return of_task(look, task, share, "{cpu:.1f} s in the kernel", cpu=task.system_s)
    waits = "{cpu:.1f} s in the kernel; {own:.0%} of its switches because it waits for something"
    return of_task(look, task, share, waits, cpu=task.system_s, own=own)


def by_children(look: Look) -> tuple[Culprit, ...]:
    """CPU seconds of children that came and went, of all CPU time used, by who waited for them."""
    busy = look.explained.busy_s if look.explained is not None else 0.0
    tasks = {task.pid: task for task in look.deltas}
    found = [(seconds, tasks[pid]) for pid, seconds in look.waited.items() if pid in tasks and seconds > 0.01]
    return tuple(
        of_task(
            look,
            task,
            seconds / busy if busy else None,
            "{cpu:.1f} s of CPU time of children that came and went",
            cpu=seconds,
        )
        for seconds, task in sorted(found, key=lambda pair: (-pair[0], pair[1].pid))[:MOST]
    )


def by_interrupts(look: Look) -> tuple[Culprit, ...]:
    """What this CPU did in softirqs, then the sources that interrupted any CPU most."""
    return (*_softirqs(look), *_sources(look))


def _softirqs(look: Look) -> list[Culprit]:
    cpu = look.label("cpu")

    def counts(index: int) -> dict[str, int]:
        rows = look.read("softirqs", index)
        return {r.vector: r.count for r in rows if isinstance(r, Softirq) and str(r.cpu) == cpu}

    return [
        Culprit(
            "kernel",
            name,
            look.say("{rate:,.0f} softirqs a second on CPU {cpu}", rate=rate, cpu=cpu),
            share=share,
        )
        for name, rate, share in _grown(look, counts(0), counts(-1))
    ]


def _sources(look: Look) -> list[Culprit]:
    def counts(index: int) -> dict[str, int]:
        rows = look.read("interrupts", index)
        return {f"{r.irq} {r.info}".strip(): r.count for r in rows if isinstance(r, Interrupt)}

    return [
        Culprit(
            "device" if name[0].isdigit() else "kernel",
            name,
            look.say("{rate:,.0f} interrupts a second", rate=rate),
            share=share,
        )
        for name, rate, share in _grown(look, counts(0), counts(-1))
    ]


def _grown(look: Look, first: Mapping[str, int], last: Mapping[str, int]) -> list[tuple[str, float, float]]:
    """Name, rate and share of all, the largest first."""
    grown = {name: count - first.get(name, count) for name, count in last.items()}
    whole = sum(grown.values())
    ranked = sorted(((name, count) for name, count in grown.items() if count > 0), key=lambda one: -one[1])
    return [(name, count / look.window, count / whole) for name, count in ranked[:SOURCES]]
