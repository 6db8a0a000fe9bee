"""The kernel log: victims of the OOM killer, and nothing else."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jinmaek.capture import host_files
from jinmaek.kernel.kmsg import Kill, KmsgKill, parse, rows
from jinmaek.root import LIVE, Root
from jinmaek.sampling import KERNEL_LOG, dear, take

LOG = """\
6,339,98120,-;Linux version 6.18.44
 SUBSYSTEM=acpi
3,812,5093828,-;Out of memory: Killed process 812 (java) total-vm:4100000kB, anon-rss:2050000kB, file-rss:0kB
3,813,7000000,-;Memory cgroup out of memory: Killed process 99 (a) b (c) total-vm:5kB, anon-rss:4kB
3,814,8000000,-;Out of memory (oom_kill_allocating_task): Killed process 7 (x)
"""


def test_victims_in_order() -> None:
    assert list(parse(LOG)) == [
        Kill(time=5.093828, pid=812, comm="java", anon_rss=2_050_000 * 1024, by_cgroup=False),
        Kill(time=7.0, pid=99, comm="a) b (c", anon_rss=4096, by_cgroup=True),
        Kill(time=8.0, pid=7, comm="x", anon_rss=None, by_cgroup=False),
    ]


def test_the_same_as_a_table() -> None:
    again = "3,900,9000000,-;Out of memory: Killed process 812 (java) total-vm:1kB, anon-rss:4kB\n"
    last, *others = rows(LOG + again)
    assert last == KmsgKill(pid=812, comm="java", time=9.0, anon_rss=4096, by_cgroup=0)
    assert [(row.pid, row.by_cgroup, row.anon_rss) for row in others] == [(99, 1, 4096), (7, 0, None)]


def test_the_running_kernel_s_log_is_a_table_or_a_gap(tmp_path: Path) -> None:
    snapshot = take(LIVE, ["kmsg_kill"])
    assert ("kmsg_kill" in snapshot.tables) != ("kmsg_kill" in snapshot.gaps)
    assert dear("kmsg_kill")
    assert KERNEL_LOG not in {*host_files(LIVE)}, "it tells too much of a host"
    assert take(Root(str(tmp_path)), ["kmsg_kill"]).gaps["kmsg_kill"].kind == "absent"


@given(st.text())
@settings(max_examples=300, derandomize=True)
def test_any_text_is_a_log(text: str) -> None:
    assert all(kill.pid >= 0 for kill in parse(text))
