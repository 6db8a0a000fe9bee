"""``jinmaek tune --apply`` and ``--measure``: check, write, read back, compare, take back."""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from jinmaek.advice import measure, setting, tuning
from jinmaek.advice.knob import Knob, Value
from jinmaek.advice.seen import Missing
from jinmaek.cli import progress, tune
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import tr
from jinmaek.views.screen import put
from jinmaek.views.tune_applied import Comparison
from jinmaek.views.tune_words import text

SPAN = 30.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MEMORY_HIERARCHIES = ("sys/fs/cgroup/memory", "sys/fs/cgroup", "sys/fs/cgroup/unified")


def run(args: argparse.Namespace) -> int:
    _consistent(args)
    cgroup = None if args.cgroup is None else _cgroup(args.cgroup)
    if args.apply is None:
        return _only_watch(args, cgroup)
    knob, new = tune.setting(args.apply)
    if cgroup is not None:
        _fits_cgroup(knob, cgroup, measuring=args.measure)
    tried = tuning.tried(knob, tune.now(), new)
    _check(tried, cgroup, args)
    if args.measure:
        return _measure(args, knob, tried, cgroup)
    done = _apply(knob, new, cgroup)
    if args.json:
        from jinmaek.views.tune_json import applied

        shown = applied(knob, done, cgroup, force_back=_unsafe_back(done), reverted=False)
        print(json.dumps({"schema": 1, "applied": shown}, ensure_ascii=False, indent=2))
    else:
        _print_applied(knob, done, cgroup, args.lang)
    return 0


def _consistent(args: argparse.Namespace) -> None:
    """Options that contradict each other raise ``Usage``."""
    setting_ = args.apply is not None
    lone = "--force" if args.force else "--revert" if args.revert else "--cgroup"
    for wrong, what, why, todo in (
        (
            args.root is not None,
            "--apply and --measure",
            "a captured tree cannot be changed or watched",
            "leave out --root",
        ),
        (not setting_ and not args.measure, lone, "it is for --apply and --measure", "add one of them"),
        (
            args.revert and not args.measure,
            "--revert",
            "it takes back what --measure --apply tried",
            "add --measure",
        ),
        (args.revert and not setting_, "--revert", "there is nothing to take back", "add --apply NAME=VALUE"),
        (args.force and not setting_, "--force", "it is for --apply", "add --apply NAME=VALUE"),
        (
            args.span is not None and not args.measure,
            "--for",
            "--apply does not watch",
            "leave it out, or add --measure",
        ),
        (
            setting_ and bool(args.asked),
            "--apply",
            "it takes one NAME=VALUE and nothing beside it",
            "leave out the other words",
        ),
    ):
        if wrong:
            raise Usage(f"tune {what}", why, todo)


def _check(tried: tuning.Tried, cgroup: str | None, args: argparse.Namespace) -> None:
    """Refuse what would endanger the host, unless forced."""
    of_cgroup = cgroup is not None and tried.knob.per_cgroup is not None
    if args.force or (of_cgroup and tried.new != 0):
        return
    name = tried.knob.name
    if tried.refused is not None:
        raise Usage(
            f"{name}={tried.new}",
            f"refused: {text(tried.refused, args.lang).rstrip('.')}",
            "--force sets it all the same",
        )
    if tried.unsure is not None:
        raise SourceUnreadable(
            f"{name}={tried.new}",
            f"whether it is safe cannot be told: {tried.unsure.source} {tr(args.lang, tried.unsure.kind)}",
            "--force sets it all the same",
        )


def _apply(knob: Knob, new: Value, cgroup: str | None) -> setting.Applied:
    try:
        return setting.apply(knob, new, cgroup)
    except setting.NotSet as failed:
        todo = "run it as root" if failed.denied else "nothing was changed"
        raise SourceUnreadable(f"/{failed.path}", failed.why, todo) from None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals wait: nothing may come between a write and the note that it was made."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _measure(args: argparse.Namespace, knob: Knob, tried: tuning.Tried, cgroup: str | None) -> int:
    span = SPAN if args.span is None else args.span
    quantities = knob.watch_cgroup if cgroup is not None else knob.watch
    needs = knob.needs_cgroup if cgroup is not None else knob.needs
    old = setting_now(knob, cgroup)
    _writable(knob, cgroup)
    before = measure.watch(
        quantities, needs, span, cgroup, progress.countdown(tr(args.lang, "watching before: {left} s"))
    )
    done: setting.Applied | None = None
    with _ends_in_order():
        try:
            with _undisturbed():
                done = _apply(knob, tried.new, cgroup)
            after = measure.watch(
                quantities, needs, span, cgroup, progress.countdown(tr(args.lang, "watching after: {left} s"))
            )
        except BaseException:
            if done is not None and not args.revert:
                _print_applied(knob, done, cgroup, args.lang, to_stderr=True)
            raise
        finally:
            if done is not None and args.revert:
                _revert(done)
    found = measure.compared(quantities, before, after)
    expected = measure.predicted(knob, old, tried.new, nothing=_nothing(tried, cgroup))
    comparison = Comparison(
        span, found, expected, measure.seen(found[0], expected, needs, before, after), args.revert
    )
    _print_measured(args, knob, done, cgroup, comparison)
    return 0


def _nothing(tried: tuning.Tried, cgroup: str | None) -> bool:
    """Whether the what-if predicts that the first quantity stays."""
    if cgroup is not None:
        # The what-if is about the host; a cgroup reclaims under its limit all the same, if there is swap.
        return tried.knob.per_cgroup is not None and not tune.now().known("meminfo.SwapTotal")
    if tried.knob.needs:
        return tried.effect.kind == "nothing"
    return bool(tried.figures) and all(measure.same(now.value, then.value) for now, then in tried.figures)


def _revert(done: setting.Applied) -> None:
    with _undisturbed():
        try:
            setting.revert(done)
        except setting.NotSet as failed:
            raise SourceUnreadable(f"/{failed.path}", failed.why, f"it was {done.change.old}") from None


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """SIGTERM and SIGHUP leave through ``finally``, as Ctrl-C does."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    saved = {number: signal.signal(number, end) for number in ENDING[1:]}
    try:
        yield
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)


def _only_watch(args: argparse.Namespace, cgroup: str | None) -> int:
    if len(args.asked) != 1 or "=" in args.asked[0]:
        raise Usage("tune --measure", "it wants one NAME to watch", "or --apply NAME=VALUE to compare")
    knob = tune.knob_of(args.asked[0])
    if cgroup is not None:
        _fits_cgroup(knob, cgroup, measuring=True)
    span = SPAN if args.span is None else args.span
    quantities = knob.watch_cgroup if cgroup is not None else knob.watch
    watched = measure.watch(
        quantities, (), span, cgroup, progress.countdown(tr(args.lang, "watching: {left} s"))
    )
    comparison = Comparison(span, measure.compared(quantities, watched, watched), None, None, reverted=False)
    _print_measured(args, knob, None, cgroup, comparison)
    return 0


def _fits_cgroup(knob: Knob, cgroup: str, *, measuring: bool) -> None:
    if not knob.watch_cgroup:
        raise Usage("tune --cgroup", f"{knob.name} has no counters of a cgroup", "leave out --cgroup")
    if knob.per_cgroup is None and not measuring:
        raise Usage("tune --cgroup", f"{knob.name} is of the whole host", "leave out --cgroup")
    if knob.per_cgroup is not None and not os.path.exists(f"/{cgroup}/{knob.per_cgroup}"):
        raise Usage(
            "tune --cgroup",
            f"/{cgroup} has no {knob.per_cgroup}: cgroups of version 2 use vm.{knob.name}",
            "leave out --cgroup",
        )


def _cgroup(path: str) -> str:
    """The folder of a cgroup with memory figures, relative; raises ``Usage``."""
    tries = (
        [path]
        if path.startswith("/sys/fs/cgroup/")
        else [f"/{top}/{path.strip('/')}" for top in MEMORY_HIERARCHIES]
    )
    for attempt in tries:
        try:
            real = os.path.realpath(attempt)
            found = os.path.isfile(f"{real}/memory.stat")
        except ValueError:  # a NUL in the name
            break
        if found and real.startswith("/sys/fs/cgroup/"):
            return real.removeprefix("/")
    raise Usage(
        "tune --cgroup", f"{path}: no cgroup with a memory.stat", "give its path below /sys/fs/cgroup"
    )


def setting_now(knob: Knob, cgroup: str | None) -> Value:
    try:
        return setting.value_now(knob, setting.target(knob, cgroup))
    except setting.NotSet as failed:
        raise SourceUnreadable(f"/{failed.path}", failed.why, "run it as root") from None


def _writable(knob: Knob, cgroup: str | None) -> None:
    """Before half a minute is spent: whether the write has a chance."""
    path = f"/{setting.target(knob, cgroup)}"
    if not os.access(path, os.W_OK):
        raise SourceUnreadable(path, "it may not be written", "run it as root")


def _unsafe_back(done: setting.Applied) -> bool:
    """Whether taking it back would itself be refused without --force."""
    seen = tune.now()
    for name, _, value in done.undo:
        other = tuning.find(name)
        try:
            if other is not None and other.unsafe(seen, value) is not None:
                return True
        except Missing:
            return True
    return False


def _print_applied(
    knob: Knob,
    done: setting.Applied,
    cgroup: str | None,
    lang: str,
    *,
    reverted: bool = False,
    to_stderr: bool = False,
) -> None:
    from rich.console import Console

    from jinmaek.views.tune_applied import applied

    shown = applied(knob, done, cgroup, force_back=_unsafe_back(done), reverted=reverted, lang=lang)
    put(shown, Console(stderr=True, highlight=False, markup=False, emoji=False) if to_stderr else None)


def _print_measured(
    args: argparse.Namespace,
    knob: Knob,
    done: setting.Applied | None,
    cgroup: str | None,
    comparison: Comparison,
) -> None:
    from jinmaek.views import tune_applied, tune_json

    if args.json:
        said: dict[str, object] = {"schema": 1}
        if done is not None:
            said["applied"] = tune_json.applied(
                knob, done, cgroup, force_back=_unsafe_back(done), reverted=comparison.reverted
            )
        said["measure"] = tune_json.measured(comparison, args.lang)
        print(json.dumps(said, ensure_ascii=False, indent=2))
        return
    if done is not None:
        _print_applied(knob, done, cgroup, args.lang, reverted=comparison.reverted)
    put(tune_applied.compared(comparison, args.lang))
