"""Hosts that never were: series of node_exporter's names and shapes, with conditions planted in some of them.

A host is a model (what its CPUs, memory, disks do at each moment) and the series a stock node_exporter would
make of it. Everything follows from the seed. What a condition must be found as stands beside it; those that
only look bad must be found as nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

GIB, MIB = 1 << 30, 1 << 20
CPUS = 4
DISKS = ("sda", "sdb")
MODES = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
TOTAL = 16 * GIB
SWAP = 4 * GIB
VARIANTS = 8
"""Quiet hosts differ in that many ways; they are told apart by name only beyond that."""


@dataclass(slots=True)
class Moment:
    """What a host does at one moment: shares of the time, counts, bytes, and events per second."""

    cpu: dict[str, float]
    running: float = 1
    blocked: float = 0
    load: float = 0.6
    cpu_pressure: float = 0.01
    memory_pressure: float = 0.0
    memory_stalled: float = 0.0
    io_pressure: float = 0.005
    io_stalled: float = 0.002
    available: float = 9 * GIB
    free: float = 3 * GIB
    cached: float = 6 * GIB
    swap_used: float = 0.0
    swap_in: float = 0.0
    swap_out: float = 0.0
    major_faults: float = 2.0
    kills: float = 0.0
    disk_busy: float = 0.03
    disk_ios: float = 20.0
    disk_time: float = 0.05
    in_flight: float = 0
    heard: bool = True
    clock: float = 1.0
    """Seconds its CPUs count for each of the clock's."""


Model = Callable[[Moment, float], None]
"""Changes a moment, given the seconds since the condition began."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """``lasts`` seconds up to the end, and what it is found as: rules by name, with the severity."""

    model: Model
    lasts: float
    found: Mapping[str, str] = field(default_factory=dict)
    benign: tuple[str, ...] = ()
    blind: bool = False


def _saturated(now: Moment, _: float) -> None:
    now.cpu = {**now.cpu, "user": 0.86, "system": 0.12, "idle": 0.01, "iowait": 0.0}
    now.running, now.load, now.cpu_pressure = 5 * CPUS, 5 * CPUS, 0.55


def _stolen(now: Moment, _: float) -> None:
    now.cpu = {**now.cpu, "user": 0.45, "system": 0.08, "steal": 0.22, "idle": 0.24}
    now.running, now.cpu_pressure = 5, 0.18


def _slow_disk(now: Moment, _: float) -> None:
    now.cpu = {**now.cpu, "user": 0.06, "system": 0.03, "iowait": 0.55, "idle": 0.356}
    now.blocked, now.load, now.io_pressure, now.io_stalled = 7, 8, 0.8, 0.3
    now.disk_busy, now.disk_ios, now.disk_time, now.in_flight = 0.99, 60, 14.0, 12


def _thrashing(now: Moment, _: float) -> None:
    now.memory_pressure, now.memory_stalled = 0.45, 0.3
    now.swap_in, now.swap_out, now.major_faults = 4200, 3900, 2100
    now.swap_used, now.available, now.free, now.cached = 2.1 * GIB, 2.6 * GIB, 0.3 * GIB, 1.5 * GIB


def _killing(now: Moment, since: float) -> None:
    now.kills = 1 if since < 600 else 0


def _stale_swap(now: Moment, _: float) -> None:
    now.swap_used = 3.9 * GIB


def _heavy_cache(now: Moment, _: float) -> None:
    now.free, now.cached, now.available = 0.15 * GIB, 11 * GIB, 10.5 * GIB


def _phantom(now: Moment, _: float) -> None:
    now.cpu = {**now.cpu, "user": 0.06, "system": 0.03, "iowait": 0.6, "idle": 0.306}
    now.disk_busy, now.disk_ios, now.disk_time, now.io_pressure = 0.001, 0.2, 0.0002, 0.0


def _brief(now: Moment, since: float) -> None:
    if 0 <= since < 120:
        _saturated(now, since)


def _nice(now: Moment, _: float) -> None:
    now.cpu = {**now.cpu, "nice": 0.94, "user": 0.03, "system": 0.02, "idle": 0.01, "iowait": 0.0}
    now.running, now.load, now.cpu_pressure = CPUS + 1, CPUS, 0.02


def _silent(now: Moment, _: float) -> None:
    now.heard = False


def _wrong_clock(now: Moment, _: float) -> None:
    now.clock = 1.4


SCENARIOS: Mapping[str, Scenario] = {
    "saturated": Scenario(_saturated, 1800, {"cpu.saturated": "critical"}),
    "stolen": Scenario(_stolen, 1800, {"cpu.stolen": "warning"}),
    "slow-disk": Scenario(_slow_disk, 1800, {"load.blocked-on-disk": "warning", "disk.saturated": "warning"}),
    "thrashing": Scenario(_thrashing, 1800, {"memory.thrashing": "warning", "swap.active": "warning"}),
    "killing": Scenario(_killing, 900, {"memory.oom-kill": "critical"}),
    "wrong-clock": Scenario(_wrong_clock, 3600, {"trust.metrics-inconsistent": "warning"}),
    "stale-swap": Scenario(_stale_swap, 7200, benign=("swap.stale",)),
    "heavy-cache": Scenario(_heavy_cache, 7200, benign=("memory.cache-heavy",)),
    "phantom": Scenario(_phantom, 1800, benign=("cpu.iowait-phantom",)),
    "brief": Scenario(_brief, 120),
    "nice": Scenario(_nice, 1800),
    "silent": Scenario(_silent, 1800, blind=True),
}


@dataclass(frozen=True, slots=True)
class Host:
    """One host: its name as a scrape target, and what is wrong with it."""

    name: str
    scenario: str | None
    variant: int


def fleet(count: int, each: int, seed: int = 1) -> tuple[Host, ...]:
    """``count`` hosts, ``each`` of them with each of the conditions, in no order."""
    draw = random.Random(seed)
    planted: list[str | None] = [name for name in SCENARIOS for _ in range(each)]
    planted += [None] * (count - len(planted))
    draw.shuffle(planted)
    return tuple(
        Host(f"host-{number:05d}:9100", scenario, draw.randrange(VARIANTS))
        for number, scenario in enumerate(planted)
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One series without the name of its host: ``None`` is a moment at which it was not scraped."""

    name: str
    labels: tuple[tuple[str, str], ...]
    values: tuple[float | None, ...]


@cache
def lines(scenario: str | None, variant: int, moments: int, step: float, end: float) -> tuple[Line, ...]:
    """The series of such a host at ``moments`` times, the last at ``end`` (seconds since the epoch)."""
    draw = random.Random(f"{scenario}/{variant}")
    course = _course(draw, scenario, moments, step)
    heard = [moment.heard for moment in course]
    return tuple(
        Line(
            name,
            labels,
            tuple(value if there else None for value, there in zip(values, heard, strict=True)),
        )
        for name, labels, values in _series(draw, course, step, end)
    )


def _course(draw: random.Random, scenario: str | None, moments: int, step: float) -> list[Moment]:
    busy = draw.uniform(0.05, 0.35)
    course = []
    for place in range(moments):
        user = busy * draw.uniform(0.8, 1.2)
        shares = {"user": user, "system": user / 4, "nice": 0.0, "iowait": 0.004, "irq": 0.0}
        shares |= {"softirq": 0.003, "steal": 0.001}
        now = Moment({**shares, "idle": 1 - sum(shares.values())})
        now.running = 1 + draw.randrange(3)
        now.available *= draw.uniform(0.97, 1.03)
        if scenario is not None:
            since = SCENARIOS[scenario].lasts - (moments - 1 - place) * step
            if since > 0:
                SCENARIOS[scenario].model(now, since)
        course.append(now)
    return course


Shape = tuple[str, tuple[tuple[str, str], ...], list[float]]


def _series(  # noqa: C901 - one series after the other
    draw: random.Random, course: list[Moment], step: float, end: float
) -> Iterator[Shape]:
    def counter(rate: Callable[[Moment], float], start: float = 0.0) -> list[float]:
        total, values = start, []
        for moment in course:
            total += rate(moment) * step
            values.append(round(total, 2))
        return values

    def gauge(value: Callable[[Moment], float]) -> list[float]:
        return [round(value(moment), 2) for moment in course]

    def steady(value: float) -> list[float]:
        return [value] * len(course)

    for cpu in range(CPUS):
        for mode in MODES:
            start = draw.randrange(100_000)
            yield (
                "node_cpu_seconds_total",
                (("cpu", str(cpu)), ("mode", mode)),
                counter(lambda m, mode=mode: m.cpu[mode] * m.clock, start),  # type: ignore[misc]
            )
        for mode in ("user", "nice"):
            yield "node_cpu_guest_seconds_total", (("cpu", str(cpu)), ("mode", mode)), steady(0)
    yield "node_procs_running", (), gauge(lambda m: m.running)
    yield "node_procs_blocked", (), gauge(lambda m: m.blocked)
    yield "node_load1", (), gauge(lambda m: m.load)
    yield "node_load5", (), gauge(lambda m: m.load * 0.9)
    yield "node_load15", (), gauge(lambda m: m.load * 0.8)
    yield "node_boot_time_seconds", (), steady(float(int(end) - 40 * 86400))
    yield "node_context_switches_total", (), counter(lambda m: 4000 * m.running, 1e9)
    yield "node_intr_total", (), counter(lambda m: 2500, 1e9)
    yield "node_forks_total", (), counter(lambda m: 3, 1e6)
    for name, rate in (
        ("cpu_waiting", lambda m: m.cpu_pressure),
        ("memory_waiting", lambda m: m.memory_pressure),
        ("memory_stalled", lambda m: m.memory_stalled),
        ("io_waiting", lambda m: m.io_pressure),
        ("io_stalled", lambda m: m.io_stalled),
    ):
        yield f"node_pressure_{name}_seconds_total", (), counter(rate, draw.randrange(5000))
    yield from _memory(gauge)
    for name, rate in (
        ("oom_kill", lambda m: m.kills / step),
        ("pgfault", lambda m: 900.0),
        ("pgmajfault", lambda m: m.major_faults),
        ("pgpgin", lambda m: 300.0),
        ("pgpgout", lambda m: 500.0),
        ("pswpin", lambda m: m.swap_in),
        ("pswpout", lambda m: m.swap_out),
    ):
        yield f"node_vmstat_{name}", (), counter(rate)
    for place, disk in enumerate(DISKS):
        yield from _disk(counter, gauge, disk, 1.0 if not place else 0.2)
    yield from _besides(counter, steady)


def _memory(gauge: Callable[[Callable[[Moment], float]], list[float]]) -> Iterator[Shape]:
    slab, buffers, shmem, swap_cached = 0.4 * GIB, 0.3 * GIB, 0.1 * GIB, 0.0
    figures: dict[str, Callable[[Moment], float]] = {
        "MemTotal": lambda m: TOTAL,
        "MemFree": lambda m: m.free,
        "MemAvailable": lambda m: m.available,
        "Buffers": lambda m: buffers,
        "Cached": lambda m: m.cached,
        "SwapCached": lambda m: swap_cached,
        "AnonPages": lambda m: TOTAL - m.free - m.cached - buffers - slab - 0.5 * GIB,
        "Active": lambda m: (TOTAL - m.free - slab - 0.5 * GIB) * 0.6,
        "Inactive": lambda m: (TOTAL - m.free - slab - 0.5 * GIB) * 0.4,
        "Active_anon": lambda m: 2 * GIB,
        "Inactive_anon": lambda m: GIB,
        "Active_file": lambda m: m.cached * 0.6,
        "Inactive_file": lambda m: m.cached * 0.4 - shmem,
        "Unevictable": lambda m: 0,
        "Mlocked": lambda m: 0,
        "SwapTotal": lambda m: SWAP,
        "SwapFree": lambda m: SWAP - m.swap_used,
        "Dirty": lambda m: 4 * MIB,
        "Writeback": lambda m: 0,
        "Mapped": lambda m: 400 * MIB,
        "Shmem": lambda m: shmem,
        "KReclaimable": lambda m: slab * 0.7,
        "Slab": lambda m: slab,
        "SReclaimable": lambda m: slab * 0.7,
        "SUnreclaim": lambda m: slab * 0.3,
        "KernelStack": lambda m: 8 * MIB,
        "PageTables": lambda m: 30 * MIB,
        "CommitLimit": lambda m: TOTAL / 2 + SWAP,
        "Committed_AS": lambda m: 6 * GIB,
        "VmallocTotal": lambda m: float(1 << 45),
        "VmallocUsed": lambda m: 30 * MIB,
        "VmallocChunk": lambda m: 0,
        "Percpu": lambda m: 5 * MIB,
        "AnonHugePages": lambda m: 0,
        "Hugepagesize": lambda m: 2 * MIB,
        "Hugetlb": lambda m: 0,
        "DirectMap4k": lambda m: 200 * MIB,
        "DirectMap2M": lambda m: TOTAL,
    }
    for name, value in figures.items():
        yield f"node_memory_{name}_bytes", (), [float(round(number)) for number in gauge(value)]
    for name in ("HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp"):
        yield f"node_memory_{name}", (), gauge(lambda m: 0)


def _disk(
    counter: Callable[[Callable[[Moment], float]], list[float]],
    gauge: Callable[[Callable[[Moment], float]], list[float]],
    disk: str,
    share: float,
) -> Iterator[Shape]:
    of = (("device", disk),)
    rates: dict[str, Callable[[Moment], float]] = {
        "reads_completed_total": lambda m: m.disk_ios * share * 0.4,
        "writes_completed_total": lambda m: m.disk_ios * share * 0.6,
        "reads_merged_total": lambda m: 0.1,
        "writes_merged_total": lambda m: 1.0,
        "read_bytes_total": lambda m: m.disk_ios * share * 16384,
        "written_bytes_total": lambda m: m.disk_ios * share * 16384,
        "read_time_seconds_total": lambda m: m.disk_time * share * 0.4,
        "write_time_seconds_total": lambda m: m.disk_time * share * 0.6,
        "io_time_seconds_total": lambda m: m.disk_busy * share,
        "io_time_weighted_seconds_total": lambda m: m.disk_time * share,
        "discards_completed_total": lambda m: 0,
        "discards_merged_total": lambda m: 0,
        "discarded_sectors_total": lambda m: 0,
        "discard_time_seconds_total": lambda m: 0,
        "flush_requests_total": lambda m: 0.5,
        "flush_requests_time_seconds_total": lambda m: 0.001,
    }
    for name, rate in rates.items():
        yield f"node_disk_{name}", of, counter(rate)
    yield "node_disk_io_now", of, gauge(lambda m: m.in_flight if share == 1 else 0)


NETWORK = tuple(
    f"{way}_{what}_total"
    for way, kinds in (
        ("receive", "bytes packets errs drop fifo frame compressed multicast"),
        ("transmit", "bytes packets errs drop fifo colls carrier compressed"),
    )
    for what in kinds.split()
)
SOCKETS = "TCP_alloc TCP_inuse TCP_mem TCP_orphan TCP_tw UDP_inuse UDP_mem RAW_inuse FRAG_inuse sockets_used"
NETSTAT = (
    "Icmp_InErrors Icmp_InMsgs Icmp_OutMsgs IpExt_InOctets IpExt_OutOctets Ip_Forwarding TcpExt_ListenDrops "
    "TcpExt_ListenOverflows TcpExt_SyncookiesFailed TcpExt_SyncookiesRecv TcpExt_SyncookiesSent "
    "TcpExt_TCPSynRetrans TcpExt_TCPTimeouts Tcp_ActiveOpens Tcp_CurrEstab Tcp_InErrs Tcp_InSegs Tcp_OutRsts "
    "Tcp_OutSegs Tcp_PassiveOpens Tcp_RetransSegs Udp_InDatagrams Udp_InErrors Udp_NoPorts Udp_OutDatagrams "
    "Udp_RcvbufErrors Udp_SndbufErrors"
)
COLLECTORS = (
    "arp bcache bonding btrfs conntrack cpu cpufreq diskstats dmi edac entropy fibrechannel filefd "
    "filesystem hwmon infiniband ipvs loadavg mdadm meminfo netclass netdev netstat nfs nfsd nvme os "
    "pressure rapl schedstat selinux sockstat softnet stat tapestats textfile thermal_zone "
    "time timex udp_queues uname vmstat xfs zfs"
)


def _besides(  # noqa: C901 - one series after the other
    counter: Callable[[Callable[[Moment], float]], list[float]], steady: Callable[[float], list[float]]
) -> Iterator[Shape]:
    """What no rule reads: an engine has it all the same."""
    for device in ("eth0", "lo"):
        for name in NETWORK:
            rate = 2e5 if "bytes" in name else 150.0 if "packets" in name else 0.0
            yield f"node_network_{name}", (("device", device),), counter(lambda m, r=rate: r)  # type: ignore[misc]
    for name in SOCKETS.split():
        yield f"node_sockstat_{name}", (), steady(12)
    for name in NETSTAT.split():
        busy = name.endswith(("Segs", "Octets", "Datagrams"))
        yield f"node_netstat_{name}", (), counter(lambda m: 90.0) if busy else steady(0)
    for cpu in range(CPUS):
        for name in ("processed", "dropped", "times_squeezed"):
            rate = 150.0 if name == "processed" else 0.0
            yield f"node_softnet_{name}_total", (("cpu", str(cpu)),), counter(lambda m, r=rate: r)  # type: ignore[misc]
    for mount in ("/", "/boot", "/var"):
        of = (("device", "/dev/sda1"), ("fstype", "ext4"), ("mountpoint", mount))
        for name in ("avail_bytes", "files", "files_free", "free_bytes", "readonly", "size_bytes"):
            yield f"node_filesystem_{name}", of, steady(0 if name == "readonly" else 5e10)
    yield "node_filefd_allocated", (), steady(3000)
    yield "node_filefd_maximum", (), steady(1_600_000)
    yield "node_uname_info", (("machine", "x86_64"), ("release", "6.1.0-18-amd64")), steady(1)
    for collector in COLLECTORS.split():
        for name in ("duration_seconds", "success"):
            yield f"node_scrape_collector_{name}", (("collector", collector),), steady(1)
