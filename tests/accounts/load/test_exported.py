"""The load out of scrapes: the mean the kernel counted, kinds by what is told, and gaps for the rest."""

from __future__ import annotations

from typing import Any

import pytest
from tests.made import snapshot

from jinmaek.accounts.load.exported import account
from jinmaek.accounts.load.ticks import EXP_1, PERIOD
from jinmaek.accounts.load.verdict import sentence, word
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.stat import Stat, StatCpu
from jinmaek.sampling import Snapshot
from jinmaek.tasks.census import Threads, Waits


def stat(running: int = 1, blocked: int = 0, steal: float = 0.0) -> Stat:
    row: Any = Stat
    return row(  # type: ignore[no-any-return]
        user=0.0, nice=0.0, system=0.0, idle=0.0, iowait=0.0, irq=0.0, softirq=0.0, steal=steal, ctxt=0,
        btime=0, processes=0, procs_running=running, procs_blocked=blocked, intr=0,
    )  # fmt: skip


def load(value: float) -> Loadavg:
    return Loadavg(load1=value, load5=value, load15=value, nr_running=1, nr_threads=9, last_pid=9)


def scrape(at: float, load1: float, *more: object, busy: float = 0.0) -> Snapshot:
    cpu: Any = StatCpu
    rows = (load(load1), cpu(cpu=0, user=busy, nice=0.0, system=0.0, idle=0.0), *more)
    names = {Loadavg: "loadavg", StatCpu: "stat_cpu", Stat: "stat", Threads: "threads", Waits: "waits"}
    tables: dict[str, tuple[object, ...]] = {}
    for row in rows:
        name = names[type(row)]
        tables[name] = (*tables.get(name, ()), row)
    return snapshot(at, tables)


def risen(count: float, seconds: float) -> float:
    """load1 from 0 after so many threads for so long."""
    return count * (1 - EXP_1 ** round(seconds / PERIOD))


def test_what_the_kernel_counted_on_the_mean() -> None:
    told = account([scrape(0, 0.0, stat(4)), scrape(60, round(risen(3, 60), 2), stat(4), busy=30.0)])
    assert told.recovered == pytest.approx(3, abs=0.02)
    assert [tick.exact for tick in told.counts] == [False]
    assert [(part.kind, part.threads) for part in told.parts] == [("running", 3.0)]
    assert told.on_cpu == 0.5
    assert told.window_s == 60
    assert told.predicted == pytest.approx(risen(3, 60), abs=0.05)
    assert word(told) == "cpu"
    assert sentence(told, "en").startswith("It is the CPU: 3.0 threads run or wait for a CPU.")
    assert "first" not in sentence(told, "en")


def test_one_scrape_tells_no_count() -> None:
    told = account([scrape(0, 2.0, stat(1))])
    assert (told.recovered, told.on_cpu, told.counts) == (None, None, ())


def test_where_threads_in_d_sleep_if_it_is_told() -> None:
    waits = (Waits(wchan="io_schedule", threads=2), Waits(wchan="rpc_wait_bit_killable", threads=3))
    told = account([scrape(0, 5.0, stat(1), *waits, Threads(thread_state="D", count=5))])
    assert {part.kind: part.threads for part in told.parts} == {"disk": 2, "remote": 3}
    assert "waits" not in {gap.source for gap in told.gaps}


def test_how_many_sleep_in_d_if_that_is_told() -> None:
    told = account([scrape(0, 5.0, stat(1, blocked=2), Threads(thread_state="D", count=5))])
    assert {part.kind: part.threads for part in told.parts} == {"disk": 2, "other": 3}
    assert "waits" in {gap.source for gap in told.gaps}


def test_else_those_that_wait_for_io() -> None:
    told = account([scrape(0, 5.0, stat(1, blocked=2))])
    assert {part.kind: part.threads for part in told.parts} == {"disk": 2}
    assert "threads" in {gap.source for gap in told.gaps}
    assert sentence(told, "ko").startswith("I/O 때문입니다.")


def test_without_stat_nobody_is_known_and_it_is_said() -> None:
    told = account([scrape(0, 5.0)])
    assert told.parts == ()
    assert told.load == (5.0, 5.0, 5.0)
    assert "stat" in {gap.source for gap in told.gaps}


def test_stolen_time() -> None:
    told = account([scrape(0, 0.0, stat()), scrape(10, 0.0, stat(steal=5.0))])
    assert told.stolen == 0.5
