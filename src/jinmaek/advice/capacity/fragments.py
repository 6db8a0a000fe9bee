"""Memory that is free, but not in blocks of the size asked for."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.accounts.heap.said import say
from jinmaek.advice.capacity.grower import Grower
from jinmaek.advice.capacity.growth import Course
from jinmaek.advice.capacity.series import Watched
from jinmaek.advice.capacity.signs import Signs
from jinmaek.kernel.buddyinfo import Buddyinfo

COSTLY = 4
"""Order from which allocations fail rather than wait: above PAGE_ALLOC_COSTLY_ORDER (linux/mmzone.h)."""
SCATTERED = 0.95
"""Of a zone's free pages in smaller blocks, as in Oracle's memstate."""


def fragments(w: Watched, signs: Signs) -> Iterator[Grower]:
    """The zone with most free pages, where compaction works in vain and large blocks are gone."""
    if not signs["compaction"].holds:
        return
    zones: dict[tuple[int, str], dict[int, int]] = {}
    for row in w.history.snapshots[-1].tables.get("buddyinfo", ()):
        if isinstance(row, Buddyinfo):
            zones.setdefault((row.node, row.zone), {})[row.order] = row.free_blocks << row.order
    if not zones:
        return
    (node, zone), orders = max(zones.items(), key=lambda item: sum(item[1].values()))
    free = sum(orders.values())
    small = sum(pages for order, pages in orders.items() if order < COSTLY)
    if not free or small < SCATTERED * free:
        return
    text = say(
        "{share} of the free pages are in blocks smaller than {order} pages, and compaction did not find "
        "larger ones: more memory scatters as well.",
        share=(small / free, "ratio"),
        order=str(1 << COSTLY),
    )
    nothing = Course("steady", w.readings, 0.0, 0.0, 0.0)
    yield Grower("fragmentation", f"node {node}, zone {zone}", nothing, None, None, notes=(text,))
