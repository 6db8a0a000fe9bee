"""``vmstat``: one line for the whole machine, since boot or over an interval.

The line since boot divides by the time of all CPUs together, as procps does: its rates are per CPU.
"""

from __future__ import annotations

from jinmaek.views.procps import MISSING, Memory, less, not_below_zero, single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinmaek.kernel.meminfo import Meminfo
    from jinmaek.kernel.stat import Stat
    from jinmaek.kernel.vmstat import Vmstat

UNITS = {"b": 1, "B": 1, "k": 1000, "K": 1024, "m": 1_000_000, "M": 1_048_576}
"""Bytes by the letter given to ``-S``."""

HEADER = "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----"
WIDE_HEADER = (
    "--procs-- -----------------------memory---------------------- "
    "---swap-- -----io---- -system-- ----------cpu----------"
)
TIME_HEADER = " -----timestamp-----"
NAMES = tuple("r b swpd free buff cache si so bi bo in cs us sy id wa st gu".split())  # noqa: SIM905
# The narrow page has no room for the guests' column.
WIDTHS = (2, 2, 6, 6, 6, 6, 4, 4, 5, 5, 4, 4, 2, 2, 2, 2, 2)
WIDE_WIDTHS = (4, 4, 12, 12, 12, 12, 4, 4, 5, 5, 4, 4, 3, 3, 3, 3, 3, 3)

TICKS = (
    ("user", "non-nice user cpu"),
    ("nice", "nice user cpu"),
    ("system", "system cpu"),
    ("idle", "idle cpu"),
    ("iowait", "IO-wait cpu"),
    ("irq", "IRQ cpu"),
    ("softirq", "softirq cpu"),
    ("steal", "stolen cpu"),
    ("guest", "non-nice guest cpu"),
    ("guest_nice", "nice guest cpu"),
)


class Reading:
    """One look at /proc/stat, /proc/vmstat and /proc/meminfo.

    ``rows`` are what was read, by table; ``ticks`` are clock ticks by the names of ``TICKS``, swap is in
    pages, paging in KiB, all since boot; ``at`` is in seconds of any steady clock. None where this kernel
    does not say.
    """

    __slots__ = (
        "at",
        "hz",
        "kib_per_page",
        "memory",
        "paged",
        "paged_bytes",
        "rows",
        "stat",
        "swapped",
        "ticks",
    )

    def __init__(
        self, stat: Stat, vmstat: Vmstat, meminfo: Meminfo, *, at: float, hz: int, page_size: int
    ) -> None:
        self.rows: dict[str, tuple[object, ...]] = {
            "stat": (stat,),
            "vmstat": (vmstat,),
            "meminfo": (meminfo,),
        }
        self.stat = stat
        self.memory = Memory(meminfo)
        self.at = at
        self.hz = hz
        self.kib_per_page = page_size // 1024
        seconds: dict[str, float | None] = {name: getattr(stat, name) for name, _ in TICKS}
        self.ticks = {name: None if s is None else round(s * hz) for name, s in seconds.items()}
        self.swapped: tuple[int | None, int | None] = (vmstat.pswpin, vmstat.pswpout)
        self.paged_bytes: tuple[int | None, int | None] = (vmstat.pgpgin, vmstat.pgpgout)
        self.paged = tuple(None if size is None else size // 1024 for size in self.paged_bytes)


class Line:
    """What happened up to ``now``: since boot, or since ``before`` in ``seconds``.

    ``cpu`` holds ticks of user (guests apart), system, idle, iowait, steal, guest; ``whole`` is their sum.
    """

    __slots__ = ("cpu", "events", "now", "paged", "seconds", "swapped", "whole")

    def __init__(self, now: Reading, before: Reading | None = None, seconds: float | None = None) -> None:
        self.now = now
        self.seconds = seconds
        ticks = now.ticks if before is None else _moved(now.ticks, before.ticks)
        known = {name: value or 0 for name, value in ticks.items()}
        guest = known["guest"] + known["guest_nice"]
        busy = known["user"] + known["nice"]
        system = known["system"] + known["irq"] + known["softirq"]
        idle, iowait, steal = known["idle"], known["iowait"], known["steal"]
        self.whole = busy + system + idle + iowait + steal
        if not self.whole:
            self.whole = idle = 1
        self.cpu = {
            "user": max(0, busy - guest),
            "system": system,
            "idle": idle,
            "iowait": None if ticks["iowait"] is None else iowait,
            "steal": None if ticks["steal"] is None else steal,
            "guest": None if ticks["guest"] is None else guest,
        }
        self.swapped = _since(now.swapped, before.swapped if before else None)
        self.paged = _since(now.paged, before.paged if before else None)
        stat, then = now.stat, before.stat if before else None
        self.events = _since((stat.intr, stat.ctxt), (then.intr, then.ctxt) if then else None)

    def per_second(self, amount: int | None) -> int | None:
        """A rate in whole numbers, half rounded up."""
        if amount is None:
            return None
        if self.seconds is None:
            return (amount * self.now.hz + self.whole // 2) // self.whole
        seconds = round(self.seconds)
        return (amount + seconds // 2) // seconds

    def percent(self, ticks: int | None) -> int | None:
        """A share of all CPU time in whole per cent, half rounded up."""
        return None if ticks is None else (100 * ticks + self.whole // 2) // self.whole


def shown(*, wide: bool = False, active: bool = False) -> Sequence[str]:
    """The columns of a line."""
    names = [*NAMES[:4], "inact", "active", *NAMES[6:]] if active else NAMES
    return names if wide else names[: len(WIDTHS)]


def header(*, wide: bool = False, active: bool = False, zone: str | None = None) -> str:
    """The two lines above the figures; ``zone`` names the time zone of a timestamp column."""
    names = shown(wide=True, active=active)
    top = (WIDE_HEADER if wide else HEADER) + (TIME_HEADER if zone is not None else "")
    return f"{top}\n{_columns(names, wide=wide)}" + ("" if zone is None else f" {zone:>19}")


def line(of: Line, *, unit: int = 1024, wide: bool = False, active: bool = False) -> str:
    """The figures of one line."""
    m, stat = of.now.memory, of.now.stat
    memory = (m.swap_used, m.free, m.inactive if active else m.buffers, m.active if active else m.cache)
    pages = (None if p is None else p * of.now.kib_per_page for p in of.swapped)
    figures = (
        stat.procs_running,
        stat.procs_blocked,
        *(_bytes_in(unit, size) for size in memory),
        *(of.per_second(_in(unit, kib)) for kib in pages),
        *(of.per_second(amount) for amount in (*of.paged, *of.events)),
        *(of.percent(ticks) for ticks in of.cpu.values()),
    )
    return _columns([MISSING if n is None else str(n) for n in figures], wide=wide)


def totals(now: Reading, letter: str = "K") -> Iterator[str]:
    """``vmstat -s``: every counter on a line."""
    m, stat, unit = now.memory, now.stat, UNITS[letter]
    for size, name in (
        (m.total, "total memory"),
        (m.used, "used memory"),
        (m.active, "active memory"),
        (m.inactive, "inactive memory"),
        (m.free, "free memory"),
        (m.buffers, "buffer memory"),
        (m.cache, "swap cache"),
        (m.swap_total, "total swap"),
        (m.swap_used, "used swap"),
        (m.swap_free, "free swap"),
    ):
        yield _counted(_bytes_in(unit, size), f"{letter} {name}")
    for name, words in TICKS:
        yield _counted(now.ticks[name], f"{words} ticks")
    yield _counted(now.paged[0], "K paged in")
    yield _counted(now.paged[1], "K paged out")
    yield _counted(now.swapped[0], "pages swapped in")
    yield _counted(now.swapped[1], "pages swapped out")
    yield _counted(stat.intr, "interrupts")
    yield _counted(stat.ctxt, "CPU context switches")
    yield _counted(stat.btime, "boot time")
    yield forks(stat)


def forks(stat: Stat) -> str:
    """``vmstat -f``: processes and threads started since boot."""
    return _counted(stat.processes, "forks")


def _columns(words: Sequence[str], *, wide: bool) -> str:
    cells = zip(words, WIDE_WIDTHS if wide else WIDTHS, strict=False)
    return " ".join(f"{word:>{width}}" for word, width in cells)


def _counted(number: int | None, words: str) -> str:
    return f"{MISSING if number is None else number:>13} {words}"


def _in(unit: int, kib: int | None) -> int | None:
    return None if kib is None else int(single(single(single(kib) / unit) * 1024))


def _bytes_in(unit: int, size: int | None) -> int | None:
    return _in(unit, None if size is None else size // 1024)


def _moved(now: dict[str, int | None], then: dict[str, int | None]) -> dict[str, int | None]:
    return {name: not_below_zero(less(value, then[name])) for name, value in now.items()}


def _since(now: Sequence[int | None], then: Sequence[int | None] | None) -> tuple[int | None, ...]:
    if then is None:
        return tuple(now)
    return tuple(not_below_zero(less(a, b)) for a, b in zip(now, then, strict=True))
