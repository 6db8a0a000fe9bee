"""What the memory ledger is made of: the tables read together, buckets, and helpers that make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jinmaek.kernel.hugepages import Hugepages
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.vmstat_columns import Vmstat
from jinmaek.kernel.zfs import Abdstats, Arcstats
from jinmaek.kernel.zoneinfo import Zone
from jinmaek.kernel.zram import Zram
from jinmaek.kernel.zswap import Zswap
from jinmaek.kernel.zswap_pool import ZswapPool

Counted = Literal["yes", "partly", "no"]
"""Whether MemAvailable counts the bytes."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A named amount: part of a bucket, reason of an uncertainty."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Bytes that no other bucket has. ``parts`` are of it and may overlap each other."""

    name: str
    bytes: int
    source: str
    """The formula, in columns."""
    available: Counted = "no"
    parts: tuple[Sized, ...] = ()


@dataclass(frozen=True, slots=True)
class Core:
    """The tables the sum is made of; None where one could not be read."""

    meminfo: Meminfo
    page: int
    """Bytes of a page."""
    vmstat: Vmstat | None = None
    zones: tuple[Zone, ...] = ()
    pools: tuple[Hugepages, ...] = ()
    zram: tuple[Zram, ...] = ()
    zswap: Zswap | None = None
    zswap_pool: ZswapPool | None = None
    arc: Arcstats | None = None
    abd: Abdstats | None = None
    cpus: int | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """The sum. ``residual`` is what makes it exact; it may be negative."""

    total: int
    buckets: tuple[Bucket, ...]
    inside: tuple[str, ...]
    """What this kernel does not tell and the residual therefore holds."""
    outside: tuple[Sized, ...] = ()
    """Figures that are not in MemTotal, or counted in another way elsewhere."""

    @property
    def residual(self) -> int:
        return self.total - sum(bucket.bytes for bucket in self.buckets)

    def size(self, name: str) -> int:
        """Bytes of a bucket; 0 of one this kernel does not tell."""
        return next((bucket.bytes for bucket in self.buckets if bucket.name == name), 0)


def expected(
    name: str,
    size: int | None,
    source: str,
    inside: list[str],
    available: Counted = "no",
    parts: tuple[Sized, ...] = (),
) -> list[Bucket]:
    """A bucket every kernel has bytes of: where it is not told, the residual holds them."""
    if size is None:
        inside.append(name)
        return []
    return [Bucket(name, size, source, available, parts)]


def optional(name: str, size: int | None, source: str) -> list[Bucket]:
    """A bucket only some kernels have bytes of."""
    return [] if size is None else [Bucket(name, size, source)]


def known_sum(*sizes: int | None) -> int | None:
    """Of what is known; None where nothing is."""
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None


def pages(core: Core, name: str) -> int | None:
    """Bytes of a counter of /proc/vmstat that is in pages."""
    count: int | None = getattr(core.vmstat, name, None)
    return None if count is None else count * core.page


def page_size(meminfo: Meminfo, vmstat: Vmstat | None, here: int) -> int:
    """Bytes of a page on the machine of these rows; ``here`` where they do not tell."""
    for size, count in (
        (meminfo.AnonPages, vmstat.nr_anon_pages if vmstat else None),
        (meminfo.Mapped, vmstat.nr_mapped if vmstat else None),
    ):
        if size and count:
            ratio = size / count
            near: Sequence[int] = (4096, 8192, 16384, 65536)
            return min(near, key=lambda page: abs(page - ratio))
    return here
