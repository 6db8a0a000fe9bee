"""/sys/kernel/mm/hugepages/hugepages-*kB/*: the pools of explicit huge pages, one folder per size.

    hugepages-2048kB/nr_hugepages 0

mm/hugetlb.c nr_hugepages_show() and its like. /proc/meminfo tells of the pool of the default size only.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/kernel/mm/hugepages"
FILES = {
    "nr_hugepages": "total",
    "free_hugepages": "free",
    "resv_hugepages": "reserved",
    "surplus_hugepages": "surplus",
    "nr_overcommit_hugepages": "overcommit",
}


@row
class Hugepages:
    """The pool of one page size. Pages of the pool are gone for everything else, used or not."""

    size: int
    """Bytes of one page."""
    total: int | None = gauge("count", "pages in the pool, surplus ones included", "jinmaek_hugepages_pool")
    free: int | None = gauge("count", "pages nobody uses, reserved ones included")
    reserved: int | None = gauge("count", "free pages promised to a mapping")
    surplus: int | None = gauge("count", "pages above the configured number")
    overcommit: int | None = gauge("count", "surplus pages allowed")
    page_size: int | None = gauge("bytes", "of one page: the label as a number, to count in bytes")


def parse(files: Mapping[str, str]) -> Iterator[Hugepages]:
    """One row per page size, smallest first."""
    pools: dict[int, dict[str, int]] = {}
    for path, text in files.items():
        folder, _, file = path.rpartition("/")
        kib = folder.rpartition("/hugepages-")[2].removesuffix("kB")
        words = text.split()
        if file in FILES and words:
            pools.setdefault(unsigned(kib, 0) * 1024, {})[FILES[file]] = unsigned(words[0], 1)
    for size, counts in sorted(pools.items()):
        yield Hugepages(size=size, page_size=size, **counts)


READERS = (
    TreeReader(
        table="hugepages",
        paths=tuple(f"{FOLDER}/hugepages-*/{file}" for file in FILES),
        row=Hugepages,
        parse=parse,
    ),
)
