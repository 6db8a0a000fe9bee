"""vm.overcommit_memory, overcommit_ratio, overcommit_kbytes: how much memory the kernel promises.

mm/util.c __vm_enough_memory(), vm_commit_limit(), overcommit_ratio_handler();
Documentation/mm/overcommit-accounting.rst.
"""

from __future__ import annotations

from math import ceil

from jinmaek.advice.knob import Answer, Effect, Figure, Knob, Quantity, Value, fits, irrelevant, known, misfit
from jinmaek.advice.limits import MODE_STRICT, commit_limit, for_users
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Seen

NEAR = 0.9
"""Of the limit promised, where allocations are about to fail."""
AVAILABLE = 0.1
"""Of memory available, so that it is the promise that runs out and not the memory."""
ROOMY = 0.75
"""Of the limit promised, after a better value."""
MARGIN = 0.05
"""Of the limit that must stay free for a value to be safe, beside the reserves."""
FACTS = ("meminfo.Committed_AS", "meminfo.CommitLimit", "meminfo.MemAvailable", "sys_vm.overcommit_memory")
SOURCES = (
    "Documentation/mm/overcommit-accounting.rst",
    "mm/util.c __vm_enough_memory()",
    "90 %, 10 %, 5 %: proposed",
)


def _mode(seen: Seen) -> int:
    return int(seen.now("sys_vm.overcommit_memory"))


def _ratio(seen: Seen) -> int:
    return round(seen.now("sys_vm.overcommit_ratio") * 100)


def _kbytes(seen: Seen) -> int:
    return int(seen.known("sys_vm.overcommit_kbytes") or 0) // 1024  # absent before 3.14


def _promised(seen: Seen) -> Amount:
    return Amount(seen.now("meminfo.Committed_AS"), "bytes")


def _judge_mode(seen: Seen) -> Answer:
    limit = Amount(seen.now("meminfo.CommitLimit"), "bytes")
    match _mode(seen):
        case 2:
            sentence = say(
                "Strict: {promised} of {limit} is promised, and the kernel refuses more. Whether the limit "
                "is right is told at overcommit_ratio and overcommit_kbytes.",
                promised=_promised(seen),
                limit=limit,
            )
        case 1:
            sentence = say(
                "Everything is promised ({promised} so far). It differs from 0 only for one request larger "
                "than RAM and swap together.",
                promised=_promised(seen),
            )
        case _:
            sentence = say(
                "Only one request larger than RAM and swap together is refused. {promised} is promised; "
                "CommitLimit ({limit}) is not enforced.",
                promised=_promised(seen),
                limit=limit,
            )
    return fits(sentence, seen.facts(*FACTS))


def _judge_limit(seen: Seen, name: str, *, in_force: bool, other: Said) -> Answer:
    if _mode(seen) != MODE_STRICT:
        return irrelevant(
            say("It counts only under overcommit_memory=2, and that is {mode} here.", mode=_mode(seen)),
            seen.facts(*FACTS),
        )
    if not in_force:
        return irrelevant(other, seen.facts(*FACTS))
    limit, promised = seen.now("meminfo.CommitLimit"), seen.now("meminfo.Committed_AS")
    free = seen.now("meminfo.MemAvailable") / seen.now("meminfo.MemTotal")
    if promised > NEAR * limit and free > AVAILABLE:
        return misfit(
            say(
                "{promised} of {limit} is promised, so allocations and fork are about to fail, while {free} "
                "of memory is available.",
                promised=_promised(seen),
                limit=Amount(limit, "bytes"),
                free=Amount(free, "ratio"),
            ),
            seen.facts(*FACTS),
            (name, _roomier(seen, name)),
        )
    return fits(
        say(
            "{promised} of {limit} is promised; an ordinary user's large process may have {left} more.",
            promised=_promised(seen),
            limit=Amount(limit, "bytes"),
            left=Amount(max(0.0, for_users(seen, limit) - promised), "bytes"),
        ),
        seen.facts(*FACTS),
    )


def _roomier(seen: Seen, name: str) -> int:
    """A value under which what is promised now is three quarters of the limit."""
    wanted = seen.now("meminfo.Committed_AS") / ROOMY - seen.now("meminfo.SwapTotal")
    if name == "overcommit_kbytes":
        return ceil(wanted / 1024)
    per_percent = (commit_limit(seen, 100, 0) - seen.now("meminfo.SwapTotal")) / 100
    return ceil(wanted / per_percent)


def _judge_ratio(seen: Seen) -> Answer:
    other = say("It is 0: the other of the pair counts.")
    return _judge_limit(seen, "overcommit_ratio", in_force=not _kbytes(seen), other=other)


def _judge_kbytes(seen: Seen) -> Answer:
    other = say("It is 0: the other of the pair counts.")
    return _judge_limit(seen, "overcommit_kbytes", in_force=bool(_kbytes(seen)), other=other)


def _limit_of(seen: Seen, name: str, value: Value) -> int:
    """CommitLimit after a knob is set: writing one of the two sets the other to 0."""
    if value == {"overcommit_ratio": _ratio(seen), "overcommit_kbytes": _kbytes(seen)}.get(name):
        return commit_limit(seen, _ratio(seen), _kbytes(seen))
    match name:
        case "overcommit_ratio":
            return commit_limit(seen, int(value), 0)
        case "overcommit_kbytes":
            return commit_limit(seen, 0, int(value))
        case _:
            return commit_limit(seen, _ratio(seen), _kbytes(seen))


def _what_if(name: str, seen: Seen, value: Value) -> Effect:
    mode = int(value) if name == "overcommit_memory" else _mode(seen)
    limit, promised = _limit_of(seen, name, value), seen.now("meminfo.Committed_AS")
    risk = None
    if mode == 1:
        risk = say("1 also promises what can never be there: then the OOM killer answers instead of malloc.")
    if mode != MODE_STRICT:
        was = _mode(seen)
        if name == "overcommit_memory" and was == MODE_STRICT:
            sentence = say("CommitLimit ({limit}) would no longer be enforced.", limit=Amount(limit, "bytes"))
            return Effect("shifts", sentence, seen.facts(*FACTS), risk)
        if name == "overcommit_memory" and mode != was:
            sentence = say("Nothing but the answer to one request larger than RAM and swap together.")
        else:
            sentence = say(
                "CommitLimit would be {limit}, and that is not enforced under overcommit_memory={mode}.",
                limit=Amount(limit, "bytes"),
                mode=mode,
            )
        return Effect("nothing", sentence, seen.facts(*FACTS), risk)
    sentence = say(
        "The kernel would promise {limit} and refuse more; {promised} is promised now, {left} would be left.",
        limit=Amount(limit, "bytes"),
        promised=_promised(seen),
        left=Amount(limit - promised, "bytes"),
    )
    return Effect("shifts", sentence, seen.facts(*FACTS), _too_tight(seen, limit))


def _too_tight(seen: Seen, limit: int) -> Said | None:
    promised = seen.now("meminfo.Committed_AS")
    if for_users(seen, limit) - MARGIN * limit >= promised:
        return None
    return say(
        "{promised} is promised already, and the limit would be {limit}, of which the reserves and a margin "
        "of 5 % are not for programs: malloc and fork would fail at once.",
        promised=Amount(promised, "bytes"),
        limit=Amount(limit, "bytes"),
    )


def _unsafe(name: str, seen: Seen, value: Value) -> Said | None:
    mode = int(value) if name == "overcommit_memory" else _mode(seen)
    return _too_tight(seen, _limit_of(seen, name, value)) if mode == MODE_STRICT else None


def _figures(name: str, seen: Seen, value: Value) -> tuple[Figure, ...]:
    limit = _limit_of(seen, name, value)
    return (
        Figure(say("CommitLimit"), limit, "bytes"),
        Figure(say("of it for a large process of an ordinary user"), for_users(seen, limit), "bytes"),
        Figure(say("promised now (Committed_AS)"), seen.now("meminfo.Committed_AS"), "bytes"),
    )


LIMIT = say("CommitLimit = (RAM − huge page pools) × overcommit_ratio ÷ 100, or overcommit_kbytes, + swap.")
DOES_NOT = (
    say("It counts promises, not pages in use: dropping the page cache changes nothing."),
    say("It does not keep the OOM killer away under 0 and 1, and not from cgroups under any mode."),
)
WATCH = (
    Quantity(say("CommitLimit"), "level", ("meminfo.CommitLimit",)),
    Quantity(say("promised (Committed_AS)"), "level", ("meminfo.Committed_AS",)),
    Quantity(say("available memory"), "level", ("meminfo.MemAvailable",)),
)

KNOBS = (
    Knob(
        name="overcommit_memory",
        path="proc/sys/vm/overcommit_memory",
        most=2,
        default=known(0),
        does=say(
            "Whether the kernel promises more memory than there is. 0: refuse one request larger than RAM "
            "and swap together. 1: refuse nothing. 2: keep all promises together below CommitLimit."
        ),
        formula=LIMIT,
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=_judge_mode,
        what_if=lambda seen, value: _what_if("overcommit_memory", seen, value),
        figures=lambda seen, value: _figures("overcommit_memory", seen, value),
        unsafe=lambda seen, value: _unsafe("overcommit_memory", seen, value),
        watch=WATCH,
    ),
    Knob(
        name="overcommit_ratio",
        path="proc/sys/vm/overcommit_ratio",
        most=2**31 - 1,
        unit="%",
        default=known(50),
        does=say("The share of RAM that counts in CommitLimit, which overcommit_memory=2 enforces."),
        formula=LIMIT,
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=_judge_ratio,
        what_if=lambda seen, value: _what_if("overcommit_ratio", seen, value),
        figures=lambda seen, value: _figures("overcommit_ratio", seen, value),
        unsafe=lambda seen, value: _unsafe("overcommit_ratio", seen, value),
        partner="overcommit_kbytes",
        watch=WATCH,
        direction=1,
    ),
    Knob(
        name="overcommit_kbytes",
        path="proc/sys/vm/overcommit_kbytes",
        most=2**53,
        unit="KiB",
        default=known(0),
        does=say(
            "The amount of RAM that counts in CommitLimit, in the place of overcommit_ratio where it is not "
            "0."
        ),
        formula=LIMIT,
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=_judge_kbytes,
        what_if=lambda seen, value: _what_if("overcommit_kbytes", seen, value),
        figures=lambda seen, value: _figures("overcommit_kbytes", seen, value),
        unsafe=lambda seen, value: _unsafe("overcommit_kbytes", seen, value),
        partner="overcommit_ratio",
        watch=WATCH,
        direction=1,
    ),
)
