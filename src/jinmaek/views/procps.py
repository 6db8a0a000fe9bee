"""The figures procps 4 derives from kernel files, so that ours can be laid beside them.

The classic views print what ``free``, ``vmstat`` and ``slabtop`` of procps 4.0.2 print,
single precision included; a figure whose source this kernel lacks is None and shown as ``-``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.kernel.meminfo import Meminfo

MISSING = "-"


class Memory:
    """Bytes; None where this kernel does not say.

    ``available_source`` is the field ``available`` stands for: MemFree before 3.14, and where
    MemAvailable exceeds MemTotal (a container sees its own total and its host's available).
    """

    __slots__ = (
        "active",
        "available",
        "available_source",
        "buffers",
        "cache",
        "commit_limit",
        "committed",
        "free",
        "high_free",
        "high_total",
        "high_used",
        "inactive",
        "low_free",
        "low_total",
        "low_used",
        "shared",
        "swap_free",
        "swap_total",
        "swap_used",
        "total",
        "used",
    )

    def __init__(self, row: Meminfo) -> None:
        self.total: int | None = row.MemTotal
        self.free: int | None = row.MemFree
        self.available: int | None = row.MemAvailable
        self.available_source = "MemAvailable"
        if not self.available or (self.total is not None and self.available > self.total):
            self.available = self.free
            self.available_source = "MemFree"
        self.used = less(self.total, self.available)
        if self.used is not None and self.used < 0:
            self.used = less(self.total, self.free)
        self.shared: int | None = row.Shmem
        self.buffers: int | None = row.Buffers
        # Before 2.6.19 slab is one figure: nothing of it is known to be reclaimable.
        self.cache = row.Cached if row.SReclaimable is None else plus(row.Cached, row.SReclaimable)
        self.active: int | None = row.Active
        self.inactive: int | None = row.Inactive
        # Only 32-bit kernels have memory they cannot address directly.
        self.low_total = row.LowTotal or self.total
        self.low_free = row.LowFree if row.LowTotal else self.free
        self.low_used = not_below_zero(less(self.low_total, self.low_free))
        self.high_total = row.HighTotal or 0
        self.high_free = row.HighFree or 0
        self.high_used = max(0, self.high_total - self.high_free)
        self.swap_total: int | None = row.SwapTotal
        self.swap_free: int | None = row.SwapFree
        self.swap_used = not_below_zero(less(self.swap_total, self.swap_free))
        self.commit_limit: int | None = row.CommitLimit
        self.committed: int | None = row.Committed_AS


def plus(a: int | None, b: int | None) -> int | None:
    """The sum, unknown when a part is."""
    return None if a is None or b is None else a + b


def less(a: int | None, b: int | None) -> int | None:
    """The difference, unknown when a part is."""
    return None if a is None or b is None else a - b


def not_below_zero(value: int | None) -> int | None:
    """``value``, and 0 for a difference of two figures that moved between their reads."""
    return None if value is None else max(0, value)


def single(value: float) -> float:
    """``value`` as a C ``float`` holds it."""
    from struct import pack, unpack

    rounded: float = unpack("f", pack("f", value))[0]
    return rounded
