"""``free``: how much memory and swap there is, and what of it is in use."""

from __future__ import annotations

from jinmaek.views.procps import MISSING, less, plus, single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jinmaek.views.procps import Memory

    Scale = Callable[[int], str]

SUFFIXES = "BKMGTP"
NARROW = ("total", "used", "free", "shared", "buff/cache", "available")
WIDE = ("total", "used", "free", "shared", "buffers", "cache", "available")


def lines(
    memory: Memory,
    scale: Scale,
    *,
    wide: bool = False,
    lohi: bool = False,
    total: bool = False,
    committed: bool = False,
) -> Iterator[str]:
    """The table, line by line."""
    m = memory
    yield " " * 9 + " ".join(f"{word:>11}" for word in (WIDE if wide else NARROW))
    cached = (m.buffers, m.cache) if wide else (plus(m.buffers, m.cache),)
    yield _line("Mem:", (m.total, m.used, m.free, m.shared, *cached, m.available), scale)
    if lohi:
        yield _line("Low:", (m.low_total, m.low_used, m.low_free), scale)
        yield _line("High:", (m.high_total, m.high_used, m.high_free), scale)
    yield _line("Swap:", (m.swap_total, m.swap_used, m.swap_free), scale)
    if total:
        sums = (plus(m.total, m.swap_total), plus(m.used, m.swap_used), plus(m.free, m.swap_free))
        yield _line("Total:", sums, scale)
    if committed:
        left = less(m.commit_limit, m.committed)
        yield _line("Comm:", (m.commit_limit, m.committed, left), scale)


def one_line(memory: Memory, scale: Scale) -> str:
    """The four figures ``-L`` shows (procps 4.0.3)."""
    m = memory
    figures = (
        ("SwapUse", m.swap_used),
        ("CachUse", plus(m.buffers, m.cache)),
        (" MemUse", m.used),
        ("MemFree", m.free),
    )
    return "".join(f"{name} {MISSING if size is None else scale(size):>11} " for name, size in figures)


def data(memory: Memory) -> dict[str, object]:
    """All figures in bytes, whatever was asked to be shown."""
    m = memory
    return {
        "schema": 1,
        "unit": "bytes",
        "mem": {
            "total": m.total,
            "used": m.used,
            "free": m.free,
            "shared": m.shared,
            "buffers": m.buffers,
            "cache": m.cache,
            "available": m.available,
            "available_source": m.available_source,
        },
        "low": {"total": m.low_total, "used": m.low_used, "free": m.low_free},
        "high": {"total": m.high_total, "used": m.high_used, "free": m.high_free},
        "swap": {"total": m.swap_total, "used": m.swap_used, "free": m.swap_free},
        "total": {
            "total": plus(m.total, m.swap_total),
            "used": plus(m.used, m.swap_used),
            "free": plus(m.free, m.swap_free),
        },
        "committed": {
            "limit": m.commit_limit,
            "committed": m.committed,
            "left": less(m.commit_limit, m.committed),
        },
    }


def in_units(exponent: int, *, si: bool) -> Scale:
    """Whole units of 1024 (or 1000) to the ``exponent``, rounded towards zero."""
    divisor = (1000 if si else 1024) ** exponent
    return lambda size: str(size // divisor if size >= 0 else -(-size // divisor))


def human(*, si: bool) -> Scale:
    """Three digits and a unit that fit the column: ``8.7Mi``, ``258Mi``; with ``si`` ``9.1M``, ``270M``."""
    base, tail, width = (1000, "", 4) if si else (1024, "i", 5)

    def scale(size: int) -> str:
        text = f"{size}B"
        if len(text) <= 4:
            return text
        for exponent in range(1, len(SUFFIXES)):
            value = size / base**exponent
            suffix = SUFFIXES[exponent] + tail
            text = f"{single(value):.1f}{suffix}"
            if len(text) <= width:
                return text
            text = f"{int(value)}{suffix}"
            if len(text) <= width:
                return text
        return text

    return scale


def _line(name: str, sizes: Sequence[int | None], scale: Scale) -> str:
    shown = (MISSING if size is None else scale(size) for size in sizes)
    return f"{name:<9}" + " ".join(f"{text:>11}" for text in shown)
