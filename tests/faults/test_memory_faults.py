"""Memory taken for real, in every way a rule knows of; and what only looks like it, which stays quiet.

A trend needs an hour by default; here the window is 18 s, and where a level would take a good part
of the machine the limit is lower: ``--set``, as a user would.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.faults.making import (
    MIB,
    diagnose,
    findings,
    memory_cgroup,
    needs_root,
    quiet,
    ready,
    removed,
    running,
    sh,
    swap_file,
    unmounted,
    until,
)

pytestmark = pytest.mark.kernel

Fault = Callable[[], AbstractContextManager[list[subprocess.Popen[bytes]]]]

ABOUT = ("memory.", "kernel.", "swap.", "tuning.")
TRIES = 5
"""Others may use the machine: what they do to its memory meanwhile can hide a trend, never make one up."""

LEAK = """
import time
kept = []; print(flush=True)
while True:
    kept.append(bytearray(b"x" * (int(sys.argv[2]) // 10))); time.sleep(0.1)
"""
SAW = """
import time
print(flush=True)
while True:
    kept = []
    for _ in range(30): kept.append(bytearray(b"x" * (int(sys.argv[2]) // 10))); time.sleep(0.1)
"""
PEAK = """
import time
print(flush=True)
time.sleep(float(sys.argv[3]))
kept = bytearray(int(sys.argv[2]))
for place in range(0, len(kept), 4096): kept[place] = 1
time.sleep(5); del kept; time.sleep(600)
"""
SOCKETS = """
import resource, socket, time
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
first, rate, kept = int(sys.argv[2]), int(sys.argv[3]), []
def fill(size):
    while size > 0:
        a, b = socket.socketpair(); kept.append((a, b)); a.setblocking(False)
        a.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)  # SO_SNDBUFFORCE
        try:
            while size > 0: a.send(b"x" * 3000); size -= 4096
        except BlockingIOError: pass
fill(first); print(flush=True)
while True: fill(rate // 10); time.sleep(0.1)
"""
PIPES = """
import fcntl, os, resource, time
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
first, rate = int(sys.argv[2]), int(sys.argv[3])
def fill(size):
    for _ in range(size >> 20):
        r, w = os.pipe(); fcntl.fcntl(w, 1031, 1 << 20); os.write(w, bytes(1 << 20))  # F_SETPIPE_SZ
fill(first); print(flush=True)
while True: fill(rate); time.sleep(1)
"""
MAP = """
import mmap, os, time
file = os.open(sys.argv[2], os.O_RDWR); size = int(sys.argv[3])
memory = mmap.mmap(file, size, mmap.MAP_SHARED)
# A page table serves 2 MiB: one page touched in each makes all of them.
for place in range(0, size, 2 << 20): memory[place]
print(flush=True); time.sleep(600)
"""
HUGE = """
import mmap, time
memory = mmap.mmap(-1, int(sys.argv[2]), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)  # MAP_HUGETLB
for place in range(0, len(memory), 2 << 20): memory[place] = 1
print(flush=True); time.sleep(600)
"""
MISSING = """
import os
for n in range(int(sys.argv[3])):
    try: os.stat(f"{sys.argv[2]}/{n}")
    except FileNotFoundError: pass
print(flush=True); __import__("time").sleep(600)
"""


def meminfo(name: str) -> int:
    line = f"\n{Path('/proc/meminfo').read_text()}".split(f"\n{name}:")[1].splitlines()[0]
    return int(line.split()[0]) * (1024 if line.endswith("kB") else 1)


def needs_room(size: int) -> None:
    room = meminfo("MemAvailable")
    if room < size + 4096 * MIB:
        pytest.skip(f"only {room // MIB} MiB are available here, and {size // MIB} MiB would be taken")


def limits(rule: str, **values: float) -> tuple[str, ...]:
    named = {name.replace("_", "-"): value for name, value in values.items()}
    return tuple(word for name, value in named.items() for word in ("--set", f"{rule}.{name}={value}"))


def found(rule: str, fault: Fault, span: str, *options: str) -> dict[str, Any]:
    """The finding of one of a few looks at a fault, made anew for each."""
    said: dict[str, Any] = {}
    for _ in range(TRIES):
        with fault() as processes:
            ready(*processes)
            said = diagnose(span, *options)
            if rule in findings(said):
                return {**findings(said)[rule], "pids": [process.pid for process in processes]}
    others = [one for kind in ("quiet", "unknown") for one in said[kind] if one["rule"] == rule]
    pytest.fail(f"{rule} was not found: {others}")


def calm(rule: str, span: str, *options: str, why: str | None = "") -> None:
    """A rule is quiet in one of a few looks, for this reason, or for any: others swap and take memory too."""
    for _ in range(TRIES):
        said = diagnose(span, *options)
        if rule in quiet(said) and (quiet(said)[rule] == why or (why == "" and quiet(said)[rule])):
            return
    pytest.fail(f"{rule} is not quiet like that: {findings(said).get(rule)}, {quiet(said).get(rule)}")


@contextlib.contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    try:
        sh("mount", "-t", "tmpfs", "-o", f"size={size}", "jinmaek-test", str(folder))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no tmpfs here: {error.stderr.strip()}")
    try:
        yield folder
    finally:
        unmounted(folder)


def test_a_leak_is_told_from_a_heap_that_is_collected() -> None:
    needs_room(4096 * MIB)
    trend = limits("memory.leak", window=18, boot=0, grown=0.005, threads=10)
    leak = partial(running, "jm-leak", LEAK, str(50 * MIB))
    finding = found("memory.leak", leak, "20s", *trend)
    first = finding["culprits"][0]
    assert (first["name"], first["pid"]) == ("jm-leak", finding["pids"][0])
    assert first["share"] > 0.2
    with running("jm-saw", SAW, str(50 * MIB)) as saw:
        ready(*saw)
        for _ in range(2):  # a saw that others keep from its work may just stand high when a look ends
            said = diagnose("20s", *trend)
            leaks = [f for f in said["findings"] if f["rule"] == "memory.leak"]
            blamed = [c["name"] for f in leaks for c in f["culprits"][:1]]
            if "jm-saw" not in blamed:
                break
    assert "jm-saw" not in blamed


def test_a_look_of_five_seconds_knows_of_no_leak() -> None:
    with running("jm-leak", LEAK, str(20 * MIB)):
        said = diagnose()
    (unknown,) = [one for one in said["unknown"] if one["rule"] == "memory.leak"]
    assert (unknown["gap"]["kind"], unknown["needed_s"]) == ("too short", 3600)


def test_a_burst_that_went_to_swap_and_came_back(tmp_path: Path) -> None:
    needs_root()
    with swap_file(tmp_path, 512 * MIB), memory_cgroup(384 * MIB) as group:
        code = f'open("{group}/cgroup.procs", "w").write("0")\n' + PEAK
        trend = limits("memory.burst", window=24, rise=200 * MIB / meminfo("MemTotal"))
        peak = partial(running, "jm-peak", code, str(480 * MIB), "8")
        finding = found("memory.burst", peak, "25s", *trend)
    assert finding["pids"][0] in [culprit["pid"] for culprit in finding["culprits"]]
    assert "pages had to leave for swap meanwhile" in finding["indicators"]["agree"]


def test_full_swap_that_nobody_reads_is_fine(tmp_path: Path) -> None:
    needs_root()
    if meminfo("SwapTotal"):
        pytest.skip("somebody else's swap is in use here")
    told = tmp_path / "told"
    fill = f"""
import mmap, time
open(sys.argv[2] + "/cgroup.procs", "w").write("0")
memory = mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
def free(): return int(open("/proc/meminfo").read().split("SwapFree:")[1].split()[0]) << 10
for place in range(0, len(memory), 4096):
    memory[place] = 1
    if place % (1 << 20) == 0 and free() < {6 * MIB}: break
open({str(told)!r}, "w").write("x"); time.sleep(600)
"""
    with (
        swap_file(tmp_path, 128 * MIB),
        memory_cgroup(64 * MIB) as group,
        running("jm-cold", fill, str(group)),
    ):
        until(told.exists, 120, "swap to be full")
        time.sleep(2)
        assert meminfo("SwapFree") < 0.1 * meminfo("SwapTotal")
        calm("swap.full", "5s", why="memory is plentiful: full swap holds what nobody uses")
        calm("swap.stale", "5s")


def test_a_tmpfs_that_is_filled_and_one_that_is_full(tmp_path: Path) -> None:
    needs_root()
    needs_room(4096 * MIB)
    trend = limits("memory.shmem-growth", window=18, shmem=512 * MIB / meminfo("MemTotal"), grown=0.005)
    write = """
import time
print(flush=True)
with open(sys.argv[2], "wb", buffering=0) as file:
    for _ in range(600): file.write(bytes(640 << 10) * 10); time.sleep(0.1)
"""
    with tmpfs(tmp_path / "mounted", "6g") as mount:
        (mount / "first").write_bytes(bytes(640 * MIB))
        alone = "the level is there, but nothing else agrees with it"
        calm("memory.shmem-growth", "20s", *trend, why=alone)
        writer = partial(running, "jm-writer", write, str(mount / "second"))
        finding = found("memory.shmem-growth", writer, "20s", *trend)
        assert finding["culprits"][0]["name"] == str(mount)
        assert finding["severity"] == "info"


def test_kernel_objects_of_sockets_nobody_reads() -> None:
    needs_root()
    needs_room(3072 * MIB)
    trend = limits(
        "kernel.slab-growth", window=18, grown=0.002, unreclaimable=256 * MIB / meminfo("MemTotal")
    )
    sockets = partial(running, "jm-sockets", SOCKETS, str(384 * MIB), str(12 * MIB))
    finding = found("kernel.slab-growth", sockets, "20s", *trend)
    assert "what cannot be reclaimed of it grows" in finding["indicators"]["agree"]
    names = [culprit["name"] for culprit in finding["culprits"][:2]]
    assert any(name.startswith(("kmalloc", "skbuff", "dentry", ":")) for name in names), names


def test_names_that_do_not_exist_beside_plenty_of_memory(tmp_path: Path) -> None:
    """One dentry for each failed lookup: a third of a million of them, which the kernel drops when asked."""
    needs_root()
    low = limits("kernel.slab-growth", negative=0.001, slab=0.002, plenty=0.1, calm=0.5)
    with running("jm-prober", MISSING, str(tmp_path), "300000") as (prober,):
        ready(prober)
        plenty = "it is names and inodes the kernel can drop, and memory is plentiful"
        calm("kernel.slab-growth", "5s", *low, why=plenty)


def test_many_processes_that_map_the_same_memory(tmp_path: Path) -> None:
    needs_root()
    size, each = 8 << 30, 16 * MIB
    count = int(0.022 * meminfo("MemTotal") / each) + 1
    if count > 96:
        pytest.skip("this machine would need too many processes")
    needs_room(count * (each + 16 * MIB))
    with tmpfs(tmp_path / "mounted", "9g") as mount:
        with (mount / "shared").open("wb") as file:
            file.truncate(size)
        arguments = (str(mount / "shared"), str(size))
        mappers = partial(running, "jm-mapper", MAP, *arguments, count=count)
        finding = found("kernel.bloat", mappers, "5s", *limits("kernel.bloat", boot=0))
    assert "page tables are large beside what they map" in finding["indicators"]["agree"]
    first = finding["culprits"][0]
    assert first["name"] == "jm-mapper"
    assert f"in {count} processes" in first["why"]
    assert first["share"] > 0.5


@contextlib.contextmanager
def removed_cgroups(parent: Path, folder: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Cgroups that are gone but for the cache of the files written in them."""
    touch = 'open(sys.argv[2] + "/cgroup.procs", "w").write("0"); open(sys.argv[3], "wb").write(bytes(8192))'
    made = []
    folder.mkdir()
    try:
        for n in range(count):
            group = parent / f"jinmaek-dying-{os.getpid()}-{n}"
            group.mkdir()
            made.append(group)
            with running("jm-toucher", touch, str(group), str(folder / str(n))) as (toucher,):
                toucher.wait(timeout=120)
            removed(group)
        yield []
    finally:
        for group in made:
            if group.exists():
                group.rmdir()
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_removed_cgroups_that_cache_holds(tmp_path: Path) -> None:
    needs_root()
    parent = Path("/sys/fs/cgroup/memory")
    if not (parent / "memory.limit_in_bytes").exists():
        pytest.skip("no memory controller of version 1 here; a version 2 that has it tells this itself")
    count = 60
    few = limits("kernel.bloat", dying=count // 2, percpu=0, boot=0)
    finding = found("kernel.bloat", partial(removed_cgroups, parent, tmp_path / "files", count), "5s", *few)
    held = [item for item in finding["evidence"] if item["column"] == "removed cgroups that are still held"]
    assert held[0]["value"] >= count // 2


def test_pages_of_pipes_are_in_no_line() -> None:
    needs_root()
    first = int(0.085 * meminfo("MemTotal"))
    rate = int(0.0012 * meminfo("MemTotal"))
    needs_room(first + 40 * rate)
    trend = limits("kernel.unaccounted", window=18, grown=0.01, grown_bytes=0)
    pipes = partial(running, "jm-pipes", PIPES, str(first), str(rate))
    finding = found("kernel.unaccounted", pipes, "20s", *trend)
    assert finding["evidence"][0]["column"] == "memory in no line of /proc/meminfo"
    assert "it grows" in finding["indicators"]["agree"]
    assert finding["severity"] == "info"


@contextlib.contextmanager
def pool(pages: int) -> Iterator[None]:
    knob = Path("/proc/sys/vm/nr_hugepages")
    before = knob.read_text()
    try:
        knob.write_text(str(int(before) + pages))
        if int(knob.read_text()) < int(before) + pages:
            pytest.skip(f"no {pages} huge pages can be had here")
        yield
    finally:
        knob.write_text(before)


def nobody() -> AbstractContextManager[list[subprocess.Popen[bytes]]]:
    return contextlib.nullcontext([])


def test_huge_pages_for_nobody_and_huge_pages_in_use() -> None:
    needs_root()
    size = 2 * MIB
    if meminfo("Hugepagesize") != size:
        pytest.skip("huge pages here are of another size")
    pages = int(0.055 * meminfo("MemTotal") / size)
    needs_room(pages * size)
    new, scarce = limits("memory.hugepages-wasted", boot=0), limits("memory.hugepages-wasted", available=1)
    plenty = limits("memory.hugepages-wasted", plenty=0.1, calm=0.9)
    with pool(pages):
        calm("memory.hugepages-wasted", "5s", *new, *plenty, why="memory is plentiful without them")
        never = limits("memory.hugepages-wasted", plenty=1)
        finding = found("memory.hugepages-wasted", nobody, "5s", *new, *scarce, *never)
        assert finding["culprits"][0]["name"] == "huge pages of 2 MiB"
        with running("jm-huge", HUGE, str(pages * size)) as (user,):
            ready(user)
            # Not even the level is there.
            calm("memory.hugepages-wasted", "5s", *new, *scarce, *never, why=None)


def test_a_cache_full_of_files_is_no_trouble(tmp_path: Path) -> None:
    """Reading fills the cache: no rule about memory minds."""
    big = tmp_path / "big"
    needs_room(1024 * MIB)
    big.write_bytes(bytes(512 * MIB))
    with big.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[place] for place in range(0, len(mapped), mmap.PAGESIZE)) == 0
        for _ in range(TRIES):
            rules = [finding["rule"] for finding in diagnose()["findings"]]
            # What was killed since boot was killed before.
            minding = [rule for rule in rules if rule.startswith(ABOUT) and rule != "memory.oom-kill"]
            if not minding:
                break
    assert minding == []


def test_a_heap_that_is_stopped_does_not_grow() -> None:
    """What holds still is no leak, however large: the window is what tells."""
    needs_room(2048 * MIB)
    with running("jm-leak", LEAK, str(100 * MIB)) as (leak,):
        time.sleep(5)
        os.kill(leak.pid, signal.SIGSTOP)
        said = diagnose("20s", *limits("memory.leak", window=18, boot=0, grown=0.001))
    leaks = [f for f in said["findings"] if f["rule"] == "memory.leak"]
    assert all(c["pid"] != leak.pid for f in leaks for c in f["culprits"])
