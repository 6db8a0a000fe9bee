"""Processes that come and go as fast as the host lets them: nobody mixed up, and their CPU accounted for."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator

import pytest
from tests.tasks.children import child

from jinmaek import procfile
from jinmaek.kernel.stat import CLK_TCK
from jinmaek.root import LIVE
from jinmaek.tasks.choose import Refused, Scanner
from jinmaek.tasks.delta import account, deltas
from jinmaek.tasks.held import Held
from jinmaek.tasks.procfs import scan
from jinmaek.tasks.table import Scan

SECONDS = float(os.environ.get("JINMAEK_CHURN_SECONDS", "5"))
PATIENCE = 60.0
CHURN = """
import os
print("ready", flush=True)
while True:
    pids = []
    for _ in range(16):
        pid = os.fork()
        if pid == 0:
            for _ in range(20000): pass
            os._exit(0)
        pids.append(pid)
    for pid in pids: os.waitpid(pid, 0)
"""


def busy() -> float:
    """Seconds all CPUs were neither idle nor stolen: user, nice, system, irq, softirq."""
    words = procfile.read("/proc/stat").split()
    return sum(map(int, (*words[1:4], *words[6:8]))) / CLK_TCK


def identities(found: Scan) -> list[tuple[int, float]]:
    return list(zip(found.processes.pid, found.processes.start_time, strict=True))


def children_of(parent: int, found: Scan) -> set[tuple[int, float]]:
    return {one for one, ppid in zip(identities(found), found.processes.ppid, strict=True) if ppid == parent}


@contextlib.contextmanager
def reading(way: str) -> Iterator[Callable[[], Scan]]:
    """One way to scan."""
    if way == "procfs":
        yield lambda: scan(LIVE, details=False)
    elif way == "held":
        with Held() as held:
            yield lambda: held.scan(details=False)
    else:
        try:
            scanner = Scanner(LIVE, "bpf")
        except Refused as refused:
            pytest.skip(f"no task iterator here: {refused}")
        with scanner:
            yield lambda: scanner.scan(details=False)


@pytest.mark.kernel
@pytest.mark.parametrize("way", ["bpf", "held", "procfs"])
def test_churn(way: str) -> None:
    with reading(way) as read, child(CHURN) as parent:
        time.sleep(0.2)
        earliest, first, before = busy(), read(), busy()
        at_first = children_of(parent, first)
        scans, end = [first], time.monotonic() + SECONDS
        # On a busy host it may take longer until one of them is caught alive, and until the first have gone.
        while time.monotonic() < end or (
            time.monotonic() < end + PATIENCE
            and (
                not any(parent in one.processes.ppid for one in scans[1:])
                or at_first & set(identities(scans[-1]))
            )
        ):
            time.sleep(0.2)
            after = busy()
            scans.append(read())
        latest, last = busy(), scans[-1]
    began = first.processes.start_time[first.processes.pid.index(parent)]
    short: set[tuple[int, float]] = set()
    for earlier, later in itertools.pairwise(scans):
        assert not {"processes", "threads", "zombies"} & later.gaps.keys()
        ids = identities(later)
        assert len(set(later.processes.pid)) == len(ids)
        assert (parent, began) in ids
        known = set(identities(earlier))
        for delta in deltas(earlier, later):
            assert delta.born is ((delta.pid, delta.start_time) not in known)
            if delta.ppid == parent:
                short.add((delta.pid, delta.start_time))
                # An older one would be somebody else under a used pid.
                assert delta.start_time >= began
    assert short
    assert not at_first & set(identities(last))
    # Each scan takes a while: what was used during one may count or not.
    told, most = account(after - before, first, last), latest - earliest
    # More than live processes can tell, and all of it together: 102 to 104 % were measured on a quiet host,
    # whose ticks are samples while the scheduler's sums are exact.
    assert told.exited_s > 0.1 * most
    assert told.alive_s + told.exited_s > 0.9 * (after - before)
    assert told.alive_s + told.exited_s < 1.1 * most
