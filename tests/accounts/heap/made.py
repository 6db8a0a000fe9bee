"""Mappings made by hand."""

from __future__ import annotations

from jinmaek.kernel.pid_smaps import Vma


def vma(start: int, size: int, perms: str = "rw-p", path: str = "", inode: int = 0, **sizes: int) -> Vma:
    """One mapping; it is all in memory and anonymous unless sizes say otherwise."""
    held = sizes or ({} if perms.startswith("---") else {"Rss": size, "Anonymous": size})
    return Vma(
        start=start,
        end=start + size,
        perms=perms,
        offset=0,
        major=0,
        minor=0,
        device="00:00",
        inode=inode,
        path=path,
        sizes=held,
    )
