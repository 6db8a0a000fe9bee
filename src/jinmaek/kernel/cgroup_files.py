"""Which cgroup a file under /sys/fs/cgroup tells of, in version 2, version 1 and both side by side.

    sys/fs/cgroup/system.slice/memory.current           version 2 alone
    sys/fs/cgroup/unified/system.slice/cpu.pressure     version 2 beside version 1
    sys/fs/cgroup/cpu,cpuacct/system.slice/cpu.stat     version 1, a hierarchy per controller

All three are the cgroup ``/system.slice``; ``/`` is the root. The readers of cgroups ask for files by name at
any depth, and what they find is gathered here into one set of files for each cgroup, so that a hierarchy
seen twice (``cpu`` and ``cpu,cpuacct``) counts once.
"""

from __future__ import annotations

from jinmaek.columns import Malformed
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

TOP = "sys/fs/cgroup/"
CONTROLLERS = frozenset(("blkio", "cpu", "cpuacct", "memory", "pids"))
"""Those whose files are read: no other hierarchy of version 1 has a file of theirs."""
NOT_ON_ROOT = ("/pids.current", "/pids.max", "/memory.current", "/memory.max", "/cpu.max")
"""Files that only a cgroup below the root of a hierarchy has."""


def by_cgroup(tree: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """The text of each cgroup's files by cgroup and file name, cgroups in the order of their names.

    A file name that both versions have (``cpu.stat``) holds the texts of both, one after the other.
    """
    # A cgroup of version 2 may bear a controller's name: files show whether /sys/fs/cgroup is its root.
    alone = any(_is_of_version_2_at_top(path) for path in tree)
    found: dict[str, dict[str, str]] = {}
    origin: dict[tuple[str, str], set[str]] = {}
    for path, text in tree.items():
        if not path.startswith(TOP):
            continue
        folders = path[len(TOP) :].split("/")
        name = folders.pop()
        if not alone and folders and _is_hierarchy(folders[0]):
            hierarchy = "2" if folders.pop(0) == "unified" else "1"
        else:
            hierarchy = "2"
        cgroup = _printable("/" + "/".join(folders))
        files = found.setdefault(cgroup, {})
        seen = origin.setdefault((cgroup, name), set())
        if hierarchy not in seen:
            seen.add(hierarchy)
            files[name] = f"{files[name]}\n{text}" if name in files else text
    return dict(sorted(found.items()))


def _printable(name: str) -> str:
    """A folder's name with bytes that are not UTF-8 shown as ``\\xNN``, as in the text of files."""
    if name.isascii():
        return name
    return "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in name)


def _is_of_version_2_at_top(path: str) -> bool:
    depth = path.count("/")
    return path.startswith(TOP) and (depth == 3 or (depth == 4 and path.endswith(NOT_ON_ROOT)))


def _is_hierarchy(folder: str) -> bool:
    return folder == "unified" or not CONTROLLERS.isdisjoint(folder.split(","))


def number(files: Mapping[str, str], name: str) -> int | None:
    """The one number of a file; None where there is no file, where it is empty, or says ``max`` (or -1)."""
    words = files.get(name, "").split()
    return None if not words or words[0] in ("max", "-1") else unsigned(words[0], 1)


def numbers(files: Mapping[str, str], name: str) -> Mapping[str, int]:
    """The numbers of a file with a name and a number on each line."""
    found: dict[str, int] = {}
    for index, line in enumerate(files.get(name, "").split("\n"), 1):
        words = line.split()
        if not words:
            continue
        if len(words) < 2:
            raise Malformed(index, f"{name}: no number")
        found[words[0]] = unsigned(words[1], index)
    return found
