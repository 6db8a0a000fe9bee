"""``memory``, ``swap``, ``load`` and ``cache`` of a recording: the same accounts of a moment that is over."""

from __future__ import annotations

from typing import get_args

from jinmaek.accounts.load.account import Load
from jinmaek.accounts.memory import Ledger
from jinmaek.accounts.memory_owners import By
from jinmaek.accounts.memory_reading import NoMeminfo
from jinmaek.accounts.page_cache.account import PageCache
from jinmaek.accounts.swap_reading import SwapLook
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.cli.recorded import Recorded
from jinmaek.diagnosis import account_at
from jinmaek.diagnosis.memory_verdict import MemoryVerdict
from jinmaek.diagnosis.swap_verdict import SwapVerdict
from jinmaek.model import TasksRead
from jinmaek.rules import rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from typing import TypeVar

    from jinmaek.history.recording.past import Past

    Told = TypeVar("Told")


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
    alone(args)
    return _of_sample(args, lambda past, at: account_at.memory(past, at, _by(args.by), rules(), args.lang))


def swap(args: Namespace) -> tuple[SwapLook, SwapVerdict]:
    """The swap account of a moment, the traffic of ``--for`` seconds before it, and what it means."""
    alone(args)
    return _of_sample(
        args, lambda past, at: account_at.swap(past, at, _by(args.by), args.span, rules(), args.lang)
    )


def load(args: Namespace) -> tuple[Load, TasksRead]:
    """The load of the ``--for`` seconds before a moment."""
    alone(args)
    return _of_sample(args, lambda past, at: account_at.load(past, at, args.span))


def cache(args: Namespace) -> PageCache:
    """The page cache at a moment: its sums, what cgroups are charged, what came back in the 10 s before."""
    from jinmaek.accounts.page_cache import recorded as page_cache

    alone(args, "--paths", "--scan", "--remote", "--by cgroup")
    with Recorded(args) as recorded:
        past = recorded.before(10.0)
        past.only = page_cache.TABLES
        return page_cache.cache(past.snapshot(0) if len(past) > 1 else None, past.snapshot(len(past) - 1))


def _of_sample(args: Namespace, made: Callable[[Past, int], Told]) -> Told:
    with Recorded(args) as recorded:
        try:
            return made(recorded.past, recorded.at)
        except NoMeminfo as absent:
            why = absent.gap.detail or absent.gap.kind
            raise SourceUnreadable(
                f"{recorded.past.recording.path}: meminfo", why, "try another moment"
            ) from None
        except LookupError as lost:
            raise SourceUnreadable(
                recorded.past.recording.path, str(lost), "see jinmaek recordings verify"
            ) from None


def _by(word: str) -> By:
    kinds: tuple[By, ...] = get_args(By)
    return next(one for one in kinds if one == word)
