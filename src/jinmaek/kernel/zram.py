"""/sys/block/zram*/{disksize,mm_stat}: disks that are compressed RAM, mostly used as swap.

    disksize 62914560
    mm_stat  23527424 23392236 23834624        0 23834624        0        0     5701     5701

drivers/block/zram/zram_drv.c mm_stat_show(); Documentation/admin-guide/blockdev/zram.rst. A file per number
before 4.2.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, TreeReader, columns_of, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@row
class Zram:
    """One zram disk, also one without a size: not set up."""

    device: str
    disksize: int | None = gauge("bytes", "size the disk shows; 0 is not set up")
    orig_data_size: int | None = gauge("bytes", "what it holds, before compression")
    compr_data_size: int | None = gauge("bytes", "what it holds, compressed")
    mem_used_total: int | None = gauge("bytes", "RAM it takes, overhead included")
    mem_limit: int | None = gauge("bytes", "most RAM it may take; 0 is without limit")
    mem_used_max: int | None = gauge("bytes", "most RAM it ever took")
    same_pages: int | None = gauge("pages", "filled with one value: they take no RAM")
    pages_compacted: int | None = gauge("pages", "freed by compaction")
    huge_pages: int | None = gauge("pages", "that do not compress (4.19)")
    huge_pages_since: int | None = gauge("pages", "that did not compress, since it was set up (5.18)")


MM_STAT = tuple(columns_of(Zram))[1:]
FILES = ("disksize", "mm_stat")


def parse(files: Mapping[str, str]) -> Iterator[Zram]:
    """One row per disk, in the order of their names."""
    disks: dict[str, dict[str, int]] = {}
    for path, text in files.items():
        folder, _, file = path.rpartition("/")
        disk = disks.setdefault(folder.rpartition("/")[2], {})
        words = text.split()
        if file == "disksize" and words:
            disk["disksize"] = unsigned(words[0], 1)
        elif file == "mm_stat" and words:
            if len(words) < 7:
                raise Malformed(1, "fewer than 7 words")
            disk.update({name: unsigned(word, 1) for name, word in zip(MM_STAT, words, strict=False)})
    for name, values in sorted(disks.items()):
        yield Zram(device=name, **values)


READERS = (
    TreeReader(
        table="zram",
        paths=tuple(f"sys/block/zram*/{file}" for file in FILES),
        row=Zram,
        parse=parse,
    ),
)
