"""/proc/zoneinfo: watermarks and counters of every memory zone.

    Node 0, zone   Normal
      pages free     297574
            min      5355
            …
            protection: (0, 0, 0, 0, 0)
          nr_zone_inactive_anon 2322

mm/vmstat.c zoneinfo_show_print(). The "per-node stats" (4.8) that stand in the first populated zone of a
node are skipped; of the per-CPU page sets, which follow the counters, ``count`` is added up.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, columns_of, counter, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Zone:
    """One zone of one node, also one without memory."""

    node: int
    zone: str
    free: int = gauge("pages", "free pages", "node_zoneinfo_nr_free_pages")
    boost: int | None = gauge("pages", "raise of the watermarks after fragmentation (5.9)")
    min: int = gauge("pages", "free pages below which allocations must reclaim", "node_zoneinfo_min_pages")
    low: int = gauge("pages", "free pages below which kswapd is woken", "node_zoneinfo_low_pages")
    high: int = gauge("pages", "free pages at which kswapd sleeps again", "node_zoneinfo_high_pages")
    promo: int | None = gauge("pages", "kswapd's goal where memory is tiered (6.12)")
    spanned: int | None = gauge(
        "pages", "pages from first to last, holes included", "node_zoneinfo_spanned_pages"
    )
    present: int | None = gauge("pages", "pages that exist", "node_zoneinfo_present_pages")
    managed: int | None = gauge("pages", "pages the allocator manages (3.8)", "node_zoneinfo_managed_pages")
    cma: int | None = gauge("pages", "pages set aside for contiguous allocation")
    protection_max: int | None = gauge("pages", "largest reserve against allocations for higher zones")
    pagesets_count: int | None = gauge(
        "pages",
        "free pages kept by CPUs for their own use, not part of free",
        "jinmaek_zoneinfo_pagesets_pages",
    )
    nr_zone_inactive_anon: int | None = gauge("pages", "anonymous pages not used lately (4.8)")
    nr_zone_active_anon: int | None = gauge("pages", "anonymous pages used lately (4.8)")
    nr_zone_inactive_file: int | None = gauge("pages", "file pages not used lately (4.8)")
    nr_zone_active_file: int | None = gauge("pages", "file pages used lately (4.8)")
    nr_zone_unevictable: int | None = gauge("pages", "pages reclaim must not touch (4.8)")
    nr_zone_write_pending: int | None = gauge("pages", "dirty pages and pages being written (4.8)")
    nr_mlock: int | None = gauge("pages", "pages held by mlock()")
    nr_zspages: int | None = gauge("pages", "pages of zsmalloc: zram, zswap")
    nr_free_cma: int | None = gauge("pages", "free pages among cma")
    numa_hit: int | None = counter("count", "pages got here as wanted", "node_zoneinfo_numa_hit_total")
    numa_miss: int | None = counter("count", "pages got here, wanted there", "node_zoneinfo_numa_miss_total")
    numa_foreign: int | None = counter(
        "count", "pages wanted here, got there", "node_zoneinfo_numa_foreign_total"
    )
    numa_interleave: int | None = counter(
        "count", "pages allocated by interleaving", "node_zoneinfo_numa_interleave_total"
    )
    numa_local: int | None = counter(
        "count", "pages got by a CPU of this node", "node_zoneinfo_numa_local_total"
    )
    numa_other: int | None = counter(
        "count", "pages got by a CPU of another node", "node_zoneinfo_numa_other_total"
    )


NAMES = frozenset(columns_of(Zone)) - {"free", "protection_max", "pagesets_count"}
REQUIRED = ("free", "min", "low", "high")


def _protection(line: str, number: int) -> int:
    inner = line.partition("(")[2].partition(")")[0]
    return max(unsigned(word.strip(), number) for word in inner.split(","))


def _zone(head: tuple[int, int, str], values: dict[str, int]) -> Zone:
    number, node, name = head
    for column in REQUIRED:
        if column not in values:
            raise Malformed(number, f"no {column} of zone {name}")
    return Zone(node=node, zone=name, **values)


def _note(words: list[str], number: int, values: dict[str, int], *, inside: bool) -> None:
    """A line of a zone; behind the counters only what its CPUs keep."""
    if words[0] == "count:":
        values["pagesets_count"] = values.get("pagesets_count", 0) + unsigned(words[1], number)
    elif inside and words[0] in NAMES:
        values[words[0]] = unsigned(words[1], number)


def parse(text: str) -> Iterator[Zone]:
    """A row for every zone."""
    head: tuple[int, int, str] | None = None
    values: dict[str, int] = {}
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if len(words) >= 4 and words[0] == "Node" and words[2] == "zone":
            if head:
                yield _zone(head, values)
            head = number, unsigned(words[1].removesuffix(","), number), words[3]
            values, inside = {}, False
        elif len(words) >= 3 and words[:2] == ["pages", "free"]:
            values["free"], inside = unsigned(words[2], number), True
        elif words == ["pagesets"]:
            inside = False
        elif inside and words[:1] == ["protection:"]:
            values["protection_max"] = _protection(line, number)
        elif len(words) >= 2:
            _note(words, number, values, inside=inside)
    if head:
        yield _zone(head, values)


READERS = (Reader(table="zoneinfo", path="proc/zoneinfo", row=Zone, parse=parse),)
