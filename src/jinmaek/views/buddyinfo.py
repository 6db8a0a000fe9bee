"""``buddyinfo``: free blocks of memory by size, zone by zone, and what that means for large blocks."""

from __future__ import annotations

from jinmaek.views.plain import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jinmaek.kernel.buddyinfo import Buddyinfo

    Zones = Mapping[tuple[int, str], Sequence[int]]


def zones(rows: Iterable[Buddyinfo]) -> Zones:
    """Free blocks of each zone, position = order, by node and zone."""
    found: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        found.setdefault((row.node, row.zone), []).append(row.free_blocks)
    return found


def lines(of: Zones) -> Iterator[str]:
    """The lines of /proc/buddyinfo, character by character."""
    for key, blocks in of.items():
        yield _zone(key) + "".join(f"{count:>6} " for count in blocks)


def index_lines(of: Zones) -> Iterator[str]:
    """The two indices by order: what part of free memory is useless for it, and whose fault a failure is."""
    yield "unusable free space index: 0 all free memory can serve the order, 1 none of it can"
    for key, blocks in of.items():
        yield _zone(key) + "".join(f"{value:.3f} " for value in unusable(blocks))
    yield "fragmentation index: -1 the order can be had, towards 0 memory is short, towards 1 it is scattered"
    for key, blocks in of.items():
        yield _zone(key) + "".join(f"{value:.3f} " for value in fragmentation(blocks))


def data(of: Zones, page_size: int) -> dict[str, object]:
    """Blocks, bytes and both indices; position in a list = order."""
    return {
        "schema": 1,
        "page_bytes": page_size,
        "zones": [
            {
                "node": node,
                "zone": zone,
                "free_bytes": _pages(blocks) * page_size,
                "free_blocks": list(blocks),
                "unusable_index": unusable(blocks),
                "fragmentation_index": fragmentation(blocks),
            }
            for (node, zone), blocks in of.items()
        ],
    }


def explain(of: Zones, page_size: int, lang: str) -> Iterator[str]:
    """What each column stands for, and what large blocks there are, in these figures."""
    from jinmaek.i18n import tr
    from jinmaek.views.units import amount

    free = sum(_pages(blocks) for blocks in of.values())
    yield ""
    yield tr(lang, "A column is an order: free blocks of 2**order pages, each aligned to its size.")
    for order in range(max(map(len, of.values()), default=0)):
        count = sum(blocks[order] for blocks in of.values() if order < len(blocks))
        usable = sum(_pages(blocks, order) for blocks in of.values())
        text = tr(
            lang,
            "order {order}: {size} each, {count} free, {bytes} of them;"
            " {share:.0%} of free memory can serve it",
        )
        yield "  " + text.format(
            order=order,
            size=amount(page_size << order, "bytes"),
            count=f"{count:,}",
            bytes=amount((count << order) * page_size, "bytes"),
            share=usable / free if free else 0,
        )
    for key, blocks in of.items():
        largest = max((order for order, count in enumerate(blocks) if count), default=None)
        if largest is None:
            text = tr(lang, "{zone}: nothing is free.").format(zone=_zone(key).strip())
        else:
            text = tr(lang, "{zone}: {bytes} free, the largest block is of {size}.").format(
                zone=_zone(key).strip(),
                bytes=amount(_pages(blocks) * page_size, "bytes"),
                size=amount(page_size << largest, "bytes"),
            )
        yield text
    yield tr(
        lang,
        "Few high orders beside much free memory is fragmentation: it harms who needs large blocks"
        " (huge pages, drivers), nobody else. --index says whose fault a failure would be;"
        " more: jinmaek explain buddyinfo.order",
    )


def unusable(blocks: Sequence[int]) -> list[float]:
    """Ratio of free memory in blocks too small for each order; mm/vmstat.c unusable_free_index()."""
    free = _pages(blocks)
    if not free:
        return [1.0] * len(blocks)
    return [(free - _pages(blocks, order)) * 1000 // free / 1000 for order in range(len(blocks))]


def fragmentation(blocks: Sequence[int]) -> list[float]:
    """-1 where a block is free, else 0 (too little memory) to 1 (too scattered).

    mm/vmstat.c __fragmentation_index(), with its rounding to thousandths.
    """
    free, count = _pages(blocks), sum(blocks)
    indices = []
    for order in range(len(blocks)):
        if not count:
            indices.append(0.0)
        elif any(blocks[order:]):
            indices.append(-1.0)
        else:
            indices.append((1000 - (1000 + free * 1000 // (1 << order)) // count) / 1000)
    return indices


def _pages(blocks: Sequence[int], smallest: int = 0) -> int:
    """Free pages in blocks of order ``smallest`` and above."""
    return sum(count << order for order, count in enumerate(blocks) if order >= smallest)


def _zone(key: tuple[int, str]) -> str:
    return f"Node {key[0]}, zone {safe(key[1]):>8} "
