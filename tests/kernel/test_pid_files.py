"""The files of one process: stat, status, statm, io, schedstat, cgroup, limits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinmaek.columns import Malformed
from jinmaek.kernel import pid_cgroup, pid_io, pid_limits, pid_schedstat, pid_stat, pid_statm, pid_status

STAT = (
    "21448 (cat) R 21444 21443 3835 -3 -1 4194304 102 9 7 8 150 25 300 400 -51 -20 3 0 251766 3133440 379"
    " 18446744073709551615 94856875372544 94856875392425 140737141611952 0 0 0 0 0 0 0 0 0 17 1 50 1 42 0 0"
    " 94856875408432 94856875410048 94857548865536 140737141619424 140737141619444 140737141619444"
    " 140737141620715 0\n"
)
STATUS = (
    "Name:\tca\\nt\nUmask:\t0022\nState:\tR (running)\nTgid:\t21446\nPPid:\t21444\n"
    "Uid:\t1000\t0\t1000\t1000\nNSpid:\t21446\t7\n"
    "VmSize:\t    3060 kB\nVmHWM:\t    1700 kB\nVmRSS:\t    1600 kB\n"
    "RssAnon:\t     112 kB\nRssFile:\t    1488 kB\n"
    "RssShmem:\t       0 kB\nVmPTE:\t      40 kB\nVmSwap:\t       8 kB\n"
    "HugetlbPages:\t       0 kB\nThreads:\t3\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n"
)
IO = (
    "rchar: 6976\nwchar: 1\nsyscr: 10\nsyscw: 2\nread_bytes: 4096\nwrite_bytes: 8192\n"
    "cancelled_write_bytes: 512\n"
)
LIMITS = (
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max data size             unlimited            unlimited            bytes     \n"
    "Max processes             96365                96365                processes \n"
    "Max open files            1024                 524288               files     \n"
    "Max address space         1073741824           unlimited            bytes     \n"
    "Max nice priority         0                    0                    \n"
)
CGROUP = "9:name=systemd:/init\n4:memory:/box/a:b\n2:cpu,cpuacct:/quota\n0::/\n"

READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "stat": (pid_stat.parse, STAT),
    "status": (pid_status.parse, STATUS),
    "statm": (pid_statm.parse, "765 400 372 5 0 123 0\n"),
    "io": (pid_io.parse, IO),
    "schedstat": (pid_schedstat.parse, "448765 1500000000 3\n"),
    "cgroup": (pid_cgroup.parse, CGROUP),
    "limits": (pid_limits.parse, LIMITS),
}


def test_stat() -> None:
    row = pid_stat.parse(STAT)
    assert (row.pid, row.comm, row.state, row.ppid, row.tty_nr) == (21448, "cat", "R", 21444, -3)
    assert (row.minflt, row.majflt) == (102, 7)
    assert (row.utime, row.stime, row.cutime, row.cstime) == (1.5, 0.25, 3.0, 4.0)
    assert (row.priority, row.nice, row.num_threads) == (-51, -20, 3)
    assert (row.starttime, row.vsize) == (2517.66, 3133440)
    assert (row.processor, row.rt_priority, row.policy) == (1, 50, 1)
    assert (row.flags, row.delayacct_blkio_ticks) == (0x400000, 0.42)


@pytest.mark.parametrize(
    "name", ["a) R 1 (", ") Z 1 1", "(", "", "x\ny\rz\x0b", "\\xff\\xfe", "\x1b[31m", "진맥", "\u2028)", " "]
)
def test_any_name_between_the_first_and_the_last_parenthesis(name: str) -> None:
    row = pid_stat.parse(STAT.replace("(cat)", f"({name})"))
    assert row.comm == name
    assert (row.state, row.ppid, row.policy) == ("R", 21444, 1)


def test_stat_of_a_kernel_without_delay_accounting() -> None:
    words = STAT.split(" ")
    assert pid_stat.parse(" ".join(words[:41])).delayacct_blkio_ticks is None


def test_status() -> None:
    row = pid_status.parse(STATUS)
    assert (row.uid, row.euid, row.NSpid) == (1000, 0, (21446, 7))
    assert (row.VmSize, row.VmHWM, row.VmRSS) == (3060 * 1024, 1700 * 1024, 1600 * 1024)
    assert (row.RssAnon, row.RssFile, row.RssShmem) == (112 * 1024, 1488 * 1024, 0)
    assert (row.VmPTE, row.VmSwap, row.HugetlbPages) == (40 * 1024, 8 * 1024, 0)
    assert (row.Threads, row.voluntary_ctxt_switches, row.nonvoluntary_ctxt_switches) == (3, 5, 6)


def test_status_of_a_kernel_thread_has_no_memory() -> None:
    lines = [line for line in STATUS.splitlines() if not line.startswith(("Vm", "Rss", "Huge", "NSpid"))]
    row = pid_status.parse("\n".join(lines))
    assert (row.VmRSS, row.RssAnon, row.VmSwap, row.NSpid) == (None, None, None, ())


def test_statm() -> None:
    row = pid_statm.parse("765 400 372 5 0 123 0\n", page=4096)
    assert (row.size, row.resident, row.shared) == (765 * 4096, 400 * 4096, 372 * 4096)
    assert (row.text, row.data) == (5 * 4096, 123 * 4096)
    assert pid_statm.parse("1 1 1 1 0 1 0", page=65536).size == 65536


def test_io() -> None:
    row = pid_io.parse(IO)
    assert (row.rchar, row.wchar, row.syscr, row.syscw) == (6976, 1, 10, 2)
    assert (row.read_bytes, row.write_bytes, row.cancelled_write_bytes) == (4096, 8192, 512)


def test_limits() -> None:
    row = pid_limits.parse(LIMITS)
    assert (row.data, row.address_space, row.processes, row.open_files) == (None, 1 << 30, 96365, 1024)


def test_schedstat() -> None:
    row = pid_schedstat.parse("448765 1500000000 3\n")
    assert (row.sum_exec_runtime, row.run_delay, row.pcount) == (0.000448765, 1.5, 3)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("0::/system.slice/db.service\n", "/system.slice/db.service"),
        (CGROUP, "/box/a:b"),
        ("3:memory:/\n2:cpu,cpuacct:/quota\n1:name=systemd:/init\n", "/quota"),
        ("3:memory:/\n1:name=systemd:/user.slice\n", "/user.slice"),
        ("0::/box\n3:memory:/other\n", "/box"),
        ("5:freezer:/frozen\n0::/\n", "/"),
        ("0::/\n", "/"),
        ("", None),
    ],
)
def test_the_most_telling_cgroup(text: str, path: str | None) -> None:
    assert pid_cgroup.parse(text) == path


def test_the_cgroup_memory_is_charged_to() -> None:
    assert pid_cgroup.parse(CGROUP, pid_cgroup.CHARGED) == "/box/a:b"
    both = "3:memory:/limited\n2:pids:/x\n0::/user.slice\n"
    assert pid_cgroup.parse(both) == "/user.slice"
    assert pid_cgroup.parse(both, pid_cgroup.CHARGED) == "/limited"
    assert pid_cgroup.parse("3:memory:/\n0::/user.slice\n", pid_cgroup.CHARGED) == "/user.slice"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stat", "1 cat R 1"),
        ("stat", STAT[:60]),
        ("stat", STAT.replace("R", "RR")),
        ("stat", STAT.replace(" 251766 ", " x ")),
        ("status", STATUS.replace("Uid", "Gid")),
        ("status", STATUS.replace("1600 kB", "")),
        ("statm", "1 2 3"),
        ("statm", "1 2 3 4 5 -6"),
        ("io", "nothing"),
        ("io", "rchar: x"),
        ("schedstat", "1 2"),
        ("schedstat", "1 2 x"),
        ("cgroup", "0:/"),
        ("cgroup", "x::/"),
        ("limits", ""),
        ("limits", LIMITS.replace("1073741824", "-1")),
        ("limits", "Limit\nMax processes"),
    ],
)
def test_what_is_not_the_kernels_form_is_malformed(name: str, text: str) -> None:
    with pytest.raises(Malformed):
        READERS[name][0](text)


@pytest.mark.parametrize("name", READERS)
def test_every_prefix_is_read_or_malformed(name: str) -> None:
    parse, text = READERS[name]
    for length in range(len(text)):
        try:
            parse(text[:length])
        except Malformed:
            continue


@given(data=st.data())
@pytest.mark.parametrize("name", READERS)
def test_every_mutation_is_read_or_malformed(name: str, data: st.DataObject) -> None:
    parse, text = READERS[name]
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 12)))
    put = data.draw(st.text(max_size=6) | st.sampled_from(["-", ")", "(", "\n", "²", "9" * 30, "_", "\x00"]))
    try:
        parse(text[:begin] + put + text[end:])
    except Malformed:
        return


@pytest.mark.parametrize("name", READERS)
def test_it_reads_this_process(name: str) -> None:
    try:
        text = Path(f"/proc/self/{name}").read_text()
    except (FileNotFoundError, PermissionError) as why:
        pytest.skip(f"/proc/self/{name}: {why.strerror}")
    assert READERS[name][0](text) is not None


def test_figures_of_this_process_are_what_psutil_reads() -> None:
    me = psutil.Process()
    for _ in range(50):
        threads = me.num_threads()
        stat = pid_stat.parse(Path("/proc/self/stat").read_text())
        status = pid_status.parse(Path("/proc/self/status").read_text())
        if threads == me.num_threads():
            break  # none that another test had started has ended meanwhile
    assert (stat.pid, stat.ppid, stat.comm) == (os.getpid(), me.ppid(), me.name())
    assert (status.uid, status.euid) == (os.getuid(), os.geteuid())
    assert (stat.num_threads, status.Threads) == (threads, threads)
    assert stat.utime + stat.stime <= sum(me.cpu_times()[:2])


def test_signals_that_are_caught() -> None:
    text = STATUS + "SigCgt:\t0000000100004602\n"
    assert [pid_status.caught(text, number) for number in (2, 10, 12)] == [True, True, False]
    assert pid_status.caught("SigCgt:\t" + "0" * 16 + "0000000100004602", 10) is True
    assert pid_status.caught(STATUS, 10) is None
    with pytest.raises(Malformed):
        pid_status.caught("SigCgt:\tx\n", 10)
