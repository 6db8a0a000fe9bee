"""/sys/kernel/mm/transparent_hugepage/*: when anonymous memory gets huge pages, and how khugepaged fares.

    enabled: always [madvise] never

mm/huge_memory.c, mm/khugepaged.c. The word in brackets is chosen.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, counter, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/kernel/mm/transparent_hugepage"
CHOICES = ("enabled", "defrag", "shmem_enabled")
NUMBERS = {
    "hpage_pmd_size": "hpage_pmd_size",
    "use_zero_page": "use_zero_page",
    "khugepaged/pages_collapsed": "pages_collapsed",
    "khugepaged/full_scans": "full_scans",
    "khugepaged/pages_to_scan": "pages_to_scan",
    "khugepaged/max_ptes_none": "max_ptes_none",
    "khugepaged/scan_sleep_millisecs": "scan_sleep",
    "khugepaged/alloc_sleep_millisecs": "alloc_sleep",
}
MS = 1000


@row
class TransparentHugepage:
    """The policy of the host and the work of khugepaged."""

    enabled: str | None
    """always, madvise, never."""
    defrag: str | None
    """What a fault does when no huge page is free: always, defer, defer+madvise, madvise, never."""
    shmem_enabled: str | None
    """always, within_size, advise, never, deny, force (4.8)."""
    hpage_pmd_size: int | None = gauge("bytes", "size of one huge page")
    use_zero_page: int | None = gauge("count", "1: a huge zero page serves reads of untouched memory")
    pages_collapsed: int | None = counter("count", "huge pages made from small ones")
    full_scans: int | None = counter("count", "rounds through all memory")
    pages_to_scan: int | None = gauge("pages", "pages looked at before each sleep")
    max_ptes_none: int | None = gauge("pages", "untouched pages filled in to make a huge page: the bloat")
    scan_sleep: float | None = gauge("seconds", "time between two looks")
    alloc_sleep: float | None = gauge("seconds", "time waited after a huge page could not be had")


def _chosen(text: str | None) -> str | None:
    inside, bracket, _ = (text or "").partition("[")[2].partition("]")
    return inside.strip() or None if bracket else None


def parse(files: Mapping[str, str]) -> Iterator[TransparentHugepage]:
    """One row of what could be read."""
    numbers: dict[str, float] = {}
    for file, name in NUMBERS.items():
        words = files.get(f"{FOLDER}/{file}", "").split()
        if words:
            value = unsigned(words[0], 1)
            numbers[name] = value / MS if file.endswith("_millisecs") else value
    choices = {name: _chosen(files.get(f"{FOLDER}/{name}")) for name in CHOICES}
    yield TransparentHugepage(**choices, **numbers)  # type: ignore[arg-type]


READERS = (
    TreeReader(
        table="transparent_hugepage",
        paths=tuple(f"{FOLDER}/{file}" for file in (*CHOICES, *NUMBERS)),
        row=TransparentHugepage,
        parse=parse,
    ),
)
