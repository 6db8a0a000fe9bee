"""/sys/kernel/slab/NAME/reclaim_account: whether reclaim can shrink a cache of kernel objects. Root only.

    1

mm/slub.c reclaim_account_show(). /proc/slabinfo does not tell it. Caches of like objects are one, under the
name of the first; the names of the others are links here.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/kernel/slab"


@row
class SlabKind:
    """One cache."""

    name: str
    reclaim_account: int = gauge("count", "1: counted in SReclaimable, 0: in SUnreclaim")


def parse(files: Mapping[str, str]) -> Iterator[SlabKind]:
    """A row for every cache."""
    for path, text in files.items():
        words = text.split()
        if words:
            yield SlabKind(name=path.split("/")[-2], reclaim_account=unsigned(words[0], 1))


READERS = (TreeReader(table="slab_kind", paths=(f"{FOLDER}/*/reclaim_account",), row=SlabKind, parse=parse),)
