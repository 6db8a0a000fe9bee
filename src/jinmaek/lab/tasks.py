"""What the kernel says of one process of the lab."""

from __future__ import annotations

from collections.abc import Iterable

from jinmaek import procfile
from jinmaek.columns import columns_of
from jinmaek.kernel import pid_smaps_rollup, pid_stat, pid_statm, pid_status
from jinmaek.kernel.pid_smaps_rollup import PidSmapsRollup
from jinmaek.kernel.pid_stat import PidStat
from jinmaek.kernel.pid_status import PidStatus
from jinmaek.lab.make.process import Worker
from jinmaek.lab.readings import NotRead, Quantity


def status(pid: int, *names: str) -> dict[str, Quantity]:
    """Figures of /proc/PID/status by name: ``VmRSS``. Raises ``NotRead`` where the process is gone."""
    row = pid_status.parse(_text(f"/proc/{pid}/status"))
    columns = columns_of(PidStatus)
    return {name: Quantity(getattr(row, name), columns[name].unit) for name in names}


def stat(pid: int) -> PidStat:
    """/proc/PID/stat. Raises ``NotRead`` where the process is gone."""
    return pid_stat.parse(_text(f"/proc/{pid}/stat"))


def counted(pid: int, *names: str) -> dict[str, Quantity]:
    """Figures of /proc/PID/stat by name: ``minflt``."""
    row = stat(pid)
    columns = columns_of(PidStat)
    return {name: Quantity(getattr(row, name), columns[name].unit) for name in names}


def shared(pid: int) -> int:
    """What top shows as SHR, in bytes: field 3 of /proc/PID/statm."""
    return pid_statm.parse(_text(f"/proc/{pid}/statm")).shared


def cpu_time(workers: Iterable[Worker]) -> float:
    """Seconds of CPU these have used, in all."""
    rows = [stat(worker.pid) for worker in workers]
    return sum(row.utime + row.stime for row in rows)


def rollup(pid: int) -> PidSmapsRollup:
    """/proc/PID/smaps_rollup of a process of the lab, whose mmap_lock nobody holds for long."""
    return pid_smaps_rollup.parse(_text(f"/proc/{pid}/smaps_rollup"))


def _text(path: str) -> str:
    try:
        return procfile.read(path)
    except procfile.Unreadable as missing:
        raise NotRead(f"{path} ({missing.why})") from None
