r"""/proc/swaps: swap devices and files.

    Filename                Type        Size        Used        Priority
    /var/my\040swap         file        4092        156         -2

mm/swapfile.c swap_show(). Sizes are KiB. Space, tab, newline and backslash in a name are octal escapes;
the name of a file that was removed ends in " (deleted)".
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OCTAL = frozenset("01234567")


@row
class Swap:
    """One swap device or file."""

    filename: str
    type: str
    size: int = gauge("bytes", "usable space")
    used: int = gauge("bytes", "space in use")
    priority: int = gauge("count", "order of use: higher is filled first; below 0 where none was asked for")


def unescape(name: str) -> str:
    r"""Turn ``\040`` into the character it stands for; any other backslash stays."""
    first, *rest = name.split("\\")
    return first + "".join(
        chr(int(part[:3], 8)) + part[3:]
        if len(part) >= 3 and part[0] in "0123" and OCTAL.issuperset(part[:3])
        else "\\" + part
        for part in rest
    )


def parse(text: str) -> Iterator[Swap]:
    """A row for every swap area."""
    lines = text.split("\n")
    if not lines[0].startswith("Filename"):
        raise Malformed(1, "no header")
    for number, line in enumerate(lines[1:], 2):
        # Only what the kernel puts between words: a name may hold any other kind of white space.
        words = [word for word in line.replace("\t", " ").split(" ") if word]
        if not words:
            continue
        name = words.pop(0)
        if words[:1] == ["(deleted)"]:
            name += " " + words.pop(0)
        if len(words) < 4:
            raise Malformed(number, "fewer than 5 words")
        below = words[3].startswith("-")
        priority = unsigned(words[3][below:], number)
        yield Swap(
            filename=unescape(name),
            type=words[0],
            size=unsigned(words[1], number) * 1024,
            used=unsigned(words[2], number) * 1024,
            priority=-priority if below else priority,
        )


READERS = (Reader(table="swaps", path="proc/swaps", row=Swap, parse=parse),)
