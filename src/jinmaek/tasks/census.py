"""Tables counted from the task scan: how many threads and processes are in which state.

Named as node_exporter's ``processes`` collector names them, which is off by default there.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, gauge, row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@row
class Threads:
    """Threads of all processes by the kernel's state letter (/proc/PID/task/TID/stat field 3)."""

    thread_state: str
    count: int = gauge("count", "threads in this state", "node_processes_threads_state")


@row
class Processes:
    """Processes by the state letter of their leader; Z only where no other thread lives on."""

    state: str
    count: int = gauge("count", "processes in this state", "node_processes_state")


@row
class Waits:
    """Threads in uninterruptible sleep (D) by the kernel function they sleep in (its wchan file)."""

    wchan: str
    threads: int = gauge("count", "threads in D there")


@row
class Zombies:
    """Dead processes not yet reaped, by the parent that should do it."""

    ppid: int
    comm: str
    count: int = gauge("count", "zombies of this parent")


def _from_scan(_: Mapping[str, str]) -> Iterator[object]:
    """These tables come from the task scan, never from a file of their own."""
    return iter(())


TABLES = (
    TreeReader(table="threads", paths=("proc/*/task/*/stat",), row=Threads, parse=_from_scan),
    TreeReader(table="processes", paths=("proc/*/stat",), row=Processes, parse=_from_scan),
    TreeReader(table="waits", paths=("proc/*/task/*/wchan",), row=Waits, parse=_from_scan),
    TreeReader(table="zombies", paths=("proc/*/stat",), row=Zombies, parse=_from_scan),
)
