"""/proc/stat: where the CPUs' time went since boot, and what the scheduler counted.

    cpu  301854 612 111922 8979004 3552 2 3944 0 44 36
    cpu0 44490 19 21045 1087069 220 1 3410 0 2 1
    intr 8885917 17 0 0 …
    procs_running 2

fs/proc/stat.c show_stat(). A cpu line had 4 words in 2.4, 7 from 2.6.0, 8 from 2.6.11 (steal), 9 from 2.6.24
(guest), 10 from 2.6.33 (guest_nice). Guest time is contained in user, guest_nice in nice.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Metric, Reader, counter, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CLK_TCK = 100
"""USER_HZ: the tick in which the kernel tells time to programs, 100 on every Linux ABI."""

TIMES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
TOTALS = {
    "ctxt": "ctxt",
    "btime": "btime",
    "processes": "processes",
    "procs_running": "procs_running",
    "procs_blocked": "procs_blocked",
    "intr": "intr",
    "softirq": "softirq_total",
}


def _mode(mode: str) -> Metric:
    return Metric("node_cpu_seconds_total", {"mode": mode})


@row
class Stat:
    """The host as a whole; times are sums over its CPUs."""

    user: float = counter("seconds", "time in programs at normal priority, guests included")
    nice: float = counter("seconds", "time in programs at lowered priority, niced guests included")
    system: float = counter("seconds", "time in the kernel on behalf of programs")
    idle: float = counter("seconds", "time with nothing to do")
    iowait: float | None = counter(
        "seconds", "time with nothing to do while a thread slept for I/O: a lower bound"
    )
    irq: float | None = counter("seconds", "time in hardware interrupts")
    softirq: float | None = counter("seconds", "time in deferred interrupt work")
    steal: float | None = counter("seconds", "time it wanted to run, but the hypervisor ran somebody else")
    guest: float | None = counter("seconds", "time running virtual CPUs; contained in user")
    guest_nice: float | None = counter("seconds", "time running niced virtual CPUs; contained in nice")
    ctxt: int = counter("count", "context switches", "node_context_switches_total")
    btime: int = gauge("seconds", "when the host booted, since the epoch", "node_boot_time_seconds")
    processes: int = counter("count", "processes and threads ever started", "node_forks_total")
    procs_running: int = gauge("count", "threads running or waiting for a CPU", "node_procs_running")
    procs_blocked: int = gauge("count", "threads asleep for I/O (not all of state D)", "node_procs_blocked")
    intr: int = counter("count", "interrupts", "node_intr_total")
    softirq_total: int | None = counter("count", "softirqs handled (2.6.31)")


@row
class StatCpu:
    """One CPU that is online."""

    cpu: int
    user: float = counter("seconds", "time in programs at normal priority, guests included", _mode("user"))
    nice: float = counter(
        "seconds", "time in programs at lowered priority, niced guests included", _mode("nice")
    )
    system: float = counter("seconds", "time in the kernel on behalf of programs", _mode("system"))
    idle: float = counter("seconds", "time with nothing to do", _mode("idle"))
    iowait: float | None = counter(
        "seconds", "time with nothing to do while a thread slept for I/O", _mode("iowait")
    )
    irq: float | None = counter("seconds", "time in hardware interrupts", _mode("irq"))
    softirq: float | None = counter("seconds", "time in deferred interrupt work", _mode("softirq"))
    steal: float | None = counter("seconds", "time the hypervisor ran somebody else", _mode("steal"))
    guest: float | None = counter(
        "seconds",
        "time running virtual CPUs; contained in user",
        Metric("node_cpu_guest_seconds_total", {"mode": "user"}),
    )
    guest_nice: float | None = counter(
        "seconds",
        "time running niced virtual CPUs; contained in nice",
        Metric("node_cpu_guest_seconds_total", {"mode": "nice"}),
    )


def _seconds(line: str, number: int) -> dict[str, float]:
    ticks = line.split()[1:11]
    if len(ticks) < 4:
        raise Malformed(number, "fewer than 4 times")
    return {name: unsigned(word, number) / CLK_TCK for name, word in zip(TIMES, ticks, strict=False)}


def parse(text: str) -> Iterator[Stat]:
    """The row of the whole host."""
    times: dict[str, float] = {}
    totals: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        # Only the first number: the rest of the intr line is one word per interrupt ever numbered.
        words = line.split(None, 2)
        if len(words) < 2:
            continue
        if words[0] == "cpu":
            times = _seconds(line, number)
        elif words[0] in TOTALS:
            totals[TOTALS[words[0]]] = unsigned(words[1], number)
    if not times:
        raise Malformed(0, "no cpu line")
    missing = [name for name in TOTALS.values() if name not in totals and name != "softirq_total"]
    if missing:
        raise Malformed(0, f"no {missing[0]} line")
    values: dict[str, float | int] = {**times, **totals}
    yield Stat(**values)  # type: ignore[arg-type]


def parse_cpu(text: str) -> Iterator[StatCpu]:
    """A row for every CPU that is online."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("cpu") and line[3:4].isdigit():
            yield StatCpu(cpu=unsigned(line.split(None, 1)[0][3:], number), **_seconds(line, number))


READERS = (
    Reader(table="stat", path="proc/stat", row=Stat, parse=parse),
    Reader(table="stat_cpu", path="proc/stat", row=StatCpu, parse=parse_cpu),
)
