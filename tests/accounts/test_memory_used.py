"""What each tool calls used: procps 4 against free(1) itself, the others against their formulas."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.accounts.made_memory import AGES, KIB, MIB, core, meminfo
from tests.views import frozen

from jinmaek.accounts import memory_used
from jinmaek.accounts.memory_reading import read_core
from jinmaek.accounts.memory_used import available, procps3, procps4, reasons
from jinmaek.kernel.meminfo import parse
from jinmaek.kernel.zfs import Arcstats
from jinmaek.root import LIVE, Root
from jinmaek.views.procps import Memory

FILES = ("proc/meminfo",)
HOSTS = frozen.trees(FILES)
ZONED = {name: host for name, host in HOSTS.items() if (host / "proc/zoneinfo").is_file()}


TERMINAL = """
import os, pty, re, signal, sys, time
os.environ.update(TERM="xterm", HOME={home!r}, COLUMNS="160", LINES="40")
pid, screen = pty.fork()
if pid == 0:
    os.execv({htop!r}, [{htop!r}, "-C"])
shown, end = b"", time.monotonic() + 60
while time.monotonic() < end and not re.search(rb"Mem.*?[0-9][KMGT]/[0-9.]+[KMGT]", shown):
    shown += os.read(screen, 65536)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
"""
"""Draws htop's screen until the memory bar is there."""


def fields(host: Path) -> dict[str, int]:
    """/proc/meminfo in KiB."""
    lines = (host / "proc/meminfo").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line}


@pytest.mark.parametrize("host", HOSTS)
def test_procps4_is_what_free_prints(host: str, peer: frozen.Peer) -> None:
    (printed,) = frozen.run(peer, "free", ["-b"], HOSTS[host], FILES)
    row = next(parse((HOSTS[host] / FILES[0]).read_text()))
    assert procps4(row) == int(printed.splitlines()[1].split()[2])


@pytest.mark.parametrize("host", HOSTS)
def test_procps3_and_htop_are_their_formulas(host: str) -> None:
    row, m = next(parse((HOSTS[host] / FILES[0]).read_text())), fields(HOSTS[host])
    diff = m["MemFree"] + m["Cached"] + m["SReclaimable"] + m["Buffers"]
    assert m["MemTotal"] >= diff
    assert procps3(row) == (m["MemTotal"] - diff) * KIB
    # LinuxMachine.c: used; since 3.3 MemoryMeter.c adds shared.
    assert memory_used.htop_3_2(row) == (m["MemTotal"] - diff) * KIB
    assert memory_used.htop(row) == (m["MemTotal"] - diff + m["Shmem"]) * KIB


@pytest.mark.parametrize("host", ["6.1-small", "6.12", "6.18"])
def test_htop_itself_prints_one_of_the_two(host: str, peer: frozen.Peer, tmp_path: Path) -> None:
    """In a terminal of its own: ``Mem[|||  90.4M/715M]``."""
    program = tmp_path / "htop-in-a-terminal"
    program.write_text(f"#!{sys.executable}\n" + TERMINAL.format(home=str(tmp_path), htop=peer("htop")))
    program.chmod(0o755)
    (shown,) = frozen.run(
        lambda tool: str(program) if tool == "htop" else peer(tool), "htop", [""], HOSTS[host], FILES
    )
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\(B|\x1b[=>]", "", shown)
    found = re.search(r"Mem\[[^\]]*?([0-9.]+)([KMGT])/[^\]]*\]", plain)
    assert found, plain
    row = next(parse((HOSTS[host] / FILES[0]).read_text()))
    version = subprocess.run([peer("htop"), "--version"], capture_output=True, text=True, check=True).stdout
    newer = tuple(map(int, re.findall(r"\d+", version)[:2])) >= (3, 3)
    expected = memory_used.htop(row) if newer else memory_used.htop_3_2(row)
    assert expected is not None
    digits = len(found[1].partition(".")[2])
    unit = KIB ** (1 + "KMGT".index(found[2]))
    assert float(found[1]) == pytest.approx(expected / unit, abs=0.51 * 10**-digits)


def test_below_zero_all_fall_back_to_what_is_not_free() -> None:
    row = meminfo(Cached=15_000_000, Shmem=100)
    assert procps3(row) == 14_000_000 * KIB
    assert memory_used.htop(row) == 14_000_100 * KIB
    assert procps4(meminfo(MemAvailable=17_000_000)) == 14_000_000 * KIB
    assert procps4(meminfo()) == 14_000_000 * KIB


@pytest.mark.parametrize("age", AGES)
def test_the_ledger_and_the_view_free_say_the_same(age: str) -> None:
    row = meminfo(AGES[age])
    assert procps4(row) == Memory(row).used


def test_htop_takes_off_what_the_zfs_cache_can_shrink() -> None:
    row = meminfo()
    whole = memory_used.htop(row)
    assert whole is not None
    assert memory_used.htop(row, Arcstats(size=900 * MIB, c=None, c_min=100 * MIB, c_max=None)) == (
        whole - 800 * MIB
    )
    assert memory_used.htop(row, Arcstats(size=9 * MIB, c=None, c_min=100 * MIB, c_max=None)) == whole


@pytest.mark.parametrize("host", ZONED)
def test_mem_available_is_made_as_the_kernel_makes_it(host: str) -> None:
    one, _, _ = read_core(Root(str(ZONED[host])))
    made = available(one.meminfo, one.zones, one.page)
    assert made is not None
    if one.meminfo.MemAvailable is None:
        pytest.skip("this kernel is older than MemAvailable")
    assert made.made == made.told


@pytest.mark.parametrize("host", ZONED)
def test_reasons_add_up_to_the_difference(host: str) -> None:
    one, _, _ = read_core(Root(str(ZONED[host])))
    if one.meminfo.MemAvailable is None:
        assert reasons(one) == ()
        return
    three = procps3(one.meminfo)
    assert three is not None
    assert sum(reason.bytes for reason in reasons(one)) == procps4(one.meminfo) - three
    assert {reason.name for reason in reasons(one)} >= {"reserve"}


def test_the_running_kernel_s_available_is_explained() -> None:
    def beyond() -> int:
        """Bytes by which the two differ more than memory moved between the readings."""
        one, movement, _ = read_core(LIVE)
        made = available(one.meminfo, one.zones, one.page)
        assert made is not None
        assert made.told is not None
        return abs(made.made - made.told) - 16 * MIB - (movement or 0)

    # The movement is told by some of the readings, and others on the host may take much between the rest.
    assert any(beyond() <= 0 for _ in range(5))


def test_what_is_missing_is_unknown() -> None:
    assert procps3(meminfo(Cached=None)) is None
    assert memory_used.htop(meminfo(Cached=None)) is None
    assert available(meminfo(), (), 4096) is None
    assert reasons(core(meminfo(), zones=())) == ()
    used = memory_used.used(core(meminfo()), None, None)
    assert (used.sum_rss, used.sum_pss) == (None, None)
