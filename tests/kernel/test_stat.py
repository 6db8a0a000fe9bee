"""/proc/stat."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed, columns_of
from jinmaek.kernel.stat import Stat, StatCpu, parse, parse_cpu

TEXT = (CAPTURES / "6.18/proc/stat").read_text()


def test_host() -> None:
    assert list(parse(TEXT)) == [
        Stat(
            user=97.92,
            nice=0,
            system=36.48,
            idle=3746.62,
            iowait=7.47,
            irq=0,
            softirq=1.03,
            steal=0.13,
            guest=0,
            guest_nice=0,
            ctxt=898883,
            btime=1795477083,
            processes=8439,
            procs_running=8,
            procs_blocked=0,
            intr=387865,
            softirq_total=229294,
        )
    ]


def test_cpus() -> None:
    first, second = parse_cpu(TEXT)
    assert (first.cpu, first.user, first.softirq, first.guest_nice) == (0, 38.78, 0.18, 0)
    assert (second.cpu, second.idle, second.iowait, second.steal) == (1, 1857.98, 5.70, 0.08)


def test_an_offline_cpu_has_no_row() -> None:
    assert [row.cpu for row in parse_cpu("cpu 1 2 3 4\ncpu0 1 2 3 4\ncpu3 1 2 3 4\ncpuidle 1\n")] == [0, 3]


def test_times_an_old_kernel_lacks_are_none() -> None:
    (row,) = parse_cpu("cpu0 100 200 300 400\n")
    assert (row.user, row.nice, row.system, row.idle) == (1, 2, 3, 4)
    assert [row.iowait, row.irq, row.softirq, row.steal, row.guest, row.guest_nice] == [None] * 6
    (host,) = parse("cpu 1 2 3 4\nintr 5\nctxt 6\nbtime 7\nprocesses 8\nprocs_running 9\nprocs_blocked 10\n")
    assert host.softirq_total is None
    assert host.steal is None


def test_times_a_new_kernel_adds_are_skipped() -> None:
    (row,) = parse_cpu("cpu0 " + "100 " * 14 + "\n")
    assert row.guest_nice == 1


def test_exported_modes() -> None:
    columns = columns_of(StatCpu)
    assert columns["steal"].metric.name == "node_cpu_seconds_total"  # type: ignore[union-attr]
    assert columns["steal"].metric.labels == {"mode": "steal"}  # type: ignore[union-attr]
    assert columns["guest_nice"].metric.name == "node_cpu_guest_seconds_total"  # type: ignore[union-attr]
    assert columns["guest_nice"].metric.labels == {"mode": "nice"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "line", ["cpu", "ctxt", "btime", "processes", "procs_running", "procs_blocked", "intr"]
)
def test_a_line_every_kernel_has_may_not_be_missing(line: str) -> None:
    kept = [text for text in TEXT.splitlines() if text.split()[0] != line]
    with pytest.raises(Malformed):
        list(parse("\n".join(kept)))


@pytest.mark.parametrize(
    "line", ["cpu0 1 2 3", "cpu0 1 2 -3 4", "cpu0 1 2 1_0 4", "cpu0x 1 2 3 4", "cpu0 1 2 x 4"]
)
def test_malformed_cpu(line: str) -> None:
    with pytest.raises(Malformed):
        list(parse_cpu(line))
