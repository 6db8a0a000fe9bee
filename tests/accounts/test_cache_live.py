"""The page cache of the running kernel: real files in every state they can be in, beside fincore."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.accounts import slow_fuse
from tests.faults.making import MIB, loop_filesystem, memory_cgroup, needs_root, running, sh, until
from tests.tasks import children

from jinmaek.accounts.page_cache import look, residency
from jinmaek.kernel.cachestat import PAGE
from jinmaek.kernel.meminfo import parse as meminfo

pytestmark = pytest.mark.kernel

HOLD = """
import mmap, os, sys, time
held = [open(path, "rb", buffering=0) for path in sys.argv[1:]]
print("ready", flush=True)
time.sleep(600)
"""
MAP = """
import mmap, os, sys, time
files = [os.open(path, os.O_RDWR) for path in sys.argv[1:]]
maps = [mmap.mmap(file, 0) for file in files]
for file in files: os.close(file)
for path, part in zip(sys.argv[1:], maps):
    # mmap keeps a descriptor of its own: this one must be known by its mapping alone.
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.path.samestat(os.stat(path), os.fstat(int(fd))): os.close(int(fd))
        except OSError: pass
    if "--unlink" in os.environ.get("HOW", ""): os.unlink(path)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _has_cachestat() -> None:
    if residency.choose().name != "cachestat":
        pytest.skip("this kernel has no cachestat(2)")


def said(*words: str, top: int = 0) -> dict[str, Any]:
    """What the command says as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "jinmaek", "cache", "--json", "--lang", "en", "--top", str(top), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def shown(*words: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "jinmaek", "cache", "--lang", "en", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


def named(told: dict[str, Any], path: Path | str) -> dict[str, Any]:
    """The one entry of a file."""
    (found,) = [file for file in told["files"] if file["path"] == str(path)]
    entry: dict[str, Any] = found
    return entry


def filled(path: Path, size: int) -> Path:
    """A file on the disk, all of it in the page cache and none of it dirty."""
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
        file.flush()
        os.fsync(file.fileno())
    return path


def dropped(path: Path) -> None:
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextlib.contextmanager
def on_tmpfs(size: int) -> Iterator[Path]:
    path = Path(f"/dev/shm/jinmaek-test-{os.getpid()}")
    if not path.parent.is_dir():
        pytest.skip("no /dev/shm here")
    try:
        path.write_bytes(b"x" * size)
        yield path
    finally:
        path.unlink(missing_ok=True)


def test_a_file_just_read_ranks_first_with_fincore_s_bytes(
    tmp_path: Path, peer: Callable[[str], str]
) -> None:
    (row,) = meminfo(Path("/proc/meminfo").read_text())
    room = min(row.MemAvailable or 0, shutil.disk_usage(tmp_path).free)
    if room < 1024 * MIB:
        pytest.skip("no room for a large file")
    size = 256 * MIB
    path = filled(tmp_path / "large", size)
    try:
        dropped(path)
        (tmp_path / "other").write_bytes(b"x" * MIB)
        with path.open("rb", buffering=0) as file:
            while file.read(MIB):
                pass
        fincore = [peer("fincore"), "-b", "-n", "-o", "RES", str(path)]
        for _ in range(3):  # somebody may evict a page between the two
            told = said(str(tmp_path))
            theirs = int(subprocess.run(fincore, capture_output=True, check=True).stdout)
            if told["files"][0]["cached_bytes"] == theirs:
                break
        assert told["files"][0]["path"] == str(path)
        assert told["files"][0]["cached_bytes"] == theirs > size // 2
        assert told["files"][0]["who"] == []
        with children.child(HOLD, str(path)) as pid:
            told = said()
            sizes = [file["cached_bytes"] for file in told["files"]]
            assert sizes == sorted(sizes, reverse=True)
            assert size // 2 < named(told, path)["cached_bytes"] <= size
            assert [one["pid"] for one in named(told, path)["who"]] == [pid]
            own = {one["pid"]: one["own_bytes"] for one in told["processes"]}
            assert own[pid] > size // 2
    finally:
        path.unlink()


def test_sums_close_and_nothing_is_left_over(tmp_path: Path) -> None:
    path = filled(tmp_path / "file", 8 * MIB)
    with children.child(HOLD, str(path)), children.child(HOLD, str(path)):
        told = said()
    assert told["cached_bytes"] == told["found_bytes"] + told["shmem_bytes"] + told["unattributed_bytes"]
    found = told["found_bytes"] + told["found_shmem_bytes"]
    assert sum(file["cached_bytes"] for file in told["files"]) == found
    for arrangement in ("processes", "cgroups", "filesystems"):
        assert sum(part["share_bytes"] for part in told[arrangement]) == found
    sharers = [one for one in told["processes"] if one["pid"] in {w["pid"] for w in named(told, path)["who"]}]
    assert len(sharers) == 2
    assert all(one["share_bytes"] >= 4 * MIB and one["uses_bytes"] >= 8 * MIB for one in sharers)


def test_dirty_before_fsync_and_not_after(tmp_path: Path) -> None:
    path = tmp_path / "written"
    with path.open("wb", buffering=0) as file:
        for _ in range(5):  # somebody may call sync(2) meanwhile, or have so much to write that all of it is
            os.pwrite(file.fileno(), b"x" * (8 * MIB), 0)
            # Open for writing alone: nobody may map it, and cachestat(2) answers all the same.
            dirty = named(said(), path)["dirty_bytes"]
            if dirty == 8 * MIB:
                break
        assert dirty == 8 * MIB
        os.fsync(file.fileno())
        entry = named(said(), path)
    assert (entry["dirty_bytes"], entry["cached_bytes"], entry["evicted_bytes"]) == (0, 8 * MIB, 0)


def test_a_deleted_file_that_is_open_has_its_name(tmp_path: Path) -> None:
    path = filled(tmp_path / "gone", MIB)
    with children.child(HOLD, str(path)):
        path.unlink()
        assert named(said(), path)["deleted"] is True
        assert f"{path} (deleted)" in shown("--top", "0")


@pytest.mark.parametrize("how", ["", "--unlink"])
def test_a_file_that_is_only_mapped(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "mapped", MIB)
    monkeypatch.setenv("HOW", how)
    if how:
        needs_root()
    with children.child(MAP, str(path)) as pid:
        entry = named(said(), path)
    assert entry["cached_bytes"] == MIB
    assert [one["pid"] for one in entry["who"]] == [pid]
    assert entry["deleted"] is bool(how)


def test_tmpfs_counts_under_shmem() -> None:
    with on_tmpfs(8 * MIB) as path, children.child(HOLD, str(path)):
        for _ in range(5):  # Shmem is read at another moment than the files
            told = said()
            if told["found_shmem_bytes"] <= told["shmem_bytes"] + 8 * MIB:
                break
        entry = named(told, path)
        assert (entry["shmem"], entry["cached_bytes"], entry["dirty_bytes"]) == (True, 8 * MIB, None)
        assert told["found_shmem_bytes"] >= 8 * MIB
        on_disk = sum(file["cached_bytes"] for file in told["files"] if not file["shmem"])
        assert told["found_bytes"] == on_disk
        assert 8 * MIB <= told["found_shmem_bytes"] <= told["shmem_bytes"] + 8 * MIB
        held = {system["mountpoint"]: system["held_bytes"] for system in told["filesystems"]}
        assert held["/dev/shm"] >= 8 * MIB


def test_a_limit_evicts_the_working_set_and_the_sentence_says_so(tmp_path: Path) -> None:
    needs_root()
    hot, cold = filled(tmp_path / "hot", 40 * MIB), filled(tmp_path / "cold", 64 * MIB)
    dropped(hot)
    dropped(cold)
    code = """
import os, time
open(sys.argv[2] + "/cgroup.procs", "w").write("0")
hot, cold = (open(path, "rb", buffering=0) for path in sys.argv[3:5])
def read(file):
    file.seek(0)
    while file.read(4096): pass
for _ in range(3): read(hot)  # what is read again is active
read(cold)
open(sys.argv[5], "w").close()
time.sleep(600)
"""
    done = tmp_path / "done"
    with (
        memory_cgroup(64 * MIB) as group,
        running("jm-reader", code, str(group), str(hot), str(cold), str(done)) as (reader,),
    ):
        until(done.exists, 300, "the files to be read")
        # The kernel sums up how much is active in a cgroup every two seconds, or when it comes to it.
        until(lambda: named(said(str(cold)), cold)["recently_evicted_bytes"] > MIB, 120, "recent evictions")
        told = said()
        (row,) = meminfo(Path("/proc/meminfo").read_text())
        entry = named(told, cold)
        assert 0 < entry["recently_evicted_bytes"] <= entry["evicted_bytes"]
        assert [one["pid"] for one in entry["who"]] == [reader.pid]
        if (row.MemAvailable or 0) < 0.15 * row.MemTotal:
            pytest.skip("this host is short of memory itself")
        assert told["verdict"]["kind"] == "limited"
        assert f"/{group.name}" in told["verdict"]["cgroups"]
        assert "memory limit of a cgroup is short, not RAM" in told["sentence"]
        assert f"/{group.name}" in shown("--by", "cgroup", "--top", "0")
    # Once dropped, nothing is evicted any more.
    dropped(cold)
    assert not [file for file in said(str(cold))["files"] if file["cached_bytes"]]


@contextlib.contextmanager
def opens_of(folder: Path) -> Iterator[Callable[[], set[str]]]:
    """The names in a folder that were opened so far (inotify)."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert libc.inotify_add_watch(watch, os.fsencode(folder), 0x20) >= 0

    def names() -> set[str]:
        found: set[str] = set()
        while select.select([watch], [], [], 0)[0]:
            data, at = os.read(watch, 1 << 16), 0
            while at < len(data):
                _, _, _, length = struct.unpack_from("=iIII", data, at)
                found.add(data[at + 16 : at + 16 + length].rstrip(b"\0").decode())
                at += 16 + length
        return found

    try:
        yield names
    finally:
        os.close(watch)


def test_pipes_sockets_and_devices_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    regular = filled(tmp_path / "regular", MIB)
    (tmp_path / "link").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        with opens_of(tmp_path) as names:
            assert {file["path"] for file in said(str(tmp_path))["files"]} == {str(regular)}
            assert names() - {""} == {"regular"}
            others = f"import os; os.open({str(tmp_path / 'fifo')!r}, os.O_RDWR); os.open('/dev/zero', 0)"
            with children.child(f"{others}\n{HOLD}", str(regular)) as pid:
                names()
                told = said()
                assert [one["pid"] for one in named(told, regular)["who"]] == [pid]
                # Nor is a file that is open already: its descriptor is taken over.
                assert names() - {""} == set()
            skipped = said(str(tmp_path / "fifo"))["looked_at"]["skipped"]
            assert "no file" in [one["reason"] for one in skipped]
            assert names() - {""} == set()


def test_a_file_system_that_hangs_is_left_alone(tmp_path: Path) -> None:
    needs_root()
    mount = tmp_path / "slow"
    mount.mkdir()
    with slow_fuse.served(mount) as server, children.child(HOLD, str(mount / "f")), slow_fuse.stuck(server):
        # stat(2) through the same descriptor does wait.
        child = os.fork()
        if child == 0:
            try:
                os.stat(mount / "f")
            finally:
                os._exit(0)  # also where the server is ended before it answers
        for words in ([], [str(tmp_path)], [str(mount / "f")], ["--scan", "--budget", "1s"]):
            told = said(*words)
            skipped = [one for one in told["looked_at"]["skipped"] if one["detail"] == "fuse"]
            assert all(one["reason"] == "remote" for one in skipped)
            assert skipped
            assert told["lower_bound"] is True
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
    os.waitpid(child, 0)


def test_twenty_thousand_files_are_all_there(tmp_path: Path) -> None:
    count = 20_000
    for n in range(100):
        folder = tmp_path / str(n)
        folder.mkdir()
        for m in range(count // 100):
            (folder / str(m)).write_bytes(b"x")
    os.sync()
    for _ in range(3):  # whoever drops the cache of the host meanwhile spoils one
        told = said(str(tmp_path), "--budget", "60s", top=5)
        assert told["looked_at"]["files"] >= count
        assert not [one for one in told["looked_at"]["skipped"] if one["what"] == "folders"]
        if told["shown_bytes"] == count * PAGE:
            break
        for folder in tmp_path.iterdir():
            for path in folder.iterdir():
                path.read_bytes()
    assert told["shown_bytes"] == count * PAGE
    assert len(told["files"]) + told["files_left_out"] == count
    # What there is no time for, and what is over the limit, is counted.
    few = said(str(tmp_path), "--limit", "1000", top=5)
    assert 0 < len(few["files"]) + few["files_left_out"] <= 1000
    limited = [one for one in few["looked_at"]["skipped"] if one["reason"] == "limit"]
    assert limited[0]["count"] >= 90
    assert few["lower_bound"] is True


def test_hard_links_and_overlapping_paths_count_once(tmp_path: Path) -> None:
    path = filled(tmp_path / "a", MIB)
    os.link(path, tmp_path / "b")
    (tmp_path / "folder").mkdir()
    os.link(path, tmp_path / "folder/c")
    told = said(str(tmp_path), str(tmp_path / "folder"), str(path), str(tmp_path / "b"))
    assert told["shown_bytes"] == MIB
    assert len(told["files"]) == 1


def test_without_cachestat_mincore_tells_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "half", 8 * MIB)
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 4 * MIB, 0, os.POSIX_FADV_DONTNEED)
    before = path.stat().st_atime_ns
    new = look.look([str(tmp_path)])

    def absent(_: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(residency, "cachestat", absent)
    with path.open("ab", buffering=0):
        old = look.look([str(tmp_path)])  # held open for writing alone
    assert [(one.path, one.told.nr_cache) for one in old.shown] == [(str(path), 4 * MIB)]
    assert [one.told.nr_cache for one in new.shown] == [4 * MIB]
    assert (new.way, old.way) == ("cachestat", "mincore")
    assert old.shown[0].told[1:] == (None, None, None, None)
    assert [gap.source for gap in old.gaps] == ["cachestat(2)"]
    assert path.stat().st_atime_ns == before


def test_an_overlay_s_files_are_the_layer_s(tmp_path: Path) -> None:
    needs_root()
    for name in ("lower", "upper1", "upper2", "work1", "work2", "m1", "m2"):
        (tmp_path / name).mkdir()
    path = filled(tmp_path / "lower/f", 4 * MIB)
    relative = "lowerdir=lower,upperdir=upper2,workdir=work2"
    absolute = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper1,workdir={tmp_path}/work1"
    mounted = []
    try:
        for name, options in (("m1", absolute), ("m2", relative)):
            try:
                subprocess.run(
                    ["mount", "-t", "overlay", "overlay", "-o", options, name],
                    cwd=tmp_path,
                    check=True,
                    capture_output=True,
                )
            except subprocess.CalledProcessError as error:
                pytest.skip(f"no overlay here: {error.stderr!r}")
            mounted.append(tmp_path / name)
        # Through a layer that can be reached: all the kernel knows of it.
        entry = named(said(str(tmp_path / "m1")), tmp_path / "m1/f")
        assert (entry["cached_bytes"], entry["evicted_bytes"]) == (4 * MIB, 0)
        assert entry["inode"] == path.stat().st_ino
        # Through one that cannot: what is in the cache, and a gap for the rest.
        told = said(str(tmp_path / "m2"))
        entry = named(told, tmp_path / "m2/f")
        assert (entry["cached_bytes"], entry["evicted_bytes"]) == (4 * MIB, None)
        assert "overlay layers" in [gap["source"] for gap in told["gaps"]]
        # One file, whichever way it is seen.
        with children.child(HOLD, str(tmp_path / "m1/f")) as first, children.child(HOLD, str(path)) as second:
            told = said(str(path), str(tmp_path / "m1"))
            assert told["shown_bytes"] == 4 * MIB
            assert {one["pid"] for one in told["files"][0]["who"]} == {first, second}
        # A copy is another file.
        with (tmp_path / "m1/f").open("r+b") as file:
            file.write(b"changed")
        entry = named(said(str(tmp_path / "m1")), tmp_path / "m1/f")
        assert entry["inode"] == (tmp_path / "upper1/f").stat().st_ino
    finally:
        for place in mounted:
            subprocess.run(["umount", "-l", str(place)], check=False)


def test_two_overlays_that_hide_their_layer_count_it_once(tmp_path: Path) -> None:
    needs_root()
    for name in ("lower", "other", "m1", "m2"):
        (tmp_path / name).mkdir()
    filled(tmp_path / "lower/f", 4 * MIB)
    mounted = []
    try:
        for name in ("m1", "m2"):
            done = subprocess.run(
                ["mount", "-t", "overlay", "overlay", "-o", "lowerdir=lower:other", name],
                cwd=tmp_path,
                check=False,
                capture_output=True,
            )
            if done.returncode:
                pytest.skip(f"no overlay here: {done.stderr!r}")
            mounted.append(tmp_path / name)
        assert said(str(tmp_path / "m1"), str(tmp_path / "m2"))["shown_bytes"] == 4 * MIB
    finally:
        for place in mounted:
            subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_file_in_another_mount_namespace(tmp_path: Path) -> None:
    needs_root()
    code = """
import ctypes, os, sys, time, mmap
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x20000) or libc.mount(b"none", b"/", None, 0x44000, None): os._exit(1)
if libc.mount(b"tmpfs", sys.argv[1].encode(), b"tmpfs", 0, None): os._exit(1)
path = sys.argv[1] + "/inside"
with open(path, "wb") as file: file.write(b"x" * (1 << 20))
held = open(path, "rb")
print("ready", flush=True)
time.sleep(600)
"""
    inside = tmp_path / "inside"
    with children.child(code, str(tmp_path)) as pid:
        assert not inside.exists()
        entry = named(said(), inside)
    assert (entry["cached_bytes"], entry["shmem"]) == (MIB, True)
    assert [one["pid"] for one in entry["who"]] == [pid]


def test_buffers_and_the_file_behind_a_loop_device(tmp_path: Path) -> None:
    needs_root()
    with loop_filesystem(tmp_path) as mount:
        for n in range(200):
            (mount / str(n)).mkdir()
        told = said()
        device = sh("findmnt", "-n", "-o", "SOURCE", str(mount)).strip()
        held = {one["path"]: one["cached_bytes"] for one in told["devices"]}
        for _ in range(5):  # Buffers are read at another moment than the devices
            if sum(held.values()) <= told["buffers_bytes"] + MIB:
                break
            told = said()
            held = {one["path"]: one["cached_bytes"] for one in told["devices"]}
        if device not in held:
            pytest.skip(f"{device} may not be opened here")
        assert held[device] > 0
        assert sum(held.values()) <= told["buffers_bytes"] + MIB
        image = named(told, tmp_path / "image")
        assert [one["name"] for one in image["who"]] == [device.removeprefix("/dev/")]
        assert image["who"][0]["pid"] is None


def test_another_user_is_told_a_lower_bound(tmp_path: Path) -> None:
    needs_root()
    secret = filled(tmp_path / "secret", MIB)
    readable = filled(tmp_path / "readable", MIB)
    secret.chmod(0o600)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o005)
    look.look()  # so that all modules are there: the other user may not be able to read them
    readings, writings = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            one = look.look([str(tmp_path)])
            told = {
                "lower": one.lower_bound,
                "privileged": one.privileged,
                "shown": [file.path for file in one.shown],
                "skipped": [[s.what, s.reason, s.count] for s in one.looked.skipped],
                "gap": (one.unattributed or 0) + (one.found or 0) + (one.totals.shmem or 0)
                == one.totals.cached,
            }
            os.write(writings, json.dumps(told).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writings)
    with os.fdopen(readings, "rb") as pipe:
        data = pipe.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    told = json.loads(data)
    assert told["lower"] is True
    assert told["privileged"] is False
    assert told["gap"] is True
    assert str(secret) not in told["shown"]
    denied = {what: count for what, reason, count in told["skipped"] if reason == "denied"}
    assert denied["processes"] > 0
    # Since 6.13 the kernel tells no more of files one may only read.
    assert denied["files"] >= (1 if str(readable) in told["shown"] else 2)


def test_an_interrupt_ends_it_without_a_word(tmp_path: Path) -> None:
    for _ in range(5):  # on a busy machine it may be done before it is interrupted
        status, out, seen = interrupted()
        if status != 0:
            break
    assert status == 130
    assert out == b""
    assert seen.endswith(b"\r\x1b[K")
    assert b"Traceback" not in seen


def interrupted() -> tuple[int, bytes, bytes]:
    """How a scan ends that is interrupted at its first progress; what it printed, and on the terminal."""
    parent, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "jinmaek", "cache", "--scan", "--budget", "60s", "/"],
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    try:
        os.close(terminal)
        seen = b""
        with contextlib.suppress(OSError):  # EIO: it has ended
            while b"looking at the page cache" not in seen:
                seen += os.read(parent, 4096)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
        with contextlib.suppress(OSError):
            while True:
                seen += os.read(parent, 4096)
    finally:
        process.kill()
        process.wait()
        os.close(parent)
    return process.returncode, out, seen
