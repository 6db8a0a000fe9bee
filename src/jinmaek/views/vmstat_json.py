"""``vmstat --json``: the figures of the page in base units, unrounded."""

from __future__ import annotations

from jinmaek.views.vmstat import TICKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.views.vmstat import Line, Reading


def data(of: Line) -> dict[str, object]:
    """One line in bytes, seconds and ratios, unrounded; ``seconds`` is what the rates were divided by."""
    m, stat, now = of.now.memory, of.now.stat, of.now
    seconds = of.whole / now.hz if of.seconds is None else of.seconds

    def rate(amount: int | None, factor: int = 1) -> float | None:
        return None if amount is None else amount * factor / seconds

    return {
        "schema": 1,
        "since": "boot" if of.seconds is None else "previous",
        "seconds": seconds,
        "procs": {"running": stat.procs_running, "blocked": stat.procs_blocked},
        "memory_bytes": {
            "swap_used": m.swap_used,
            "free": m.free,
            "buffers": m.buffers,
            "cache": m.cache,
            "inactive": m.inactive,
            "active": m.active,
        },
        "swap_bytes_per_s": {
            "in": rate(of.swapped[0], now.kib_per_page * 1024),
            "out": rate(of.swapped[1], now.kib_per_page * 1024),
        },
        "io_bytes_per_s": {"in": rate(of.paged[0], 1024), "out": rate(of.paged[1], 1024)},
        "system_per_s": {"interrupts": rate(of.events[0]), "context_switches": rate(of.events[1])},
        "cpu_ratio": {name: None if t is None else t / of.whole for name, t in of.cpu.items()},
    }


def totals(now: Reading) -> dict[str, object]:
    """``vmstat -s`` in bytes, seconds and counts."""
    m, stat = now.memory, now.stat
    return {
        "schema": 1,
        "memory_bytes": {
            "total": m.total,
            "used": m.used,
            "active": m.active,
            "inactive": m.inactive,
            "free": m.free,
            "buffers": m.buffers,
            "cache": m.cache,
        },
        "swap_bytes": {"total": m.swap_total, "used": m.swap_used, "free": m.swap_free},
        "cpu_seconds": {name: getattr(stat, name) for name, _ in TICKS},
        "paged_bytes": {
            name: None if k is None else k * 1024 for name, k in zip(("in", "out"), now.paged, strict=True)
        },
        "swapped_pages": {"in": now.swapped[0], "out": now.swapped[1]},
        "interrupts": stat.intr,
        "context_switches": stat.ctxt,
        "boot_time": stat.btime,
        "forks": stat.processes,
    }
