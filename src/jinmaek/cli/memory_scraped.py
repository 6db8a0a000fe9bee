"""``jinmaek memory`` of a host in Prometheus: the same sum out of what its exporter tells."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, get_args

from jinmaek.cli import remote
from jinmaek.cli.errors import SourceUnreadable
from jinmaek.cli.vmstat_scraped import PAGES

if TYPE_CHECKING:
    from argparse import Namespace

    from jinmaek.accounts.memory import Ledger
    from jinmaek.accounts.memory_core import Core
    from jinmaek.diagnosis.memory_verdict import MemoryVerdict
    from jinmaek.sampling import Snapshot


def look(args: Namespace) -> tuple[Ledger, MemoryVerdict]:
    """The ledger of that time and what it means. Raises ``Usage`` and ``SourceUnreadable``."""
    from jinmaek.accounts.memory_core import page_size
    from jinmaek.accounts.memory_reading import MOVING, STILL, core_of, row_of
    from jinmaek.diagnosis.judge import judge
    from jinmaek.diagnosis.look import Look
    from jinmaek.diagnosis.memory_verdict import RULES, verdict
    from jinmaek.diagnosis.past import needed
    from jinmaek.diagnosis.pulse import wanted
    from jinmaek.history.live import Ring
    from jinmaek.kernel.meminfo import Meminfo
    from jinmaek.kernel.vmstat import Vmstat
    from jinmaek.rules import rules

    began = time.monotonic(), time.process_time()
    chosen = tuple(rule for rule in rules() if rule.id in RULES)
    tables = {*wanted(chosen), *MOVING, *STILL, "cgroup_memory"}
    past = remote.readings(args, tables, needed(chosen, remote.MEASURED))
    last = past.snapshots[-1]
    meminfo = row_of(last, Meminfo)
    if meminfo is None:
        raise SourceUnreadable(
            args.host[0], "its exporter tells nothing of meminfo", "is that collector switched off?"
        )
    known = PAGES.get(past.machine or "")
    page = known or page_size(meminfo, row_of(last, Vmstat), os.sysconf("SC_PAGESIZE"))
    ring = Ring(len(past.snapshots))
    for snapshot in past.snapshots:
        ring.add(snapshot)
    verdicts = judge(chosen, Look(ring, args.lang, lambda _: None, tuple, longest=remote.MEASURED))
    ledger = _ledger(args, core_of(meminfo, last, last, page), last, began)
    return ledger, verdict(ledger, verdicts, trend=len(past.snapshots) > 1)


def _ledger(args: Namespace, core: Core, last: Snapshot, began: tuple[float, float]) -> Ledger:
    """The buckets; no exporter tells who of all processes and objects owns them."""
    from jinmaek.accounts.kernel_owners import CHARGED, by_cgroup
    from jinmaek.accounts.memory import EXPECTED, Ledger
    from jinmaek.accounts.memory_buckets import balance
    from jinmaek.accounts.memory_owners import By
    from jinmaek.accounts.memory_processes import Processes
    from jinmaek.accounts.memory_reading import rows_of
    from jinmaek.accounts.memory_used import available, reasons, used
    from jinmaek.accounts.shared_memory import SharedMemory
    from jinmaek.kernel.cgroup_memory import CgroupMemory
    from jinmaek.model import Gap

    made = balance(core)
    kinds: tuple[By, ...] = get_args(By)
    rows = rows_of(last, CgroupMemory)
    charged = {bucket: by_cgroup(rows, bucket) for bucket in CHARGED}
    gaps: tuple[Gap, ...] = (
        *(gap for table, gap in last.gaps.items() if table in EXPECTED),
        Gap(
            "absent", "smaps_rollup", "exporters do not tell the shares of processes: buckets have no owners"
        ),
    )
    return Ledger(
        core=core,
        balance=made,
        band=None,  # tables of one scrape may have been read seconds apart: nobody tells what moved
        owners={},
        cgroups={bucket: owners for bucket, owners in charged.items() if owners},
        by=next(one for one in kinds if one == args.by),
        processes=Processes((), 0, (), (), ()),
        shared=SharedMemory((), (), (), complete=False),
        used=used(core, None, None),
        reasons=reasons(core),
        available=available(core.meminfo, core.zones, core.page),
        sockets=None,
        gaps=gaps,
        wall_s=time.monotonic() - began[0],
        cpu_s=time.process_time() - began[1],
    )
