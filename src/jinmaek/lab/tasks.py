"""What the kernel says of one process of the lab."""

from __future__ import annotations

from jinmaek import procfile
from jinmaek.columns import columns_of
from jinmaek.kernel import pid_stat, pid_status
from jinmaek.kernel.pid_stat import PidStat
from jinmaek.kernel.pid_status import PidStatus
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


def _text(path: str) -> str:
    try:
        return procfile.read(path)
    except procfile.Unreadable as missing:
        raise NotRead(f"{path} ({missing.why})") from None
