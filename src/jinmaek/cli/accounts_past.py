"""``memory``, ``swap``, ``load`` and ``cache`` of a recording: the same accounts of a moment that is over."""

from __future__ import annotations

import os
from typing import get_args

from jinmaek.accounts import recorded as accounts
from jinmaek.accounts.load.account import Load
from jinmaek.accounts.memory import Ledger
from jinmaek.accounts.memory_owners import By
from jinmaek.accounts.memory_reading import NoMeminfo
from jinmaek.accounts.page_cache.account import PageCache
from jinmaek.accounts.swap_reading import SwapLook
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.cli.recorded import Recorded
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.memory_verdict import MemoryVerdict
from jinmaek.diagnosis.past import look_at, needed, widest
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.swap_verdict import SwapVerdict
from jinmaek.model import TasksRead, Verdict
from jinmaek.root import LIVE
from jinmaek.tasks import users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection


def alone(args: Namespace, *options: str) -> None:
    """Raises ``Usage`` where a recording is asked for with what only this host as it is now can tell."""
    for option in ("--root", *(one for one in options if " " not in one)):
        value = getattr(args, option.strip("-").replace("-", "_"))
        if value not in (None, False, [], "/"):
            raise Usage(option, "no recording tells that", "leave it out, or --recording and --at")
    if getattr(args, "by", None) == "cgroup" and "--by cgroup" not in options:
        raise Usage(
            "--by cgroup",
            "which cgroup a process was in is not recorded",
            "use --by command, process or user",
        )


def memory(args: Namespace) -> tuple[Ledger, MemoryVerdict]:
    """The ledger of a moment and what it means."""
    from jinmaek.diagnosis.memory_verdict import RULES, verdict

    alone(args)
    with Recorded(args) as recorded:
        try:
            ledger = accounts.ledger(_moment(recorded, accounts.LEDGER), _by(args.by))
        except NoMeminfo as absent:
            raise _missing(recorded, absent) from None
        look, verdicts = _judged(recorded, _rules(RULES), args.lang)
        return ledger, verdict(ledger, verdicts, trend=look.window > 0)


def swap(args: Namespace) -> tuple[SwapLook, SwapVerdict]:
    """The swap account of a moment, the traffic of ``--for`` seconds before it, and what it means."""
    from jinmaek.diagnosis.swap_verdict import RULES, verdict

    alone(args)
    with Recorded(args) as recorded:
        try:
            found = accounts.swap_look(_moment(recorded, accounts.SWAP), _by(args.by))
        except NoMeminfo as absent:
            raise _missing(recorded, absent) from None
        wanted = _rules(RULES)
        _, verdicts = _judged(recorded, wanted, args.lang)
        lately = look_at(recorded.before(args.span), args.lang)
        return found, verdict(found.account, lately, verdicts, wanted)


def load(args: Namespace) -> tuple[Load, TasksRead]:
    """The load of the ``--for`` seconds before a moment."""
    from jinmaek.accounts.load.recorded import of_samples
    from jinmaek.accounts.load.watch import TABLES

    alone(args)
    with Recorded(args) as recorded:
        past = recorded.before(args.span)
        past.only = TABLES
        pid = past.meta.get("pid")
        snapshots = [past.snapshot(at) for at in range(len(past))]
        scans = [one.tasks for one in snapshots if one.tasks is not None]
        way = scans[-1].way if scans else "none"
        read = TasksRead(way, sum(scan.cpu_s for scan in scans))
        return of_samples(snapshots, pid if isinstance(pid, int) else None), read


def cache(args: Namespace) -> PageCache:
    """The page cache at a moment: its sums, what cgroups are charged, what came back in the 10 s before."""
    from jinmaek.accounts.page_cache import recorded as page_cache

    alone(args, "--paths", "--scan", "--remote", "--by cgroup")
    with Recorded(args) as recorded:
        past = recorded.before(10.0)
        past.only = page_cache.TABLES
        return page_cache.cache(past.snapshot(0) if len(past) > 1 else None, past.snapshot(len(past) - 1))


def _moment(recorded: Recorded, tables: Collection[str]) -> accounts.Moment:
    recorded.past.only = tables
    snapshot, meta = recorded.snapshot(), recorded.meta
    ages = {name: recorded.age(name) or 0.0 for name in tables}
    # This host's names of users are another host's only by chance.
    here = meta.get("host") == os.uname().nodename
    page = meta.get("page_size")
    return accounts.Moment(
        snapshot=snapshot,
        page=page if isinstance(page, int) else os.sysconf("SC_PAGESIZE"),
        ages={name: age for name, age in ages.items() if age},
        user_of=users.names(LIVE) if here else str,
    )


def _judged(recorded: Recorded, rules: tuple[Rule, ...], lang: str) -> tuple[Look, tuple[Verdict, ...]]:
    look = look_at(recorded.before(needed(rules, widest(recorded.meta))), lang)
    return look, judge(rules, look)


def _rules(names: Collection[str]) -> tuple[Rule, ...]:
    from jinmaek.rules import rules

    return tuple(rule for rule in rules() if rule.id in names)


def _by(word: str) -> By:
    kinds: tuple[By, ...] = get_args(By)
    return next(one for one in kinds if one == word)


def _missing(recorded: Recorded, absent: NoMeminfo) -> SourceUnreadable:
    path = f"{recorded.past.recording.path}: meminfo"
    return SourceUnreadable(path, absent.gap.detail or absent.gap.kind, "try another moment")
