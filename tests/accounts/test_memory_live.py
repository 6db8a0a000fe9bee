"""The ledger and the swap account on the running kernel: each kind of holder made for real, and undone."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.faults.making import MIB, memory_cgroup, needs_root, removed, running, sh, swap_file, until

import jinmaek

pytestmark = pytest.mark.kernel

GIB = 1 << 30
DOCS = Path(__file__).parents[2] / "docs"
POOL = Path("/proc/sys/vm/nr_hugepages")
SHM_HUGETLB = 0o4000
ZRAM = Path("/sys/class/zram-control")

ANONYMOUS = """
import mmap, time
open(sys.argv[2] + "/cgroup.procs", "w").write("0")
size = int(sys.argv[3]); memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, size, 4096): memory[page:page + 8] = (page * 2654435761).to_bytes(8, "little")
print("ready", flush=True); time.sleep(600)
"""
TMPFS = """
import os, time
open(sys.argv[2] + "/cgroup.procs", "w").write("0")
block = os.urandom(1 << 20)
with open(sys.argv[4], "wb", buffering=0) as file:
    for _ in range(int(sys.argv[3]) >> 20): file.write(block)
print("ready", flush=True); time.sleep(600)
"""
SEGMENT = """
import time
open(sys.argv[2] + "/cgroup.procs", "w").write("0")
libc = ctypes.CDLL(None); libc.shmat.restype = ctypes.c_void_p
ctypes.memset(libc.shmat(int(sys.argv[4]), None, 0), 7, int(sys.argv[3]))
print("ready", flush=True); time.sleep(600)
"""
HUGE_SEGMENT = """
import time
libc = ctypes.CDLL(None); libc.shmat.restype = ctypes.c_void_p
ctypes.memset(libc.shmat(int(sys.argv[3]), None, 0), 7, int(sys.argv[2]))
print("ready", flush=True); time.sleep(600)
"""
SHARED = """
import mmap, os, signal, time
size, count = int(sys.argv[2]), int(sys.argv[3])
memory = mmap.mmap(-1, size, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
for page in range(0, size, 4096): memory[page] = 1
for _ in range(count - 1):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        sum(memory[page] for page in range(0, size, 4096))
        os.write(1, b"ready\\n"); time.sleep(600)
os.write(1, b"ready\\n"); time.sleep(600)
"""
HUGE = """
import mmap, time
size = int(sys.argv[2])
memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
for page in range(0, size, 2 << 20): memory[page] = 1
print("ready", flush=True); time.sleep(600)
"""


def command(name: str, *options: str) -> dict[str, Any]:
    """What ``jinmaek NAME`` says, as JSON."""
    return said_by([sys.executable, "-m", "jinmaek"], name, *options)


def said_by(program: list[str], name: str, *options: str, **how: Any) -> dict[str, Any]:
    words = [*program, name, "--json", "--lang", "en", *options]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300, **how)
    said: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(said, json.loads((DOCS / f"{name}.schema.json").read_text()))
    return said


def as_nobody(name: str, *options: str) -> dict[str, Any]:
    """The same, run by a user without privileges, who may not use the interpreter of these tests."""
    python = shutil.which("python3", path="/usr/bin:/bin")
    nobody: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    env = {"PYTHONPATH": str(Path(jinmaek.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    probe = [python or "python3", "-c", "import sys, jinmaek; sys.exit(sys.version_info < (3, 11))"]
    if (
        python is None
        or subprocess.run(probe, capture_output=True, env=env, check=False, **nobody).returncode
    ):
        pytest.skip("no Python 3.11 that another user may run")
    return said_by([python, "-m", "jinmaek"], name, *options, env=env, **nobody)


def ledger(*options: str) -> dict[str, Any]:
    """The ledger, which closes whatever else this test has made."""
    said = command("memory", *options)
    assert sum(bucket["bytes"] for bucket in said["buckets"]) + said["residual_bytes"] == said["total_bytes"]
    assert abs(said["residual_bytes"]) <= 0.01 * said["total_bytes"] + 64 * MIB
    assert said["residual_band_bytes"] > 0
    return said


def bucket(said: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in said["buckets"] if one["name"] == name)
    return found


def ready(processes: list[subprocess.Popen[bytes]], count: int = 1) -> None:
    for process in processes:
        assert process.stdout is not None
        for _ in range(count):
            assert process.stdout.readline() == b"ready\n"


@contextlib.contextmanager
def tmpfs(folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    try:
        sh("mount", "-t", "tmpfs", "-o", "size=3g", "jm-tmpfs", str(folder))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no tmpfs may be mounted here: {error.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@contextlib.contextmanager
def segment(size: int, flags: int = 0) -> Iterator[int]:
    """A System V segment."""
    libc = ctypes.CDLL(None)
    number = libc.shmget(0, size, 0o1600 | flags)
    if number < 0:
        pytest.skip("no System V segment may be made here")
    try:
        yield number
    finally:
        libc.shmctl(number, 0, None)


@contextlib.contextmanager
def pool(pages: int) -> Iterator[None]:
    """So many more huge pages in the pool of the default size."""
    was = int(POOL.read_text())
    try:
        POOL.write_text(str(was + pages))
        if int(POOL.read_text()) < was + pages:
            pytest.skip("memory is too fragmented for huge pages")
        yield
    finally:
        POOL.write_text(str(was))


@contextlib.contextmanager
def zram_swap(size: int) -> Iterator[str]:
    """A zram disk of our own as swap of the highest priority."""
    try:
        name = f"zram{(ZRAM / 'hot_add').read_text().strip()}"
    except OSError as error:
        pytest.skip(f"no zram here: {error.strerror}")
    disk = Path("/sys/block") / name
    try:
        (disk / "disksize").write_text(str(size))
        sh("mkswap", "-q", f"/dev/{name}")
        sh("swapon", "-p", "32000", f"/dev/{name}")
        try:
            yield name
        finally:
            sh("swapoff", f"/dev/{name}")
    finally:
        (disk / "reset").write_text("1")
        (ZRAM / "hot_remove").write_text(name.removeprefix("zram"))


def meminfo() -> dict[str, int]:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}


def test_as_it_is() -> None:
    said = ledger()
    assert said["used"]["procps4"] == pytest.approx(
        said["total_bytes"] - said["available"]["told_bytes"], abs=0
    )
    assert said["problem"] in ("nothing", "problem", "unknown")
    assert said["sentence"]


def test_cache_full(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        for _ in range(1024):
            file.write(b"x" * MIB)
    try:
        said = ledger()
    finally:
        path.unlink()
    cache = bucket(said, "page-cache")
    assert cache["bytes"] > 0.9 * GIB
    assert cache["available"] == "partly"
    assert cache["unowned_bytes"] > 0.9 * GIB  # mapped by nobody


def test_two_gib_in_a_tmpfs_of_another_mount_namespace_too(tmp_path: Path) -> None:
    needs_root()
    with tmpfs(tmp_path / "here") as here:
        with (here / "file").open("wb", buffering=0) as file:
            for _ in range(2048):
                file.write(b"x" * MIB)
        hidden = tmp_path / "there"
        hidden.mkdir()
        script = (
            f"mount -t tmpfs jm {hidden} && head -c {64 * MIB} /dev/zero >{hidden}/f && echo ready && read _"
        )
        with subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdin is not None
            try:
                ready([other])
                said = ledger()
            finally:
                other.stdin.close()
                other.wait(timeout=120)
    owners = {one["name"]: one for one in bucket(said, "shmem")["owners"]}
    assert owners[str(here)]["kind"] == "tmpfs"
    assert owners[str(here)]["bytes"] == 2 * GIB
    assert "holder" not in owners[str(here)]
    assert owners[str(hidden)]["bytes"] == 64 * MIB
    assert owners[str(hidden)]["pid"] == other.pid
    assert said["used"]["htop"] - said["used"]["procps3"] == bucket(said, "shmem")["bytes"]
    reasons = {one["name"]: one["bytes"] for one in said["used"]["procps4_less_procps3"]}
    assert reasons["shmem"] == bucket(said, "shmem")["bytes"] >= 2 * GIB


def test_a_gib_of_huge_pages() -> None:
    needs_root()
    with pool(512):
        idle = ledger()
        owners = {one["kind"]: one for one in bucket(idle, "hugetlb")["owners"]}
        assert bucket(idle, "hugetlb")["bytes"] >= GIB
        assert owners["pool-free"]["bytes"] >= GIB
        with (
            segment(64 * MIB, SHM_HUGETLB) as number,
            running("jm-huge", HUGE, str(256 * MIB)) as holders,
            running("jm-huge-sysv", HUGE_SEGMENT, str(64 * MIB), str(number)) as attached,
        ):
            ready([*holders, *attached])
            said = ledger()
    named = {one["name"]: one for one in bucket(said, "hugetlb")["owners"] if one["kind"] != "sysv"}
    assert named["jm-huge"]["bytes"] == 256 * MIB
    assert "jm-huge-sysv" not in named
    assert named["pool-free"]["bytes"] == owners["pool-free"]["bytes"] - 320 * MIB
    assert said["used"]["procps4"] >= GIB
    # A segment of huge pages is of the pool, not of Shmem.
    (sysv,) = (one for one in bucket(said, "hugetlb")["owners"] if one["kind"] == "sysv")
    assert (sysv["id"], sysv["bytes"], sysv["holder"]) == (str(number), 64 * MIB, "jm-huge-sysv")
    assert str(number) not in {one["id"] for one in bucket(said, "shmem")["owners"]}


def test_half_a_million_names_of_missing_files(tmp_path: Path) -> None:
    needs_root()
    if "tmpfs" in sh("stat", "-f", "-c", "%T", str(tmp_path)):
        pytest.skip("tmpfs forgets missing names at once")
    folder = tmp_path / "names"
    folder.mkdir()
    try:
        # Somebody else's shortage of memory may drop them meanwhile.
        for _ in range(3):
            for number in range(500_000):
                os.path.exists(f"{folder}/{number}")
            said = ledger()
            (names,) = (one for one in bucket(said, "slab-reclaimable")["owners"] if one["name"] == "dentry")
            if names["objects"] >= 500_000 and names["negative"] >= 480_000:
                break
    finally:
        folder.rmdir()
    assert names["objects"] >= 500_000
    assert names["bytes"] >= 500_000 * names["object_bytes"]
    assert names["negative"] >= 480_000
    if names["negative"] >= names["names"] / 2:
        assert any("do not exist" in remark for remark in said["remarks"])


def test_two_hundred_processes_that_share_a_mapping() -> None:
    size = 256 * MIB
    with running("jm-shared", SHARED, str(size), "200") as holders:
        ready(holders, 200)
        said = ledger("--budget", "100s")
    if os.geteuid() == 0:
        (shared,) = (one for one in bucket(said, "shmem")["owners"] if one.get("holder") == "jm-shared")
        assert shared["kind"] == "shared-mapping"
        assert shared["holders"] == 200
        assert shared["bytes"] == pytest.approx(size, rel=0.02)
    (tables,) = (one for one in bucket(said, "page-tables")["owners"] if one["name"] == "jm-shared")
    assert tables["processes"] == 200
    assert tables["bytes"] >= 200 * size / 4096 * 8
    used = said["used"]
    assert used["sum_rss"] > 200 * size
    assert used["sum_pss_at_least"] < used["sum_rss"] - 190 * size


def test_swap_in_zram() -> None:
    needs_root()
    with (
        zram_swap(1 * GIB) as name,
        memory_cgroup(64 * MIB) as group,
        running("jm-cold", ANONYMOUS, str(group), str(512 * MIB)) as holders,
    ):
        ready(holders)
        for _ in range(5):  # others may be swapped out to it meanwhile
            said = ledger()
            swap = command("swap", "--for", "1s")
            (disk,) = (one for one in bucket(said, "compressed")["owners"] if one["name"] == name)
            if disk["bytes"] <= bucket(said, "compressed")["bytes"] + MIB:
                break
    assert disk["orig_bytes"] > 400 * MIB
    # The counter of pages lags behind by what the CPUs have not folded in.
    assert 0 < disk["bytes"] <= bucket(said, "compressed")["bytes"] + MIB
    closes(swap)
    parts = {part["kind"]: part for part in swap["parts"]}
    assert [one["name"] for one in parts["zram"]["who"]] == [name]
    assert not parts["zram"]["adds"]
    assert next(one for one in parts["anon"]["who"] if one["name"] == "jm-cold")["bytes"] > 400 * MIB


def closes(swap: dict[str, Any]) -> None:
    """The parts add up to what /proc/swaps says is used, within 2 %."""
    added = sum(part["bytes"] for part in swap["parts"] if part["adds"])
    assert added + swap["unexplained_bytes"] == swap["used_bytes"]
    # On a machine that others use too, some swap while the rest is being read.
    assert abs(swap["unexplained_bytes"]) <= 0.02 * swap["used_bytes"] + swap["moved_bytes"]


def test_anonymous_tmpfs_and_segment_in_swap(tmp_path: Path) -> None:
    needs_root()
    with (
        tmpfs(tmp_path / "t") as files,
        segment(128 * MIB) as number,
        swap_file(tmp_path, 1 * GIB),
        memory_cgroup(48 * MIB) as group,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(lambda: (files / "file").unlink(missing_ok=True))
        for name, code, words in (
            ("jm-anon", ANONYMOUS, (str(256 * MIB),)),
            ("jm-tmpfs", TMPFS, (str(320 * MIB), str(files / "file"))),
            ("jm-sysv", SEGMENT, (str(128 * MIB), str(number))),
        ):
            ready(stack.enter_context(running(name, code, str(group), *words)))
        until(lambda: meminfo()["SwapTotal"] - meminfo()["SwapFree"] > 600 * MIB, 120, "swapping")
        for _ in range(5):  # now that there is swap, others may be moved there, and come back
            swap = command("swap", "--for", "2s")
            said = ledger()
            if not swap["active"] and bucket(said, "swap-cache")["bytes"] <= 64 * MIB:
                break
    closes(swap)
    parts = {part["kind"]: part for part in swap["parts"]}
    anon = next(one for one in parts["anon"]["who"] if one["name"] == "jm-anon")
    assert anon["bytes"] > 200 * MIB
    shmem = {one["kind"]: one for one in parts["shmem"]["who"]}
    assert shmem["sysv"]["id"] == str(number)
    assert shmem["sysv"]["bytes"] > 80 * MIB
    assert shmem["tmpfs"]["name"] == str(files)
    assert shmem["tmpfs"]["bytes"] > 200 * MIB
    # What is left of it in RAM, if anything.
    for held in bucket(said, "shmem")["owners"]:
        assert held["name"] != str(files) or held["bytes"] + held["swap_bytes"] == 320 * MIB
    assert parts["cgroup"]["who"][0]["name"] == f"/{group.name}"
    assert parts["cgroup"]["who"][0]["bytes"] > 550 * MIB
    assert swap["active"] is False
    assert swap["state"] in ("stale", "idle", "moving")
    assert bucket(said, "swap-cache")["bytes"] <= 64 * MIB


def test_who_reads_swap_back_now(tmp_path: Path) -> None:
    needs_root()
    again = "while True:\n    for page in range(0, size, 4096): memory[page] = 1\n"
    code = ANONYMOUS.replace("time.sleep(600)", "") + again
    with (
        swap_file(tmp_path, 512 * MIB),
        memory_cgroup(64 * MIB) as group,
        running("jm-reader", code, str(group), str(192 * MIB)) as (reader,),
    ):
        ready([reader])
        swap = command("swap", "--for", "3s")
    assert (swap["state"], swap["active"]) == ("active", True)
    assert swap["readers"][0]["pid"] == reader.pid
    assert "jm-reader" in swap["sentence"]
    assert swap["rates"]["pswpin"] > 10
    assert swap["helps"]
    assert swap["does_not_help"]


def test_without_privileges_sums_are_bounds_and_say_so(tmp_path: Path) -> None:
    needs_root()
    with (
        swap_file(tmp_path, 256 * MIB),
        memory_cgroup(32 * MIB) as group,
        running("jm-other", ANONYMOUS, str(group), str(96 * MIB)) as holders,
    ):
        ready(holders)
        said = as_nobody("memory")
        swap = as_nobody("swap", "--for", "1s")
    assert sum(one["bytes"] for one in said["buckets"]) + said["residual_bytes"] == said["total_bytes"]
    assert said["used"]["sum_pss"] is None
    assert said["processes"]["unread"]["denied"] > 0
    assert {"denied"} <= {gap["kind"] for gap in said["gaps"]}
    anon = bucket(said, "anonymous")
    assert next(one for one in anon["owners"] if one["name"] == "jm-other")["bound"] == "upper"
    (names,) = bucket(said, "slab-reclaimable")["owners"]
    assert (names["name"], names["bytes"]) == ("dentry", None)
    parts = {part["kind"]: part for part in swap["parts"]}
    assert parts["anon"]["bound"] == "upper"
    assert parts["shmem"]["bound"] == "lower"
    assert not swap["exact"]
    assert parts["anon"]["bytes"] > 60 * MIB


def test_a_removed_cgroup_that_is_still_held(tmp_path: Path) -> None:
    needs_root()
    count = 40
    v1 = Path("/sys/fs/cgroup/memory")
    if not (v1 / "memory.limit_in_bytes").exists():
        pytest.skip("counted here where version 1 has the memory controller")
    files = []
    try:
        for number in range(count):
            folder = v1 / f"jinmaek-test-{os.getpid()}-{number}"
            folder.mkdir()
            files.append(tmp_path / f"held-{number}")
            script = f"echo 0 >{folder}/cgroup.procs; head -c 1048576 /dev/zero >{files[-1]}"
            subprocess.run(["sh", "-c", script], check=True)
            removed(folder)
        until(lambda: dying(ledger())["count"] >= count, 60, "the kernel to let go of them")
        held = dying(ledger())
    finally:
        for file in files:
            file.unlink(missing_ok=True)
    assert held["count"] >= count
    assert held["bytes"] is None


def dying(said: dict[str, Any]) -> dict[str, Any]:
    kind = "dying-cgroups"
    return next((one for one in bucket(said, "percpu")["owners"] if one["kind"] == kind), {"count": 0})
