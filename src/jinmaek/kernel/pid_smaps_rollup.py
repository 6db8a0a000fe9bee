"""/proc/PID/smaps_rollup: the sums over all mappings of a process; since 4.14.

    56318c22f000-7ffe2e5c1000 ---p 00000000 00:00 0                          [rollup]
    Rss:                1832 kB
    Pss:                 382 kB

fs/proc/task_mmu.c show_smaps_rollup(), which walks every page table of the process under its mmap_lock.
"kB" is KiB. Pss is summed before it is rounded: the Pss lines of smaps, each rounded down, add up to less.
A kernel thread and a zombie have none: reading ends in ESRCH.
"""

from __future__ import annotations

from operator import itemgetter

from jinmaek.columns import Malformed, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Figures: TypeAlias = tuple[int, int, int, int, int | None]
    """USS, PSS, RSS, Swap and SwapPss in bytes; SwapPss is None before 4.3."""

KIB = 1024
HEAD = 6
"""Words of the first line."""
NEEDED = ("Rss", "Pss", "Private_Clean", "Private_Dirty", "Swap")
OPTIONAL = ("Pss_Anon", "Pss_File", "Pss_Shmem", "Private_Hugetlb", "SwapPss")
KEYS = tuple((name, f"{name}:") for name in (*NEEDED, *OPTIONAL))


@row
class PidSmapsRollup:
    """The memory of a process."""

    Rss: int = gauge("bytes", "RAM it maps, shared or not")
    Pss: int = gauge("bytes", "RAM it maps, each page divided by the number of its mappers")
    Private_Clean: int = gauge("bytes", "RAM mapped by it alone and unmodified")
    Private_Dirty: int = gauge("bytes", "RAM mapped by it alone and modified")
    Swap: int = gauge("bytes", "anonymous and shared memory of it in swap")
    Pss_Anon: int | None = gauge("bytes", "the part of Pss without a file behind it (5.4)")
    Pss_File: int | None = gauge("bytes", "the part of Pss that is page cache of files (5.4)")
    Pss_Shmem: int | None = gauge("bytes", "the part of Pss that is tmpfs and shared memory (5.4)")
    Private_Hugetlb: int | None = gauge("bytes", "huge pages mapped by it alone, not part of Rss (4.4)")
    SwapPss: int | None = gauge("bytes", "Swap, each page divided by the number of its users (4.3)")


def parse(text: str) -> PidSmapsRollup:
    """The one row of a smaps_rollup file."""
    words = text.split()
    told = dict(zip(words[HEAD::3], words[HEAD + 1 :: 3], strict=False))
    sizes: dict[str, int] = {}
    for name, key in KEYS:
        word = told.get(key)
        if word is not None:
            sizes[name] = unsigned(word, 0) * KIB
        elif name in NEEDED:
            raise Malformed(0, f"no {name}")
    return PidSmapsRollup(**sizes)


class Sizes:
    """The figures of one file after the other, for a tenth of what ``parse`` costs.

    A kernel writes the same names in the same order each time: where they stand is looked up once.
    """

    __slots__ = ("_keys", "_pick")

    NAMES = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:", "Pss:", "Rss:", "Swap:", "SwapPss:")

    def __init__(self) -> None:
        self._keys: list[bytes] = []
        self._pick: Callable[[list[bytes]], tuple[bytes, ...]] = tuple

    def of(self, data: bytes) -> Figures:
        """USS, PSS, RSS, Swap and SwapPss. Raises ``Malformed``."""
        words = data.split()
        if len(words) > HEAD and words[HEAD::3] == self._keys and len(words) == HEAD + 3 * len(self._keys):
            picked = self._pick(words)
            if b"".join(picked).isdigit():
                clean, dirty, huge, pss, rss, swap, swap_pss = map(int, picked)
                return (clean + dirty + huge) * KIB, pss * KIB, rss * KIB, swap * KIB, swap_pss * KIB
        sums = parse(data.decode("ascii", "replace"))
        keys = words[HEAD::3]
        names = [name.encode() for name in self.NAMES]
        if all(keys.count(name) == 1 for name in names):
            self._keys = keys
            self._pick = itemgetter(*(HEAD + 1 + 3 * keys.index(name) for name in names))
        return uss(sums), sums.Pss, sums.Rss, sums.Swap, sums.SwapPss


def uss(sums: PidSmapsRollup) -> int:
    """Bytes that would be free if the process ended: what nobody else maps."""
    return sums.Private_Clean + sums.Private_Dirty + (sums.Private_Hugetlb or 0)
