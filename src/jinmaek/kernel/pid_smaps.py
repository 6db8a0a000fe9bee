"""/proc/PID/smaps and /proc/PID/maps: every mapping of a process; smaps adds sizes to each.

    55d0e8a4b000-55d0e8a4d000 r--p 00000000 fe:00 260875                     /usr/bin/sleep
    Size:                  8 kB
    Rss:                   8 kB
    THPeligible:           0
    VmFlags: rd mr mw me

fs/proc/task_mmu.c show_map_vma(), show_smap(). "kB" is KiB. Which sizes there are differs by kernel, so they
stay a mapping from the kernel's own name. A newline in a file name is written ``\\012``.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, row
from jinmaek.kernel.digits import hexadecimal, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KIB = 1024


@row
class Vma:
    """One mapping. ``sizes`` is empty in maps; in smaps bytes by name, THPeligible a plain number."""

    start: int
    end: int
    perms: str
    """``r``, ``w``, ``x`` or ``-``, then ``p`` private or ``s`` shared."""
    offset: int
    major: int
    minor: int
    device: str
    """As printed: ``fe:00``."""
    inode: int
    path: str
    """The file, ``[heap]`` and the like, or nothing: anonymous."""
    sizes: Mapping[str, int]


def parse(text: str) -> Iterator[Vma]:
    """The mappings in either file, in the order of addresses."""
    head: Vma | None = None
    sizes: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        key, colon, value = line.partition(":")
        if colon and " " not in key:
            # Keys start with a capital letter; an address never does.
            if head is None:
                raise Malformed(number, f"{key} of no mapping")
            words = value.split()
            if len(words) == 2 and words[1] == "kB":
                sizes[key] = unsigned(words[0], number) * KIB
            elif len(words) == 1 and key == "THPeligible":
                sizes[key] = unsigned(words[0], number)
            continue
        if head is not None:
            yield head
        sizes = {}
        head = _head(line, number, sizes)
    if head is not None:
        yield head


def _head(line: str, number: int, sizes: dict[str, int]) -> Vma:
    words = line.split(None, 5)
    if len(words) < 5:
        raise Malformed(number, "fewer than 5 words")
    start, dash, end = words[0].partition("-")
    major, colon, minor = words[3].partition(":")
    if not dash or not colon or len(words[1]) != 4:
        raise Malformed(number, "not a mapping")
    return Vma(
        start=hexadecimal(start, number),
        end=hexadecimal(end, number),
        perms=words[1],
        offset=hexadecimal(words[2], number),
        major=hexadecimal(major, number),
        minor=hexadecimal(minor, number),
        device=words[3],
        inode=unsigned(words[4], number),
        path=words[5] if len(words) > 5 else "",
        sizes=sizes,
    )
