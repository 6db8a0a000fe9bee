"""Opening a kernel file: its text, or in one word why there is none.

Apart from ``sampling`` because the classic commands start faster without its types.
"""

from __future__ import annotations

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Why = Literal["absent", "denied", "disabled", "gone"]

REASONS: dict[int, Why] = {
    errno.ENOENT: "absent",
    errno.ENOTDIR: "absent",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EOPNOTSUPP: "disabled",
    errno.ESRCH: "gone",
    errno.ENODEV: "gone",
}


class Unreadable(Exception):
    """A kernel file that cannot be read here. Any errno without a reason stays an ``OSError``."""

    def __init__(self, why: Why, path: str) -> None:
        super().__init__(f"{path}: {why}")
        self.why = why
        self.path = path


def read(path: str) -> str:
    """The whole of one file, invalid UTF-8 shown as ``\\xNN``."""
    return read_bytes(path).decode("utf-8", "backslashreplace")


def read_bytes(path: str) -> bytes:
    """The whole of one file as the kernel wrote it."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except OSError as error:
        why = REASONS.get(error.errno or 0)
        if why is None:
            raise
        raise Unreadable(why, path) from None
