"""Who holds each bucket of the ledger. Pure: from processes, shared objects and rows of kernel tables.

Owners of one bucket do not overlap; what they do not add up to is owned by nobody that could be found. Where
shares of processes are upper bounds, so is the sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jinmaek.accounts.memory_processes import ProcessMemory
from jinmaek.accounts.shared_memory import SharedObject

By = Literal["process", "cgroup", "user", "command"]
Fact = str | int | float


@dataclass(frozen=True, slots=True)
class Owner:
    """One owner. ``bytes`` is None where only its existence is known; ``facts`` are what a reader wants
    to know besides, by a short name."""

    kind: str
    id: str
    name: str
    bytes: int | None
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """Processes that are shown as one."""

    kind: By
    id: str
    name: str
    pids: list[int] = field(default_factory=list)
    anon: int = 0
    file: int = 0
    shmem: int = 0
    page_tables: int = 0
    threads: int = 0
    private_huge: int = 0
    shared_huge: int = 0
    """The largest of its members': which of them share the same pages is not told."""
    swap: int = 0
    """Anonymous memory in swap, each slot divided among those who share it where that is known."""
    exact: bool = True


def groups(
    processes: Iterable[ProcessMemory],
    by: By,
    user_of: Callable[[int], str],
    cgroup_of: Callable[[int], str | None],
) -> list[Group]:
    """Processes by what they have in common."""
    found: dict[str, Group] = {}
    for one in processes:
        key, name = _identity(one, by, user_of, cgroup_of)
        group = found.setdefault(key, Group(by, key, name))
        group.pids.append(one.pid)
        for kind in ("anon", "file", "shmem"):
            size, exact = getattr(one, kind)
            setattr(group, kind, getattr(group, kind) + (size or 0))
            group.exact = group.exact and exact
        group.page_tables += one.page_tables or 0
        group.threads += one.threads
        group.swap += one.swap_share[0] or 0
        private = (one.sums.Private_Hugetlb or 0) if one.sums is not None else 0
        group.private_huge += private
        group.shared_huge = max(group.shared_huge, (one.hugetlb or 0) - private)
    return list(found.values())


def _identity(
    one: ProcessMemory,
    by: By,
    user_of: Callable[[int], str],
    cgroup_of: Callable[[int], str | None],
) -> tuple[str, str]:
    match by:
        case "process":
            return str(one.pid), one.name
        case "command":
            return one.name, one.name
        case "user":
            return ("?", "?") if one.uid is None else (str(one.uid), user_of(one.uid))
        case "cgroup":
            path = cgroup_of(one.pid) or "?"
            return path, path


def of_groups(
    found: Sequence[Group], size: Callable[[Group], int], *, shares: bool = False
) -> tuple[Owner, ...]:
    """The groups that have any of it, largest first; ``shares`` is of what several processes may map."""
    owners = [
        Owner(group.kind, group.id, group.name, size(group), _members(group, shares=shares))
        for group in found
        if size(group) > 0
    ]
    return tuple(sorted(owners, key=lambda owner: -(owner.bytes or 0)))


def _members(group: Group, *, shares: bool = False) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"processes": len(group.pids)}
    if len(group.pids) == 1:
        facts["pid"] = group.pids[0]
    if shares and not group.exact:
        facts["bound"] = "upper"
    return facts


def of_objects(
    found: Iterable[SharedObject],
    name_of: Callable[[int], str],
    size: Callable[[SharedObject], int | None] = lambda one: one.size,
) -> tuple[Owner, ...]:
    """Shared memory by object, empty ones left out."""
    owners = []
    for one in found:
        if size(one) == 0:
            continue
        facts: dict[str, Fact] = {"holders": len(one.pids)} if one.pids else {}
        if one.pids:
            facts["pid"] = one.pids[0]
            facts["holder"] = name_of(one.pids[0])
        if one.swap:
            facts["swap_bytes"] = one.swap
        if not one.exact:
            facts["bound"] = "lower"
        owners.append(Owner(one.kind, one.id, one.name, size(one), facts))
    return tuple(sorted(owners, key=lambda owner: -(owner.bytes or 0)))


def of_stacks(found: Sequence[Group], size: int, threads: int) -> tuple[Owner, ...]:
    """Kernel stacks by threads, of which all have one size; what is left are the kernel's own threads."""
    if not threads or size < threads:
        return ()
    each = 1 << round(math.log2(size / threads))
    owners = [
        Owner(
            group.kind,
            group.id,
            group.name,
            each * group.threads,
            {**_members(group), "threads": group.threads},
        )
        for group in found
        if group.threads
    ]
    return tuple(sorted(owners, key=lambda owner: -(owner.bytes or 0)))
