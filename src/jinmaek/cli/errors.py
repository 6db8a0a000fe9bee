"""What a command ends with when it cannot do what was asked: one line and an exit status."""

from __future__ import annotations

from jinmaek import procfile
from jinmaek.columns import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from jinmaek.root import Root

    Row = TypeVar("Row")


class Failure(Exception):
    """What is wrong, why, and what to do about it."""

    status = 3

    def __init__(self, what: str, why: str, todo: str = "") -> None:
        super().__init__(f"{what}: {why}" + (f"; {todo}" if todo else ""))


class Usage(Failure):
    """The command line asks for something there is not."""

    status = 2


class SourceUnreadable(Failure):
    """The kernel file, tree or recording that was asked for cannot be read."""

    status = 3


WHY = {
    "absent": ("there is no such file", "this kernel lacks it, or --root is not a tree with proc/ and sys/"),
    "denied": ("permission denied", "run it as root"),
    "disabled": ("switched off in this kernel", "see its documentation for the boot option"),
    "gone": ("it went away while being read", "run the command again"),
}


def rows(root: Root, path: str, parse: Callable[[str], Iterable[Row]]) -> tuple[Row, ...]:
    """The rows of one kernel file; raises ``SourceUnreadable``."""
    full = root.path(path)
    try:
        return tuple(parse(procfile.read(full)))
    except procfile.Unreadable as missing:
        raise SourceUnreadable(full, *WHY[missing.why]) from None
    except Malformed as fault:
        raise SourceUnreadable(full, str(fault), "is it the kernel's file, whole and unedited?") from None


def row(root: Root, path: str, parse: Callable[[str], Iterable[Row]]) -> Row:
    """The one row of a kernel file that holds a single one; raises ``SourceUnreadable``."""
    for first in rows(root, path, parse):
        return first
    raise SourceUnreadable(root.path(path), "it is empty", "is it the kernel's file, whole and unedited?")
