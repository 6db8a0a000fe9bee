"""What memory runs against: the host, a cgroup, a process' own limit, the commit limit; and when.

MemAvailable has the watermarks and the reserves off already (mm/show_mem.c si_mem_available()): they are not
taken off twice. Swap on zram is not counted: it is RAM.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from jinmaek.accounts.trend import Slope
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.sys_vm import SysVm

Kind = Literal["host", "cgroup", "process", "commit"]


@dataclass(frozen=True, slots=True)
class Limit:
    """Bytes that may be held, and bytes left until then; ``name`` is the cgroup's path, or of a process."""

    kind: Kind
    name: str
    knob: str
    """What sets it, in the kernel's words: memory.max, RLIMIT_AS, -Xmx, CommitLimit, RAM + swap."""
    bytes: int
    left: int
    swap: int = 0
    """Of ``left``, in swap."""
    lower_bound: bool = False
    """``left`` is more, by what could not be read."""

    def raised(self, by: int) -> Limit:
        return replace(self, bytes=self.bytes + by, left=self.left + by)


@dataclass(frozen=True, slots=True)
class Outlook:
    """When one limit is reached, in seconds; None is never, as far as was seen."""

    limit: Limit
    rate: Slope | None
    eta: float | None
    soonest: float | None = None
    latest: float | None = None
    above: float = 0.0
    """Bytes by which the next high of a saw-tooth tops what is held now."""


def outlook(limit: Limit, rate: Slope | None, above: float = 0.0) -> Outlook:
    """When what is held reaches the limit at this rate; never where it does not grow."""
    if rate is None or rate.rate <= 0:
        return Outlook(limit, None, None)
    left = max(0.0, limit.left - above)
    return Outlook(
        limit,
        rate,
        left / rate.rate,
        left / rate.high if rate.high > 0 else None,
        left / rate.low if rate.low > 0 else None,
        above,
    )


def tightest(outlooks: Iterable[Outlook]) -> Outlook | None:
    """The one that is reached first; where none is, the one with the smallest part left."""
    return min(outlooks, key=urgency, default=None)


def urgency(one: Outlook) -> tuple[bool, float]:
    """Orders outlooks: the tightest first."""
    part = one.limit.left / one.limit.bytes if one.limit.bytes else 0.0
    return one.eta is None, part if one.eta is None else one.eta


def reclaimable(row: CgroupMemory) -> int:
    """Bytes of a cgroup that reclaim can drop; 0 where its memory.stat could not be read."""
    return (row.inactive_file or 0) + (row.active_file or 0) + (row.slab_reclaimable or 0)


def usable_swap(swaps: Iterable[Swap]) -> tuple[int, int]:
    """Size and free bytes of the swap that is not RAM itself."""
    real = [one for one in swaps if not one.filename.startswith("/dev/zram")]
    return sum(one.size for one in real), sum(one.size - one.used for one in real)


def host(memory: Meminfo, swaps: Iterable[Swap] | None) -> Limit | None:
    """RAM and swap of the host; None before MemAvailable (3.14)."""
    if memory.MemAvailable is None:
        return None
    size, free = (memory.SwapTotal, memory.SwapFree) if swaps is None else usable_swap(swaps)
    swap = free or 0
    return Limit(
        "host", "host", "RAM + swap" if size else "RAM", memory.MemTotal + (size or 0),
        memory.MemAvailable + swap, swap,
    )  # fmt: skip


def of_cgroup(row: CgroupMemory, swap_free: int) -> Limit | None:
    """The limit of one cgroup; None where it has none, or its use is not known."""
    caps = [
        (cap, knob) for cap, knob in ((row.max, "memory.max"), (row.high, "memory.high")) if cap is not None
    ]
    if not caps or row.current is None:
        return None
    cap, knob = min(caps)
    room = (
        swap_free if row.swap_max is None else min(swap_free, max(0, row.swap_max - (row.swap_current or 0)))
    )
    left = max(0, cap - row.current + reclaimable(row))
    return Limit(
        "cgroup", row.cgroup, knob, cap + room, left + room, room, lower_bound=row.inactive_file is None
    )


def of_commit(memory: Meminfo, vm: SysVm | None) -> Limit | None:
    """What may still be promised where overcommit is off (mm/util.c __vm_enough_memory()); None elsewhere."""
    limit, committed = memory.CommitLimit, memory.Committed_AS
    if vm is None or vm.overcommit_memory != 2 or limit is None or committed is None:
        return None
    reserve = int(vm.admin_reserve_kbytes or 0)
    return Limit("commit", "host", "CommitLimit", limit, max(0, limit - committed - reserve))


def of_address_space(name: str, allowed: int, used: float) -> Limit:
    """RLIMIT_AS of a process."""
    return Limit("process", name, "RLIMIT_AS", allowed, max(0, round(allowed - used)))
