"""``cache``: who holds the page cache, and what that says of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar, assert_never

from jinmaek.accounts.page_cache.account import CachedFile, Holder, PageCache
from jinmaek.accounts.page_cache.file_systems import FileSystem
from jinmaek.accounts.page_cache.residency import pages
from jinmaek.accounts.page_cache.shares import Part, by_file_system, by_process, cgroups
from jinmaek.accounts.page_cache.verdict import Verdict
from jinmaek.i18n import tr
from jinmaek.views.cache_words import WIDTH, held, notes, sentence
from jinmaek.views.fit import cut, folded, pad, percent
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING, plus
from jinmaek.views.units import amount

By = Literal["file", "process", "cgroup", "filesystem"]
BY: tuple[By, ...] = ("file", "process", "cgroup", "filesystem")
SIZE = 10
"""Cells of an amount: ``1023.9 MiB``."""
DELETED = " (deleted)"

Column = tuple[str, int]
"""Heading and width: negative for what stands to the left, 0 for what may be as long as it is."""
FILE: tuple[Column, ...] = (
    *(("CACHED", SIZE), ("%FILE", 6), ("%CACHE", 6), ("DIRTY", SIZE), ("WRITEBACK", SIZE)),
    *(("EVICTED", SIZE), ("RECENTLY", SIZE), ("WHO", -30), ("FILE", 0)),
)
PART: tuple[Column, ...] = tuple(
    (name, SIZE) for name in ("SHARE", "OWN", "USES", "DIRTY", "EVICTED", "RECENTLY")
)
PROCESS: tuple[Column, ...] = (*PART, ("FILES", 6), ("PID", 7), ("NAME", -16), ("CGROUP", 0))
CGROUP: tuple[Column, ...] = (("CHARGED", SIZE), *PART, ("FILES", 6), ("PROCS", 6), ("CGROUP", 0))
SYSTEM: tuple[Column, ...] = (
    *(("CACHED", SIZE), ("DIRTY", SIZE), ("EVICTED", SIZE), ("RECENTLY", SIZE), ("FILES", 6)),
    *(("HELD", SIZE), ("TYPE", -10), ("SOURCE", -20), ("MOUNTED ON", 0)),
)
Item = TypeVar("Item")


def lines(cache: PageCache, verdict: Verdict, by: By, top: int, lang: str) -> Iterator[str]:
    """The account, the table with its ``top`` rows (0 is all), what it means, and what is missing."""
    yield from account(cache, lang)
    yield ""
    yield from table(cache, by, top, lang)
    yield ""
    yield from folded(sentence(verdict, lang), WIDTH)
    yield from notes(cache, lang)
    yield ""
    cost = tr(lang, "it cost {cpu:.2f} s of CPU in {wall:.1f} s")
    yield cost.format(cpu=cache.cpu_s, wall=cache.wall_s)


def account(cache: PageCache, lang: str) -> Iterator[str]:
    """Cached and Buffers, and what each is made of; the parts of Cached add up to it."""
    totals = cache.totals
    words = tr(lang, "page cache {size} of {memory} RAM")
    yield words.format(size=_size(plus(totals.cached, totals.buffers)), memory=_size(totals.memory))
    if cache.paths:
        named = tr(lang, "under {paths}").format(paths=" ".join(safe(path) for path in cache.paths))
        yield _part("", sum(file.told.nr_cache for file in cache.shown), named)
    yield _part("Cached", totals.cached, tr(lang, "page cache of files"))
    files = sum(not file.in_memory for file in cache.files)
    if cache.found is not None:
        yield _part("", cache.found, tr(lang, "in {count} files found here").format(count=f"{files:,}"))
    shmem = tr(lang, "Shmem: tmpfs and shared memory, never dropped but swapped ({found} found here)")
    yield _part("", totals.shmem, shmem.format(found=_size(cache.found_in_memory)))
    if cache.way == "recorded":
        rest = tr(lang, "in which files is not recorded")
    elif cache.unattributed is not None and cache.unattributed < 0:
        rest = tr(lang, "moved while it was looked at")
    elif cache.everywhere:
        rest = tr(lang, "in files out of reach, or metadata kept as files (btrfs, f2fs)")
    else:
        rest = tr(lang, "in files nobody has open, or out of reach: --scan or a PATH finds them")
    yield _part("", cache.unattributed, rest)
    yield _part("Buffers", totals.buffers, held(cache.devices, lang))


def table(cache: PageCache, by: By, top: int, lang: str) -> Iterator[str]:
    """Heading and rows, largest first; what is left out is summed in the last line."""
    match by:
        case "file":
            files = [(file.told.nr_cache, file) for file in cache.shown]
            return _table(FILE, files, lambda file: _file(cache, file), top, lang)
        case "process":
            processes = [(part.share, (holder, part)) for holder, part in by_process(cache.shown).items()]
            return _table(PROCESS, processes, lambda row: _process(cache, *row), top, lang)
        case "cgroup":
            rows = [
                ((part.share if cache.paths else size or 0), (path, part, size))
                for path, part, size in cgroups(cache)
            ]
            return _table(CGROUP, rows, lambda row: _cgroup(cache, *row), top, lang)
        case "filesystem":
            systems = [(part.share, (system, part)) for system, part in by_file_system(cache.shown).items()]
            return _table(SYSTEM, systems, lambda row: _system(cache, *row), top, lang)
        case _:
            assert_never(by)


def who(cache: PageCache, file: CachedFile) -> str:
    """One who has the file, and how many more."""
    if not file.who:
        return MISSING
    first = cache.holders[next(iter(file.who))]
    more = f" +{len(file.who) - 1}" if len(file.who) > 1 else ""
    return safe(first.name) + (f" [{first.pid}]" if first.pid is not None else "") + more


def _table(
    columns: Sequence[Column],
    items: Sequence[tuple[int, Item]],
    cells: Callable[[Item], Sequence[str]],
    top: int,
    lang: str,
) -> Iterator[str]:
    yield _row(columns, [name for name, _ in columns])
    shown = items[:top] if top else items
    for _, item in shown:
        yield _row(columns, cells(item))
    left = items[len(shown) :]
    if left:
        words = tr(lang, "in {count} more").format(count=f"{len(left):,}")
        yield pad(_size(sum(size for size, _ in left)), SIZE) + f" {words}"


def _row(columns: Sequence[Column], cells: Sequence[str]) -> str:
    fitted = (
        pad(cut(cell, -width) if width < 0 else cell, width) if width else cell
        for (_, width), cell in zip(columns, cells, strict=True)
    )
    return " ".join(fitted).rstrip()


def _file(cache: PageCache, file: CachedFile) -> list[str]:
    told = file.told
    return [
        _size(told.nr_cache),
        _share(told.nr_cache, pages(file.size)),
        _share(told.nr_cache, cache.totals.cached),
        *(_size(size) for size in (file.dirty, told.nr_writeback, told.nr_evicted, told.nr_recently_evicted)),
        who(cache, file),
        safe(file.path) + (DELETED if file.deleted else ""),
    ]


def _process(cache: PageCache, holder: Holder | None, part: Part) -> list[str]:
    one = None if holder is None else cache.holders[holder]
    pid = MISSING if one is None or one.pid is None else str(one.pid)
    name = MISSING if one is None else safe(one.name)
    return [*_sizes(part), pid, name, safe((one and one.cgroup) or MISSING)]


def _cgroup(cache: PageCache, cgroup: str | None, part: Part, size: int | None) -> list[str]:
    if cache.way == "recorded":
        return [_size(size), *[MISSING] * (len(CGROUP) - 2), safe(cgroup or MISSING)]
    return [_size(size), *_sizes(part), f"{len(part.holders)}", safe(cgroup or MISSING)]


def _system(cache: PageCache, system: FileSystem, part: Part) -> list[str]:
    return [
        *(_size(size) for size in (part.share, part.dirty, part.evicted, part.recently_evicted)),
        f"{part.files}",
        _size(cache.mounted.get(system.path) if system.kind == "memory" else None),
        safe(system.fstype),
        safe(system.source),
        safe(system.path or MISSING),
    ]


def _sizes(part: Part) -> list[str]:
    sizes = (part.share, part.own, part.uses, part.dirty, part.evicted, part.recently_evicted)
    return [*map(_size, sizes), f"{part.files}"]


def _part(name: str, size: int | None, words: str) -> str:
    return f"{name:<8}{_size(size):>{SIZE}}  {words}"


def _share(part: int, whole: int | None) -> str:
    return percent(part / whole * 100) if whole else MISSING


def _size(size: int | None) -> str:
    return MISSING if size is None else amount(size, "bytes")
