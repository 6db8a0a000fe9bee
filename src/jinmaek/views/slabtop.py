"""``slabtop``: the caches of kernel objects, largest first, and what they hold together."""

from __future__ import annotations

from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING, single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from jinmaek.kernel.slabinfo import Slab

HEADING = f"{'  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME':<78}"
COLUMNS = ("OBJS", "ACTIVE", "USE", "OBJ SIZE", "SLABS", "OBJ/SLAB", "CACHE SIZE", "NAME")
"""The heads of the columns from left to right."""
HEAD_LINES = 7
"""Lines above the first cache."""


def use(slab: Slab) -> int:
    """Objects in use, per cent of the room there is."""
    return int(single(100 * single(slab.active_objs / slab.num_objs))) if slab.num_objs else 0


def size(slab: Slab, page_size: int) -> int:
    """Bytes of memory a cache takes."""
    return slab.num_slabs * slab.pagesperslab * page_size


# One page size for all caches: pages order them as bytes do.
KEYS: dict[str, tuple[Callable[[Slab], Any], bool, str]] = {
    "a": (lambda slab: slab.active_objs, True, "active objects"),
    "b": (lambda slab: slab.objperslab or 0, True, "objects per slab"),
    "c": (lambda slab: slab.num_slabs * slab.pagesperslab, True, "cache size"),
    "l": (lambda slab: slab.num_slabs, True, "slabs"),
    "v": (lambda slab: slab.active_slabs, True, "active slabs"),
    "n": (lambda slab: slab.name, False, "name"),
    "o": (lambda slab: slab.num_objs, True, "objects (the default)"),
    "p": (lambda slab: slab.pagesperslab, True, "pages per slab"),
    "s": (lambda slab: slab.objsize, True, "object size"),
    "u": (use, True, "use"),
}
"""By the letter given to ``-s``: the value caches are sorted by, whether the largest comes first, a name."""


def ordered(slabs: Iterable[Slab], letter: str) -> list[Slab]:
    """The caches sorted; equal ones stay in the kernel's order."""
    key, largest_first, _ = KEYS[letter]
    return sorted(slabs, key=key, reverse=largest_first)


class Totals:
    """All caches together; ``smallest``, ``average`` and ``largest`` are bytes of an object."""

    __slots__ = (
        "active_bytes",
        "active_caches",
        "active_objs",
        "active_slabs",
        "average",
        "bytes",
        "caches",
        "largest",
        "objs",
        "slabs",
        "smallest",
    )

    def __init__(self, slabs: Sequence[Slab]) -> None:
        self.objs = sum(slab.num_objs for slab in slabs)
        self.active_objs = sum(slab.active_objs for slab in slabs)
        self.slabs = sum(slab.num_slabs for slab in slabs)
        self.active_slabs = sum(slab.active_slabs for slab in slabs)
        self.caches = len(slabs)
        self.active_caches = sum(1 for slab in slabs if slab.num_objs)
        self.bytes = sum(slab.num_objs * slab.objsize for slab in slabs)
        self.active_bytes = sum(slab.active_objs * slab.objsize for slab in slabs)
        sizes = [slab.objsize for slab in slabs]
        self.smallest: int | None = min(sizes, default=None)
        self.largest: int | None = max(sizes, default=None)
        self.average: int | None = self.bytes // self.objs if self.objs else None


def head(slabs: Sequence[Slab]) -> Iterator[str]:
    """The summary and the blank line under it."""
    t = Totals(slabs)
    yield _share("Active / Total Objects (% used)", t.active_objs, t.objs)
    yield _share("Active / Total Slabs (% used)", t.active_slabs, t.slabs)
    yield _share("Active / Total Caches (% used)", t.active_caches, t.caches)
    words = f"{t.active_bytes / 1024:.2f}K / {t.bytes / 1024:.2f}K"
    yield f" {'Active / Total Size (% used)':<35}: {words} ({_percent(t.active_bytes, t.bytes)})"
    sizes = " / ".join(_kib(number) for number in (t.smallest, t.average, t.largest))
    yield f" {'Minimum / Average / Maximum Object':<35}: {sizes}"
    yield ""


def line(slab: Slab, page_size: int) -> str:
    """One cache."""
    per_slab = MISSING if slab.objperslab is None else slab.objperslab
    return (
        f"{slab.num_objs:>6} {slab.active_objs:>6} {use(slab):>3}% {slab.objsize / 1024:>7.2f}K "
        f"{slab.num_slabs:>6} {per_slab:>8} {size(slab, page_size) // 1024:>9}K {safe(slab.name):<23}"
    )


def data(slabs: Sequence[Slab], page_size: int) -> dict[str, object]:
    """Totals and caches in bytes and counts."""
    t = Totals(slabs)
    return {
        "schema": 1,
        "totals": {
            "objects": t.objs,
            "active_objects": t.active_objs,
            "slabs": t.slabs,
            "active_slabs": t.active_slabs,
            "caches": t.caches,
            "active_caches": t.active_caches,
            "object_bytes": t.bytes,
            "active_object_bytes": t.active_bytes,
            "memory_bytes": sum(size(slab, page_size) for slab in slabs),
            "smallest_object_bytes": t.smallest,
            "average_object_bytes": t.average,
            "largest_object_bytes": t.largest,
        },
        "caches": [
            {
                "name": slab.name,
                "objects": slab.num_objs,
                "active_objects": slab.active_objs,
                "object_bytes": slab.objsize,
                "slabs": slab.num_slabs,
                "active_slabs": slab.active_slabs,
                "objects_per_slab": slab.objperslab,
                "pages_per_slab": slab.pagesperslab,
                "memory_bytes": size(slab, page_size),
            }
            for slab in slabs
        ],
    }


def _share(words: str, part: int, whole: int) -> str:
    return f" {words:<35}: {part} / {whole} ({_percent(part, whole)})"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else MISSING


def _kib(number: int | None) -> str:
    return MISSING if number is None else f"{number / 1024:.2f}K"
