"""Recordings out of what sysstat kept: the JSON of ``sadf -j -- -A``, which any host with sar can print.

sysstat prints rates. They are added up again, so that a rate over the same interval is the same rate; what
sysstat rounds away is lost. What it does not tell is None: no processes, no cgroups, no kernel caches.
"""

from __future__ import annotations

import calendar
import hashlib
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from jinmaek.catalog import tables
from jinmaek.columns import columns_of, labels_of
from jinmaek.history.recording.shapes import Rows, Shape
from jinmaek.sampling import Snapshot

KIB = 1024
MEMINFO = {
    "memfree": "MemFree", "avail": "MemAvailable", "buffers": "Buffers", "cached": "Cached",
    "commit": "Committed_AS", "active": "Active", "inactive": "Inactive", "dirty": "Dirty",
    "anonpg": "AnonPages", "slab": "Slab", "kstack": "KernelStack", "pgtbl": "PageTables",
    "vmused": "VmallocUsed", "swpfree": "SwapFree", "swpcad": "SwapCached",
}  # fmt: skip
"""Their names in KiB, and the columns in bytes."""
CPU = {
    "nice": ("nice", "gnice"), "system": ("sys",), "idle": ("idle",), "iowait": ("iowait",),
    "steal": ("steal",), "irq": ("irq",), "softirq": ("soft",), "guest": ("guest",), "guest_nice": ("gnice",),
    "user": ("usr", "user", "guest"),
}  # fmt: skip
"""Columns, and the shares of the time they are the sum of: programs' time has that of guests in it."""
VMSTAT = {
    "pgpgin": ("paging", "pgpgin", KIB), "pgpgout": ("paging", "pgpgout", KIB),
    "pgfault": ("paging", "fault", 1), "pgmajfault": ("paging", "majflt", 1),
    "pgfree": ("paging", "pgfree", 1),
    "pgscan_kswapd": ("paging", "pgscank", 1), "pgscan_direct": ("paging", "pgscand", 1),
    "pswpin": ("swap-pages", "pswpin", 1), "pswpout": ("swap-pages", "pswpout", 1),
}  # fmt: skip
NET = {
    "receive_packets": ("rxpck", 1), "transmit_packets": ("txpck", 1), "receive_bytes": ("rxkB", KIB),
    "transmit_bytes": ("txkB", KIB), "receive_compressed": ("rxcmp", 1), "transmit_compressed": ("txcmp", 1),
    "receive_multicast": ("rxmcst", 1), "receive_errs": ("rxerr", 1), "transmit_errs": ("txerr", 1),
    "receive_drop": ("rxdrop", 1), "transmit_drop": ("txdrop", 1), "receive_fifo": ("rxfifo", 1),
    "transmit_fifo": ("txfifo", 1), "receive_frame": ("rxfram", 1), "transmit_colls": ("coll", 1),
    "transmit_carrier": ("txcarr", 1),
}  # fmt: skip
DISK = {
    "read_sectors": ("rkB", KIB), "write_sectors": ("wkB", KIB), "io_ticks": ("util-percent", 0.01),
    "time_in_queue": ("aqu-sz", 1),
}  # fmt: skip
SECONDS = ("io_ticks", "time_in_queue")


class NotSysstat(ValueError):
    """The document is not what ``sadf -j`` prints."""


class Sums:
    """Counters made of rates."""

    def __init__(self) -> None:
        self._sums: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def whole(self, key: tuple[str, ...], rate: float, seconds: float) -> int:
        """A counter of things, or bytes."""
        self._sums[key] += rate * seconds
        return round(self._sums[key])

    def exact(self, key: tuple[str, ...], rate: float, seconds: float) -> float:
        """A counter of seconds, to the microsecond."""
        self._sums[key] += rate * seconds
        return round(self._sums[key], 6)


def hosts(document: object) -> Sequence[Mapping[str, Any]]:
    """The hosts in a document. Raises ``NotSysstat``."""
    try:
        found = document["sysstat"]["hosts"]  # type: ignore[index]
        if isinstance(found, list) and all(isinstance(host["statistics"], list) for host in found):
            return found
    except (KeyError, TypeError):
        pass
    raise NotSysstat("it is not what sadf -j prints")


def meta(host: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the host at the start of each block."""
    found = [interval(one) for one in host["statistics"][1:]]
    return {
        "host": str(host.get("nodename", "?")),
        "kernel": str(host.get("release", "?")),
        "machine": str(host.get("machine", "?")),
        "interval": sorted(found)[len(found) // 2] if found else 600.0,
        "imported": "sysstat",
    }


def interval(told: Mapping[str, Any]) -> float:
    """Seconds that a record is about."""
    return float(told["timestamp"]["interval"])


def snapshots(host: Mapping[str, Any]) -> Iterator[Snapshot]:
    """The records of a host as samples, oldest first. Raises ``NotSysstat``."""
    starts = sorted(_moment(one["boot"]) for one in host.get("restarts", ()) if "boot" in one)
    sums, boot, began = Sums(), -1, 0.0
    for told in host["statistics"]:
        try:
            wall = _moment(told["timestamp"])
            number = sum(start <= wall for start in starts)
            if number != boot:
                sums, boot, began = Sums(), number, wall - interval(told)
            yield Snapshot(
                boot_id=_boot_id(host, began),
                wall=wall,
                # Since the first record of this boot: sysstat does not say when it was.
                monotonic=wall - began,
                tables=_tables(told, interval(told), sums),
                tasks=None,
                gaps={},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise NotSysstat(f"a record is not as sadf -j prints it: {wrong!r}") from None


def _boot_id(host: Mapping[str, Any], began: float) -> str:
    name = f"{host.get('nodename')} {host.get('release')} {began}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _moment(told: Mapping[str, Any]) -> float:
    text = f"{told['date']} {told['time']}"
    clock = time.strptime(text, "%Y-%m-%d %H:%M:%S")
    return float(calendar.timegm(clock)) if told.get("utc", 1) else time.mktime(clock)


def _tables(told: Mapping[str, Any], seconds: float, sums: Sums) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    memory = told.get("memory")
    if memory:
        found["meminfo"] = (_row("meminfo", _meminfo(memory)),)
    found.update(_cpus(told, seconds, sums))
    queue = told.get("queue")
    if queue:
        loads = {f"load{n}": float(queue[f"ldavg-{n}"]) for n in (1, 5, 15)}
        counts = {"nr_running": int(queue["runq-sz"]), "nr_threads": int(queue["plist-sz"])}
        found["loadavg"] = (_row("loadavg", {**loads, **counts}),)
    moved = {
        column: sums.whole(("vmstat", column), told[part][name] * factor, seconds)
        for column, (part, name, factor) in VMSTAT.items()
        if name in told.get(part, {})
    }
    if moved:
        found["vmstat"] = (_row("vmstat", moved),)
    found.update(_pressure(told.get("psi", {}), seconds, sums))
    if told.get("disk"):
        found["diskstats"] = tuple(_disk(one, seconds, sums) for one in told["disk"])
    network = told.get("network", {})
    if network.get("net-dev"):
        errors = {one["iface"]: one for one in network.get("net-edev", ())}
        found["net_dev"] = tuple(
            _net({**one, **errors.get(one["iface"], {})}, seconds, sums) for one in network["net-dev"]
        )
    return found


def _meminfo(memory: Mapping[str, Any]) -> dict[str, int]:
    values = {column: int(memory[name]) * KIB for name, column in MEMINFO.items() if name in memory}
    parts = ("memfree", "memused", "buffers", "cached", "slab")
    # sa_common: what is used is all but these.
    if all(name in memory for name in parts):
        values["MemTotal"] = sum(int(memory[name]) for name in parts) * KIB
    if "swpused" in memory and "swpfree" in memory:
        values["SwapTotal"] = (int(memory["swpused"]) + int(memory["swpfree"])) * KIB
    return values


def _cpus(told: Mapping[str, Any], seconds: float, sums: Sums) -> Iterator[tuple[str, tuple[object, ...]]]:
    each: list[object] = []
    whole: dict[str, float] = {}
    cpus = [one for one in told.get("cpu-load", ()) if one["cpu"] != "all"]
    for one in cpus:
        times = {
            column: sums.exact(("cpu", one["cpu"], column), _share(one, names), seconds)
            for column, names in CPU.items()
            if any(name in one for name in names)
        }
        each.append(_row("stat_cpu", {"cpu": int(one["cpu"]), **times}))
        for column, value in times.items():
            whole[column] = round(whole.get(column, 0.0) + value, 6)
    if each:
        yield "stat_cpu", tuple(each)
    if whole or "process-and-context-switch" in told:
        yield "stat", (_row("stat", {**whole, **_counts(told, seconds, sums)}),)


def _share(one: Mapping[str, Any], names: Sequence[str]) -> float:
    return sum(float(one[name]) for name in names if name in one) / 100


def _counts(told: Mapping[str, Any], seconds: float, sums: Sums) -> dict[str, int]:
    found: dict[str, int] = {}
    switches = told.get("process-and-context-switch")
    if switches:
        found["processes"] = sums.whole(("stat", "processes"), switches["proc"], seconds)
        found["ctxt"] = sums.whole(("stat", "ctxt"), switches["cswch"], seconds)
    for one in told.get("interrupts", ()):
        if one["intr"] == "sum" and "all" in one:
            found["intr"] = sums.whole(("stat", "intr"), one["all"], seconds)
    queue = told.get("queue")
    if queue:
        found["procs_running"] = int(queue["runq-sz"])
        found["procs_blocked"] = int(queue["blocked"])
    return found


def _pressure(psi: Mapping[str, Any], seconds: float, sums: Sums) -> Iterator[tuple[str, tuple[object, ...]]]:
    for table, name in (
        ("pressure_cpu", "psi-cpu"),
        ("pressure_memory", "psi-mem"),
        ("pressure_io", "psi-io"),
    ):
        one = psi.get(name)
        if not one:
            continue
        values: dict[str, float] = {}
        for kind in ("some", "full"):
            for window in (10, 60, 300):
                if f"{kind}_avg{window}" in one:
                    values[f"{kind}_avg{window}"] = one[f"{kind}_avg{window}"] / 100
            if f"{kind}_avg" in one:
                key = (table, kind)
                values[f"{kind}_total"] = sums.exact(key, one[f"{kind}_avg"] / 100, seconds)
        yield table, (_row(table, values),)


def _disk(one: Mapping[str, Any], seconds: float, sums: Sums) -> object:
    device = str(one["disk-device"])
    values: dict[str, object] = {"device": device}
    for column, (name, factor) in DISK.items():
        if name in one:
            add = sums.exact if column in SECONDS else sums.whole
            values[column] = add(("disk", device, column), one[name] * factor, seconds)
    return _row("diskstats", values)


def _net(one: Mapping[str, Any], seconds: float, sums: Sums) -> object:
    device = str(one["iface"])
    values: dict[str, object] = {"device": device}
    for column, (name, factor) in NET.items():
        if name in one:
            values[column] = sums.whole(("net", device, column), one[name] * factor, seconds)
    return _row("net_dev", values)


def _row(table: str, values: Mapping[str, object]) -> object:
    """A row of a table with what is known of it."""
    rows = _rows(table, tuple(sorted(values)))
    labels = labels_of(tables()[table].row)
    names = [name for name in columns_of(tables()[table].row) if name in values]
    return rows.make([*(values[name] for name in labels), *(values[name] for name in names)])


@cache
def _rows(table: str, known: tuple[str, ...]) -> Rows:
    row = tables()[table].row
    columns = [column for name, column in columns_of(row).items() if name in known]
    return Rows(
        Shape(
            table,
            labels_of(row),
            tuple(column.name for column in columns),
            tuple(column.kind for column in columns),
            tuple(column.unit for column in columns),
        )
    )
