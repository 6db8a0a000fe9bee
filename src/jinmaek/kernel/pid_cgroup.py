"""/proc/PID/cgroup: where a process stands in each cgroup hierarchy.

    4:memory:/system.slice/db.service
    1:name=systemd:/system.slice/db.service
    0::/system.slice/db.service

kernel/cgroup/cgroup.c proc_cgroup_show(). The line of hierarchy 0 is version 2 (4.5). A name holds no
newline but may hold colons.
"""

from __future__ import annotations

from jinmaek.columns import Malformed
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

TELLING = ("", "memory", "cpu", "cpuacct", "pids", "name=systemd")
"""Controllers by how much their path says about who a process belongs to; version 2 first."""


CHARGED = ("memory", *TELLING)
"""The same, the one first that memory is charged to where version 1 accounts for it."""


def paths(text: str) -> frozenset[str]:
    """Where it stands in any hierarchy; lines of another form are skipped."""
    return frozenset(line.split(":", 2)[2] for line in text.split("\n") if line.count(":") >= 2)


def parse(text: str, telling: Sequence[str] = TELLING) -> str | None:
    """The most telling path: the first of ``telling`` that is not the root; None without any hierarchy."""
    paths: dict[str, str] = {}
    for line, content in enumerate(text.split("\n"), 1):
        if not content:
            continue
        number, first, rest = content.partition(":")
        controllers, second, path = rest.partition(":")
        if not (first and second and path):
            raise Malformed(line, "not number:controllers:path")
        unsigned(number, line)
        for controller in controllers.split(","):
            paths[controller] = path
    below = (paths[name] for name in telling if paths.get(name, "/") != "/")
    return next(below, "/" if paths else None)
