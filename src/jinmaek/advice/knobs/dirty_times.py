"""vm.dirty_expire_centisecs, dirty_writeback_centisecs: how long written data waits for the disk.

fs/fs-writeback.c wb_check_old_data_flush(), mm/page-writeback.c dirty_writeback_centisecs_handler().
"""

from __future__ import annotations

from jinmaek.advice.knob import Answer, Effect, Knob, Quantity, Value, fits, irrelevant, known, misfit
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Seen

DIRTIED, WRITTEN = "vmstat.nr_dirtied", "vmstat.nr_written"
MUCH = 64 << 20
"""Dirty bytes from which on it matters that nobody writes them."""
EXPIRE, WRITEBACK = 3000, 500
HOUR = 360_000


def _judge_expire(seen: Seen) -> Answer:
    if not seen.now("sys_vm.dirty_writeback_centisecs"):
        return irrelevant(
            say("dirty_writeback_centisecs is 0, so no age is ever looked at."),
            seen.facts("sys_vm.dirty_writeback_centisecs"),
        )
    return _judge(seen)


def _judge(seen: Seen) -> Answer:
    off = not seen.now("sys_vm.dirty_writeback_centisecs")
    dirty = seen.now("vmstat.nr_dirty") * seen.page
    window = seen.watched(DIRTIED)
    evidence = (
        *seen.facts("vmstat.nr_dirty", "sys_vm.dirty_writeback_centisecs"),
        *window.facts(DIRTIED, WRITTEN),
    )
    if off and dirty >= MUCH and not window.grew(WRITTEN):
        return misfit(
            say(
                "dirty_writeback_centisecs is 0, so nothing is written for its age: {dirty} is dirty and "
                "not a page of it was written in this look.",
                dirty=Amount(dirty, "bytes"),
            ),
            evidence,
            ("dirty_writeback_centisecs", WRITEBACK),
        )
    if not window.grew(DIRTIED, WRITTEN):
        return irrelevant(say("Nothing was written in this look: no age mattered."), evidence)
    return fits(
        say(
            "{dirtied} were dirtied in this look and {written} written; {dirty} waits.",
            dirtied=Amount(window.grew(DIRTIED) * seen.page, "bytes"),
            written=Amount(window.grew(WRITTEN) * seen.page, "bytes"),
            dirty=Amount(dirty, "bytes"),
        ),
        evidence,
    )


def _what_if(seen: Seen, value: Value, *, old: int) -> Effect:
    rate = seen.watched(DIRTIED).rate(DIRTIED) * seen.page
    evidence = (*seen.facts("vmstat.nr_dirty"), *seen.watched(DIRTIED).facts(DIRTIED, WRITTEN))
    if not rate:
        return Effect("nothing", say("Nothing was written in this look."), evidence, _risk(value))
    sentence = say(
        "Data written at {rate} would wait {longer} before it goes to the disk for its age.",
        rate=Amount(rate, "bytes/s"),
        longer=Amount(abs(int(value) - old) / 100, "seconds"),
    )
    if int(value) < old:
        sentence = say(
            "Data written at {rate} would go to the disk up to {sooner} sooner for its age, and what is "
            "deleted or overwritten meanwhile is written in vain.",
            rate=Amount(rate, "bytes/s"),
            sooner=Amount((old - int(value)) / 100, "seconds"),
        )
    return Effect("shifts", sentence, evidence, _risk(value))


def _risk(value: Value) -> Said | None:
    if not value:
        return say(
            "0 as the interval switches writing for age off; as the age it writes everything at every round."
        )
    return None


def _what_if_expire(seen: Seen, value: Value) -> Effect:
    return _what_if(seen, value, old=round(seen.now("sys_vm.dirty_expire_centisecs") * 100))


def _what_if_writeback(seen: Seen, value: Value) -> Effect:
    dirty = seen.now("vmstat.nr_dirty") * seen.page
    if not seen.now("sys_vm.dirty_writeback_centisecs") and dirty:
        sentence = say(
            "{dirty} is dirty: it would be written once it is older than {age}.",
            dirty=Amount(dirty, "bytes"),
            age=Amount(seen.now("sys_vm.dirty_expire_centisecs"), "seconds"),
        )
        return Effect("shifts", sentence, seen.facts("vmstat.nr_dirty", "sys_vm.dirty_writeback_centisecs"))
    return _what_if(seen, value, old=round(seen.now("sys_vm.dirty_writeback_centisecs") * 100))


def _unsafe_expire(_: Seen, value: Value) -> Said | None:
    if int(value) > HOUR:
        return say("More than an hour of written data would be lost in a power failure.")
    return None


def _unsafe_writeback(_: Seen, value: Value) -> Said | None:
    if not value:
        return say("0 switches writing for age off: what is below the background limit is never written.")
    return _unsafe_expire(_, value)


DOES_NOT = (
    say("It does not hold for what is written for its amount, nor for fsync and sync."),
    say("It slows nobody: only dirty_ratio and dirty_bytes do."),
)
WATCH = (
    Quantity(say("most that was dirty"), "highest", ("vmstat.nr_dirty",)),
    Quantity(say("dirtied"), "rate", (DIRTIED,)),
    Quantity(say("written back"), "rate", (WRITTEN,)),
)
SOURCES = ("Documentation/admin-guide/sysctl/vm.rst", "fs/fs-writeback.c", "64 MiB: proposed")
FORMULA = say(
    "Every dirty_writeback_centisecs the flusher threads write what has been dirty for longer than "
    "dirty_expire_centisecs: data waits between expire and expire + writeback."
)

KNOBS = (
    Knob(
        name="dirty_expire_centisecs",
        path="proc/sys/vm/dirty_expire_centisecs",
        most=2**31 - 1,
        unit="cs",
        default=known(EXPIRE),
        does=say("The age at which written data goes to the disk although there is little of it."),
        formula=FORMULA,
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=_judge_expire,
        what_if=_what_if_expire,
        unsafe=_unsafe_expire,
        watch=WATCH,
        direction=1,
        needs=(DIRTIED,),
    ),
    Knob(
        name="dirty_writeback_centisecs",
        path="proc/sys/vm/dirty_writeback_centisecs",
        most=2**31 - 1,
        unit="cs",
        default=known(WRITEBACK),
        does=say("How often the kernel looks for written data that has waited long enough."),
        formula=FORMULA,
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=_judge,
        what_if=_what_if_writeback,
        unsafe=_unsafe_writeback,
        watch=WATCH,
        direction=1,
        needs=(DIRTIED,),
    ),
)
