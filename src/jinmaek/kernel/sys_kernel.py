"""/proc/sys/kernel/*: the limits and switches of the kernel that verdicts rest on.

kernel/sysctl.c, kernel/hung_task.c, kernel/delayacct.c. One file per sysctl, one number in each; a file that
this kernel lacks, or that is empty in a captured tree, leaves its column None.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, counter, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@row
class SysKernel:
    """Limits and switches of the host."""

    pid_max: int | None = gauge("count", "ids a process can have", "node_processes_max_processes")
    threads_max: int | None = gauge("count", "most threads of the host", "node_processes_max_threads")
    hung_task_detect_count: int | None = counter(
        "count", "threads found in D for longer than the timeout (6.13)", "node_kernel_hung_tasks_total"
    )
    hung_task_timeout_secs: int | None = gauge("seconds", "time in D before a thread is reported; 0 is never")
    task_delayacct: int | None = gauge("count", "1: block I/O delay of processes is counted (5.14)")


FILES = {
    f"proc/sys/kernel/{name}": name.replace("-", "_")
    for name in (
        "pid_max",
        "threads-max",
        "hung_task_detect_count",
        "hung_task_timeout_secs",
        "task_delayacct",
    )
}


def parse(files: Mapping[str, str]) -> Iterator[SysKernel]:
    """One row of all sysctls that could be read."""
    found = {name: files[path].split() for path, name in FILES.items() if path in files}
    yield SysKernel(**{name: unsigned(words[0], 1) for name, words in found.items() if words})


READERS = (TreeReader(table="sys_kernel", paths=tuple(FILES), row=SysKernel, parse=parse),)
