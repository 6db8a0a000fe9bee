"""The page cache divided among those who use it: shares add up to what was found.

A file that several processes have open or mapped is divided among them evenly, as PSS divides memory. Who
read it first does not count here: that is whom the kernel charges (memory.stat ``file`` of a cgroup).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from jinmaek.accounts.page_cache.account import CachedFile, Holder, PageCache, Process
from jinmaek.accounts.page_cache.file_systems import FileSystem
from jinmaek.kernel.cachestat import PAGE
from jinmaek.kernel.cgroup_memory import CgroupMemory

Key = TypeVar("Key")


@dataclass(slots=True)
class Part:
    """What one process, cgroup or file system has of the files, in bytes."""

    share: int = 0
    """Its part of the files it uses: shares add up."""
    own: int = 0
    """Of files nobody else uses."""
    uses: int = 0
    """Of all files it uses, whole, as are the figures below: they do not add up."""
    dirty: int | None = None
    evicted: int | None = None
    recently_evicted: int | None = None
    files: int = 0
    holders: set[Holder] = field(default_factory=set)


def divided(size: int, among: int) -> list[int]:
    """Whole pages, as even as they go; the sum is ``size``."""
    each, rest = divmod(size // PAGE, among)
    return [(each + (n < rest)) * PAGE for n in range(among)]


def by_process(files: Iterable[CachedFile]) -> dict[Holder | None, Part]:
    """Largest share first; None has the files no process uses."""
    return _divide(files, lambda holder: holder)


def by_cgroup(files: Iterable[CachedFile], holders: Mapping[Holder, Process]) -> dict[str | None, Part]:
    """The shares of the processes of each cgroup together; None has what no process in a known one uses."""
    return _divide(files, lambda holder: None if holder is None else holders[holder].cgroup)


def charged(cgroups: Mapping[str, CgroupMemory]) -> dict[str, int]:
    """Page cache the kernel charges each cgroup itself for, without those below it: this adds up too."""
    whole = {path: row.file for path, row in cgroups.items() if row.file is not None}
    own = dict(whole)
    for path, size in whole.items():
        above = path.rpartition("/")[0] or "/"
        if path != above and above in own:
            own[above] -= size
    return own


def cgroups(cache: PageCache) -> list[tuple[str | None, Part, int | None]]:
    """Each cgroup that is charged for page cache or whose processes use some, and what it is charged for.

    Largest charge first. Where some paths were asked for, only those that use them, largest share first.
    """
    parts = by_cgroup(cache.shown, cache.holders)
    sizes = charged(cache.cgroups)
    paths = list(parts)
    if not cache.paths:
        paths += [path for path, size in sizes.items() if size and path not in parts]
        paths.sort(key=lambda path: -sizes.get(path or "", 0))
    return [(path, parts.get(path, Part()), sizes.get(path or "")) for path in paths]


def by_file_system(files: Iterable[CachedFile]) -> dict[FileSystem, Part]:
    """Largest first. A file is on one file system: all of it is that one's own."""
    parts: dict[FileSystem, Part] = {}
    for file in files:
        part = parts.setdefault(file.system, Part())
        _use(part, file, file.told.nr_cache, alone=True)
        part.holders.update(file.who)
    return _ranked(parts)


def _divide(files: Iterable[CachedFile], whose: Callable[[Holder | None], Key]) -> dict[Key, Part]:
    parts: dict[Key, Part] = {}
    for file in files:
        among: list[Holder | None] = [*file.who] or [None]
        here: dict[Key, int] = {}
        for holder, size in zip(among, divided(file.told.nr_cache, len(among)), strict=True):
            key = whose(holder)
            here[key] = here.get(key, 0) + size
            if holder is not None:
                parts.setdefault(key, Part()).holders.add(holder)
        for key, size in here.items():
            _use(parts.setdefault(key, Part()), file, size, alone=len(here) == 1)
    return _ranked(parts)


def _use(part: Part, file: CachedFile, share: int, *, alone: bool) -> None:
    part.share += share
    part.uses += file.told.nr_cache
    part.own += file.told.nr_cache if alone else 0
    part.files += 1
    part.dirty = _plus(part.dirty, file.dirty)
    part.evicted = _plus(part.evicted, file.told.nr_evicted)
    part.recently_evicted = _plus(part.recently_evicted, file.told.nr_recently_evicted)


def _plus(known: int | None, more: int | None) -> int | None:
    return known if more is None else (known or 0) + more


def _ranked(parts: dict[Key, Part]) -> dict[Key, Part]:
    return dict(sorted(parts.items(), key=lambda item: (-item[1].share, -item[1].uses)))
