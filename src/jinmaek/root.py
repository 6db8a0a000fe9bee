"""Where the kernel's files are: the live machine, a captured tree, a container's view."""

from __future__ import annotations


class Root:
    """The folder that holds ``proc`` and ``sys``. ``/`` is the live machine."""

    __slots__ = ("base",)

    def __init__(self, base: str = "/") -> None:
        self.base = base.rstrip("/")

    @property
    def live(self) -> bool:
        return not self.base

    def path(self, relative: str) -> str:
        """The real path of ``proc/...`` or ``sys/...``."""
        return f"{self.base}/{relative}"

    def __repr__(self) -> str:
        return f"Root({self.base or '/'!r})"


LIVE = Root()
