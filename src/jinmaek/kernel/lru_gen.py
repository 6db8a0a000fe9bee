"""/sys/kernel/mm/lru_gen/*: the multi-generational LRU (6.1): reclaim without active and inactive lists.

    enabled    0x0007
    min_ttl_ms 0

mm/vmscan.c enabled_show(); Documentation/admin-guide/mm/multigen_lru.rst. Absent where it is not built in.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, gauge, row
from jinmaek.kernel.digits import hexadecimal, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/kernel/mm/lru_gen"
MS = 1000


@row
class LruGen:
    """Whether the multi-generational LRU is at work."""

    enabled: int | None = gauge("count", "bits: 1 at work, 2 and 4 ways to find used pages; 0 is off")
    min_ttl: float | None = gauge("seconds", "youngest pages are kept this long, or the OOM killer is called")


def parse(files: Mapping[str, str]) -> Iterator[LruGen]:
    """One row of what could be read."""
    values: dict[str, float] = {}
    bits = files.get(f"{FOLDER}/enabled", "").split()
    if bits:
        values["enabled"] = hexadecimal(bits[0].removeprefix("0x"), 1)
    ttl = files.get(f"{FOLDER}/min_ttl_ms", "").split()
    if ttl:
        values["min_ttl"] = unsigned(ttl[0], 1) / MS
    yield LruGen(**values)  # type: ignore[arg-type]


READERS = (
    TreeReader(
        table="lru_gen",
        paths=(f"{FOLDER}/enabled", f"{FOLDER}/min_ttl_ms"),
        row=LruGen,
        parse=parse,
    ),
)
