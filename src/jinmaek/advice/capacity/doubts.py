"""What looks like a leak and is none, or makes it less sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jinmaek.accounts.heap.regions import MIB
from jinmaek.accounts.heap.said import Said, Value, say
from jinmaek.accounts.heap.verdict import COLLECTED, COLLECTION
from jinmaek.advice.capacity.grower import YOUNG, Grower
from jinmaek.advice.capacity.mapped import Mapped
from jinmaek.advice.capacity.series import Process, Watched

RISE = 0.1
"""Of the threads or descriptors there were; and three at least."""


def qualified(w: Watched, grower: Grower, life: Process) -> Grower:
    """With how it moved, and a leak with its doubts; a JVM whose heap is not full is in its warm-up."""
    grower = replace(grower, notes=(*grower.notes, *_shape(grower)))
    if grower.kind != "leak":
        return grower
    notes = (*grower.notes, *_age(grower, life), *_threads(life), *_mapped(w, grower.mapped))
    told = grower.mapped
    if told is not None and told.java is not None and told.region is not None:
        touched, most = told.java
        if told.region.kind == "java-heap" and touched < most:
            note = say(
                "{used} of the {reserved} reserved for the Java heap (-Xmx) has been touched: up to there "
                "the JVM grows without a leak.",
                used=(touched, "bytes"),
                reserved=(most, "bytes"),
            )
            return replace(grower, kind="warm-up", notes=(*notes, note), ceiling=most - touched)
    return replace(grower, notes=notes)


def _shape(grower: Grower) -> Iterator[Said]:
    course = grower.course
    if course.cycles:
        values: dict[str, Value] = {"count": str(course.cycles), "swing": (course.swing, "bytes")}
        match grower.kind:
            case "leak":
                yield say(
                    "A saw-tooth, {count} times by {swing}: what counts is that its lows rise.", **values
                )
            case None:
                yield say(
                    "A saw-tooth, {count} times by {swing}; too few lows to tell if they rise.", **values
                )
            case _:
                yield say("A saw-tooth, {count} times by {swing}: its lows do not rise.", **values)
    elif grower.kind == "burst":
        yield say(
            "It rose by {size}, kept it for {time} and gave it back.",
            size=(course.peak - course.base, "bytes"),
            time=(course.lasted or 0.0, "seconds"),
        )
    elif grower.kind == "warm-up":
        yield say("It has stopped growing.") if course.stopped else say("It grows ever more slowly.")
    elif course.step:
        yield say("All of it came at once, and stayed.")
    elif grower.kind is None:
        yield say("It moved, but how it goes on was not seen.")


def _age(grower: Grower, life: Process) -> Iterator[Said]:
    if life.age < YOUNG:
        yield say("It is {age} old: a warm-up can look like this at first.", age=(life.age, "seconds"))
    elif grower.rate is not None and grower.rate.rate > 0 and grower.own is not None:
        took = grower.own / grower.rate.rate
        if took < life.age / 2:
            yield say(
                "At this speed all it has would have come in {took}, and it is {age} old: it has not always "
                "grown like this.",
                took=(took, "seconds"),
                age=(life.age, "seconds"),
            )


def _threads(life: Process) -> Iterator[Said]:
    before, after = life.threads[0], life.threads[-1]
    if _rose(before, after):
        yield say(
            "Its threads grew with it, from {before} to {after}: more load, or threads that do not end.",
            before=f"{before:.0f}",
            after=f"{after:.0f}",
        )


def _rose(before: float, after: float) -> bool:
    return after - before >= max(3, RISE * before)


def _mapped(w: Watched, told: Mapped | None) -> Iterator[Said]:
    if told is None:
        return
    before, after = told.files
    if before is not None and after is not None and _rose(before, after):
        yield say(
            "Its open descriptors grew with it, from {before} to {after}: more load, or connections and "
            "files that are not closed.",
            before=str(before),
            after=str(after),
        )
    if told.lazy >= MIB:
        yield say(
            "{amount} of it was given back with MADV_FREE: the kernel takes it when it needs it.",
            amount=(told.lazy, "bytes"),
        )
    if told.region is not None and told.region.kind in COLLECTED and w.window < COLLECTION:
        yield say(
            "Garbage is part of this: the collector may not have run in so short a look. What counts is what "
            "is left after a collection."
        )
