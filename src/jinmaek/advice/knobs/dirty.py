"""vm.dirty_ratio, dirty_bytes and their background pair: how much written data may wait for the disk.

mm/page-writeback.c domain_dirty_limits(), balance_dirty_pages(), dirty_ratio_handler().
"""

from __future__ import annotations

from dataclasses import replace

from jinmaek.advice.knob import Answer, Effect, Figure, Knob, Quantity, Value, fits, irrelevant, known, misfit
from jinmaek.advice.limits import DirtyLimits, DirtySettings, dirty_limits, dirtyable
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Fact, Seen

DIRTY = ("vmstat.nr_dirty", "vmstat.nr_writeback")
WRITTEN = "vmstat.nr_written"
LIMITS = ("vmstat.nr_dirty_threshold", "vmstat.nr_dirty_background_threshold")
DRAIN = 30.0
"""Seconds to write what is dirty, above which the limit is too large for the device."""
GOOD_DRAIN = 5
LEAST_BYTES = 16 << 20
"""Less makes every writer wait for every write."""
MIB = 1 << 20
FIELDS = {
    "dirty_ratio": "ratio",
    "dirty_bytes": "size",
    "dirty_background_ratio": "background_ratio",
    "dirty_background_bytes": "background_size",
}
PARTNERS = {
    "dirty_ratio": "dirty_bytes",
    "dirty_bytes": "dirty_ratio",
    "dirty_background_ratio": "dirty_background_bytes",
    "dirty_background_bytes": "dirty_background_ratio",
}


def _settings(seen: Seen) -> DirtySettings:
    return DirtySettings(
        round(seen.now("sys_vm.dirty_ratio") * 100),
        int(seen.now("sys_vm.dirty_bytes")),
        round(seen.now("sys_vm.dirty_background_ratio") * 100),
        int(seen.now("sys_vm.dirty_background_bytes")),
    )


def _with(seen: Seen, name: str, value: Value) -> DirtySettings:
    """The settings after a knob is written: the kernel sets its partner to 0, unless nothing changes."""
    now = _settings(seen)
    if getattr(now, FIELDS[name]) == int(value):
        return now
    return replace(now, **{FIELDS[name]: int(value), FIELDS[PARTNERS[name]]: 0})


def _limits(seen: Seen, settings: DirtySettings | None = None) -> DirtyLimits:
    return dirty_limits(dirtyable(seen), settings or _settings(seen), seen.page)


def _writing(seen: Seen) -> float:
    """Bytes written back each second of the look; raises ``Missing``."""
    return seen.watched(WRITTEN).rate(WRITTEN) * seen.page


def _evidence(seen: Seen) -> tuple[Fact, ...]:
    counted = seen.look.facts("vmstat.nr_dirtied", WRITTEN) if seen.look else ()
    return (*seen.facts(*DIRTY, *LIMITS), *counted)


def _judge(name: str, seen: Seen) -> Answer:
    if not getattr(_settings(seen), FIELDS[name]) and getattr(_settings(seen), FIELDS[PARTNERS[name]]):
        return irrelevant(
            say("It is 0: the other of the pair counts."),
            seen.facts(f"sys_vm.{PARTNERS[name]}"),
        )
    limits, most = _limits(seen), seen.highest(*DIRTY) * seen.page
    background = "background" in name
    point = limits.background if background else limits.slowed
    if most < point:
        return irrelevant(_below(seen, most, point, background=background), _evidence(seen))
    return _at_work(seen, name, limits, most)


def _below(seen: Seen, most: float, point: float, *, background: bool) -> Said:
    blanks = {"dirty": Amount(most, "bytes"), "point": Amount(point, "bytes")}
    if seen.look is None:
        return say("{dirty} is dirty at this moment, and the limit begins to count at {point}.", **blanks)
    if background:
        return say("At most {dirty} was dirty, and flushing for the amount begins at {point}.", **blanks)
    return say("At most {dirty} was dirty, and writers are slowed from {point} on: nobody was.", **blanks)


def _at_work(seen: Seen, name: str, limits: DirtyLimits, most: float) -> Answer:
    rate = _writing(seen)
    if not rate:
        return fits(
            say(
                "{dirty} is dirty and nothing is written: the disk stands still, and no limit helps.",
                dirty=Amount(most, "bytes"),
            ),
            _evidence(seen),
        )
    if "background" in name:
        return fits(
            say(
                "Up to {dirty} was dirty, above the {point} at which flushing begins; {rate} are written.",
                dirty=Amount(most, "bytes"),
                point=Amount(limits.background, "bytes"),
                rate=Amount(rate, "bytes/s"),
            ),
            _evidence(seen),
        )
    if most / rate > DRAIN:
        better = max(LEAST_BYTES, round(rate * GOOD_DRAIN / MIB) * MIB)
        return misfit(
            say(
                "Too large for this disk: writers are slowed, {dirty} is dirty, and {rate} are written, so "
                "that a sync takes {drain}.",
                dirty=Amount(most, "bytes"),
                rate=Amount(rate, "bytes/s"),
                drain=Amount(most / rate, "seconds"),
            ),
            _evidence(seen),
            ("dirty_bytes", better),
        )
    return fits(
        say(
            "Writers are slowed to the speed of the disk ({rate}); what is dirty is written within {drain}. "
            "A higher limit would only put that off.",
            rate=Amount(rate, "bytes/s"),
            drain=Amount(most / rate, "seconds"),
        ),
        _evidence(seen),
    )


def _what_if(name: str, seen: Seen, value: Value) -> Effect:
    after, before = _limits(seen, _with(seen, name, value)), _limits(seen)
    most = seen.highest(*DIRTY) * seen.page
    risk = None
    if most > after.slowed:
        risk = say("{dirty} is dirty already: writers would be slowed at once.", dirty=Amount(most, "bytes"))
    elif after.limit > 2 * before.limit:
        risk = say("More may be lost in a power failure, and a sync or a journal commit takes longer.")
    if after == before:
        return Effect("nothing", say("The limits would be the same."), _evidence(seen))
    if most < min(before.background, after.background):
        return Effect(
            "nothing",
            say(
                "The limits would move, but nothing would behave otherwise: at most {dirty} was dirty, and "
                "flushing would begin at {point}.",
                dirty=Amount(most, "bytes"),
                point=Amount(after.background, "bytes"),
            ),
            _evidence(seen),
            risk,
        )
    return Effect(
        "shifts",
        say(
            "Flushing would begin at {background} instead of {background_now}, writers be slowed at {slowed} "
            "instead of {slowed_now}; at most {dirty} was dirty.",
            background=Amount(after.background, "bytes"),
            background_now=Amount(before.background, "bytes"),
            slowed=Amount(after.slowed, "bytes"),
            slowed_now=Amount(before.slowed, "bytes"),
            dirty=Amount(most, "bytes"),
        ),
        _evidence(seen),
        risk,
    )


def _figures(name: str, seen: Seen, value: Value) -> tuple[Figure, ...]:
    limits = _limits(seen, _with(seen, name, value))
    found = [
        Figure(say("flushing begins at"), limits.background, "bytes"),
        Figure(say("writers are slowed at"), limits.slowed, "bytes"),
        Figure(say("never more dirty than"), limits.limit, "bytes"),
    ]
    # Only while the kernel writes for the amount is the rate that of the disk.
    if seen.look and seen.highest(*DIRTY) * seen.page >= _limits(seen).background and _writing(seen):
        drain = say("time to write that at the rate of this look")
        found.append(Figure(drain, limits.limit / _writing(seen), "seconds"))
    return tuple(found)


def _unsafe(name: str, seen: Seen, value: Value) -> Said | None:
    size = int(value)
    if name == "dirty_ratio" and size in (0, 100):
        return say("0 makes every writer wait for every write, 100 lets dirty pages fill all memory.")
    if name == "dirty_background_ratio" and size == 100:
        return say("100 never begins to flush for the amount.")
    if name == "dirty_bytes" and size < LEAST_BYTES:
        return say("Below {least} every writer waits for every write.", least=Amount(LEAST_BYTES, "bytes"))
    if name == "dirty_bytes" and size > dirtyable(seen):
        return say("That is more than all memory that can be dirty: nothing would limit writers.")
    return None


def _notes(seen: Seen) -> tuple[Said, ...]:
    if not _limits(seen).halved:
        return ()
    return (say("The background limit is not below the other here: the kernel takes half of that instead."),)


LIMIT = say(
    "limit = dirty_bytes, or dirtyable memory × dirty_ratio ÷ 100; background likewise, and half the limit "
    "if it is not below it. Dirtyable memory is free pages less the reserve, and the page cache: not all "
    "RAM. Writers are slowed from half way between background and limit on."
)
DOES_NOT = (
    say("It does not make the disk faster: a higher limit puts the wait off and makes it longer."),
    say("It does not hold for fsync, O_DIRECT or a full journal: those wait for the disk anyway."),
    say("Cgroups of version 2 have limits of their own, in proportion to their memory."),
)
SOURCES = (
    "Documentation/admin-guide/sysctl/vm.rst",
    "mm/page-writeback.c domain_dirty_limits(), dirty_freerun_ceiling()",
    "30 s, 5 s, 16 MiB: proposed",
)
HARD = say("How much written data may wait in memory before those who write are made to wait for the disk.")
SOFT = say("How much written data may wait in memory before the kernel begins to write it for its amount.")


def _knob(name: str, does: Said, default: int, most: int, unit: str, *, least: int = 0) -> Knob:
    limit = LIMITS["background" in name]
    return Knob(
        name=name,
        path=f"proc/sys/vm/{name}",
        least=least,
        most=most,
        unit=unit,
        default=known(default),
        does=does,
        formula=LIMIT,
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=lambda seen: _judge(name, seen),
        what_if=lambda seen, value: _what_if(name, seen, value),
        figures=lambda seen, value: _figures(name, seen, value),
        notes=_notes,
        unsafe=lambda seen, value: _unsafe(name, seen, value),
        partner=PARTNERS[name],
        watch=(
            Quantity(say("the kernel's own figure of the limit"), "level", (limit,)),
            Quantity(say("most that was dirty"), "highest", DIRTY),
            Quantity(say("dirtied"), "rate", ("vmstat.nr_dirtied",)),
            Quantity(say("written back"), "rate", (WRITTEN,)),
            Quantity(say("time threads waited for I/O"), "rate", ("pressure_io.some_total",)),
        ),
        direction=1,
    )


KNOBS = (
    _knob("dirty_ratio", HARD, 20, 100, "%"),
    _knob("dirty_bytes", HARD, 0, 2**53, "bytes", least=8192),
    _knob("dirty_background_ratio", SOFT, 10, 100, "%"),
    _knob("dirty_background_bytes", SOFT, 0, 2**53, "bytes", least=1),
)
