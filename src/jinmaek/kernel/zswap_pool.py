"""/sys/kernel/debug/zswap/*: what zswap holds. Root only, where debugfs is mounted and zswap was ever on.

    pool_total_size 28672
    stored_pages 12

mm/zswap.c zswap_debugfs_init(). Since 5.19 /proc/meminfo tells the first two, as Zswap and Zswapped.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, columns_of, counter, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/kernel/debug/zswap"


@row
class ZswapPool:
    """The compressed pages on their way to swap."""

    pool_total_size: int | None = gauge("bytes", "RAM they take")
    stored_pages: int | None = gauge("pages", "what they were before compression")
    written_back_pages: int | None = counter("pages", "written on to the swap device")


NAMES = tuple(columns_of(ZswapPool))


def parse(files: Mapping[str, str]) -> Iterator[ZswapPool]:
    """One row of what could be read."""
    values: dict[str, int] = {}
    for name in NAMES:
        words = files.get(f"{FOLDER}/{name}", "").split()
        if words:
            values[name] = unsigned(words[0], 1)
    yield ZswapPool(**values)


READERS = (
    TreeReader(
        table="zswap_pool",
        paths=tuple(f"{FOLDER}/{name}" for name in NAMES),
        row=ZswapPool,
        parse=parse,
    ),
)
