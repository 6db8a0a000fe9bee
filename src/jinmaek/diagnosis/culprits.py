"""Who does it: rankings of processes in one look. Local by nature: no metric store has them.

Every ranking takes a ``Look`` and gives the largest first, at most five; what they leave out is said
by the share of the last line, never hidden.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.ranking import MOST
from jinmaek.diagnosis.ranking import largest as _largest
from jinmaek.diagnosis.ranking import of_task as _process
from jinmaek.kernel.kmsg import Kill
from jinmaek.model import Culprit, Gap
from jinmaek.tasks.census import Zombies
from jinmaek.tasks.delta import TaskDelta
from jinmaek.tasks.table import Waiting
from jinmaek.tasks.waits import class_of

MIB = 1024 * 1024


def by_cpu_time(look: Look) -> tuple[Culprit, ...]:
    """CPU seconds in the look, of all the CPU time used; exited and unseen tasks last."""
    busy = (look.explained and look.explained.busy_s) or 0.0
    named = [
        _process(look, task, task.cpu_s / busy if busy else None, "{cpu:.1f} s of CPU time", cpu=task.cpu_s)
        for task in _largest(look.deltas, lambda task: task.cpu_s, 0.02 * busy)
    ]
    if busy and look.explained is not None:
        for name, why, seconds in (
            (
                look.say("exited tasks"),
                look.say("CPU time of processes that came and went, counted by those that waited for them"),
                look.explained.exited_s,
            ),
            (
                look.say("unseen tasks"),
                look.say("CPU time of no task: children nobody waited for, or the kernel itself"),
                look.explained.unexplained_s,
            ),
        ):
            if seconds > 0.1 * busy:
                named.append(Culprit("kernel", name, why, share=seconds / busy))
    return tuple(named)


def by_major_faults(look: Look) -> tuple[Culprit, ...]:
    """Processes that had to wait for pages to come back from disk, of all such waits in the look."""
    whole = sum(task.majflt for task in look.deltas)
    found = []
    for task in _largest(look.deltas, lambda task: task.majflt, 1):
        share = task.majflt / whole
        if task.vm_swap is None:
            plain = "{faults} major page faults in this look"
            found.append(_process(look, task, share, plain, faults=task.majflt))
        else:
            also = "{faults} major page faults in this look, {swap:.0f} MiB of anonymous memory in swap"
            found.append(_process(look, task, share, also, faults=task.majflt, swap=task.vm_swap / MIB))
    return tuple(found)


def by_swap_held(look: Look) -> tuple[Culprit, ...]:
    """Whose anonymous memory is in swap now, of all of it that processes own."""
    whole = sum(task.vm_swap or 0 for task in look.deltas)
    return tuple(
        _process(
            look,
            task,
            (task.vm_swap or 0) / whole if whole else None,
            "{swap:.0f} MiB of anonymous memory in swap",
            swap=(task.vm_swap or 0) / MIB,
        )
        for task in _largest(look.deltas, lambda task: task.vm_swap or 0, MIB)
    )


def by_memory(look: Look) -> tuple[Culprit, ...]:
    """Memory that cannot be dropped: anonymous and swapped, of all of it that processes own."""

    def held(task: TaskDelta) -> int:
        return (task.rss_anon or 0) + (task.vm_swap or 0)

    whole = sum(held(task) for task in look.deltas)
    return tuple(
        _process(
            look,
            task,
            held(task) / whole if whole else None,
            "{held:.0f} MiB of its own memory",
            held=held(task) / MIB,
        )
        for task in _largest(look.deltas, held, MIB)
    )


def by_commit(look: Look) -> tuple[Culprit, ...]:
    """Address space: the upper bound of what a process may have had committed to it."""
    return tuple(
        _process(look, task, None, "{size:.0f} MiB of address space", size=task.vsize / MIB)
        for task in _largest(look.deltas, lambda task: task.vsize, MIB)
    )


def by_thread_count(look: Look) -> tuple[Culprit, ...]:
    """Threads, of all threads."""
    whole = sum(task.num_threads for task in look.deltas)
    return tuple(
        _process(look, task, task.num_threads / whole, "{threads} threads", threads=task.num_threads)
        for task in _largest(look.deltas, lambda task: task.num_threads, 1)
    )


def zombie_parents(look: Look) -> tuple[Culprit, ...]:
    """The parents that do not reap, by the zombies they leave."""
    rows = [row for row in look.last.tables.get("zombies", ()) if isinstance(row, Zombies)]
    whole = sum(row.count for row in rows)
    return tuple(
        Culprit(
            "process",
            row.comm,
            look.say("{count} zombies not reaped", count=row.count),
            share=row.count / whole,
            pid=row.ppid,
            start_time=_start_of(look, row.ppid),
            cgroup=look.cgroup_of(row.ppid),
        )
        for row in sorted(rows, key=lambda row: -row.count)[:MOST]
    )


def by_waiting(look: Look) -> tuple[Culprit, ...]:
    """Processes with threads in uninterruptible sleep, and where in the kernel."""
    return _waiting(look, lambda kind: kind != "vfork")


def by_waiting_on_disk(look: Look) -> tuple[Culprit, ...]:
    return _waiting(look, lambda kind: kind in ("disk", "journal", "other"))


def by_waiting_on_lock(look: Look) -> tuple[Culprit, ...]:
    return _waiting(look, lambda kind: kind in ("lock", "remote", "frozen", "memory", "other"))


def by_parked(look: Look) -> tuple[Culprit, ...]:
    """Threads that sleep in D by design."""
    return _waiting(look, lambda kind: kind in ("vfork", "other"))


def oom_victims(look: Look) -> tuple[Culprit, ...]:
    """Whom the OOM killer took, newest first, from the kernel log. The victim is not always the cause."""
    kills = look.kills()
    if isinstance(kills, Gap):
        return ()
    return tuple(
        Culprit("process", kill.comm, f"{_killed(look, kill)}, {_limit(look, kill)}", pid=kill.pid)
        for kill in reversed(kills[-MOST:])
    )


def _killed(look: Look, kill: Kill) -> str:
    ago = max(0.0, look.last.monotonic - kill.time)
    if kill.anon_rss is None:
        return look.say("killed {ago:.0f} s ago", ago=ago)
    return look.say("killed {ago:.0f} s ago with {anon:.0f} MiB", ago=ago, anon=kill.anon_rss / MIB)


def _limit(look: Look, kill: Kill) -> str:
    return look.say("limit of its cgroup" if kill.by_cgroup else "memory of the host")


def _waiting(look: Look, wanted: Callable[[str], bool]) -> tuple[Culprit, ...]:
    if look.last.tasks is None:
        return ()
    threads = [w for w in look.last.tasks.waiting if wanted(class_of(w.wchan))]
    groups: dict[int, list[Waiting]] = {}
    for thread in threads:
        groups.setdefault(thread.tgid, []).append(thread)
    ranked = sorted(groups.values(), key=lambda group: (-len(group), group[0].tgid))[:MOST]
    return tuple(
        Culprit(
            "process",
            group[0].comm,
            look.say(
                "in D at {places}" if len(group) == 1 else "{count} threads in D at {places}",
                count=len(group),
                places=", ".join(name for name, _ in Counter(w.wchan or "?" for w in group).most_common(3)),
            ),
            share=len(group) / len(threads),
            pid=group[0].tgid,
            start_time=_start_of(look, group[0].tgid),
            cgroup=look.cgroup_of(group[0].tgid),
        )
        for group in ranked
    )


def _start_of(look: Look, pid: int) -> float | None:
    return next((task.start_time for task in look.deltas if task.pid == pid), None)
