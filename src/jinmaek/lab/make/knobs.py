"""Kernel settings, changed for the time of an experiment."""

from __future__ import annotations

from jinmaek import procfile
from jinmaek.lab.bench import Bench
from jinmaek.lab.journal import Knob
from jinmaek.lab.sentence import CannotMake

SYSCTL = "/proc/sys"
HUGE = f"{SYSCTL}/vm/nr_hugepages"
INSTEAD = {
    "dirty_bytes": "dirty_ratio",
    "dirty_background_bytes": "dirty_background_ratio",
    "overcommit_kbytes": "overcommit_ratio",
}
"""Settings of which one is in force and the other reads 0: setting the one back brings it into force."""


def knob(bench: Bench, path: str, value: str) -> int:
    """Write a setting under /proc/sys or /sys; the number by which to undo it. Raises ``CannotMake``."""
    try:
        old = procfile.read(path).strip()
        folder, _, name = path.rpartition("/")
        other = f"{folder}/{INSTEAD[name]}" if name in INSTEAD and old == "0" else None
        number = bench.write(Knob(other, procfile.read(other).strip()) if other else Knob(path, old))
        with open(path, "w", encoding="ascii") as file:
            file.write(value)
    except procfile.Unreadable as missing:
        raise CannotMake("{path}: {why}", path=missing.path, why=missing.why) from None
    except OSError as error:
        raise CannotMake("{path}: {why}", path=path, why=error.strerror) from None
    return number


def sysctl(bench: Bench, name: str, value: int) -> int:
    """The same by the name sysctl(8) has for it: ``vm.swappiness``."""
    return knob(bench, f"{SYSCTL}/{name.replace('.', '/')}", str(value))


def value_of(name: str) -> int:
    """A setting that is one number. Raises ``CannotMake``."""
    try:
        return int(procfile.read(f"{SYSCTL}/{name.replace('.', '/')}"))
    except procfile.Unreadable as missing:
        raise CannotMake("{path}: {why}", path=missing.path, why=missing.why) from None


def hugepages(bench: Bench, more: int) -> int:
    """Ask for so many huge pages more in the pool; how many came. Fewer come where memory is fragmented."""
    before = value_of("vm.nr_hugepages")
    knob(bench, HUGE, str(before + more))
    return value_of("vm.nr_hugepages") - before
