"""Mount namespaces through a process of each, and files in memory that nobody has a name for."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import CAPTURES
from tests.faults.making import MIB, needs_root

from jinmaek.kernel.mounts import Mount
from jinmaek.root import LIVE, Root
from jinmaek.tasks import memory_files, mount_spaces
from jinmaek.tasks.mount_spaces import MountSpace

HOLD = """
import os, sys
fd = os.memfd_create("jm-ring")
os.truncate(fd, 8 << 20)
os.pwrite(fd, b"x" * (3 << 20), 0)
gone = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.write(gone, b"y" * (2 << 20))
os.unlink(sys.argv[1])
other = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT, 0o600)
os.unlink(sys.argv[2])
print("ready", flush=True)
sys.stdin.read()
"""
UNSHARED = 'mount -t tmpfs jm "$1" && head -c 1048576 /dev/zero >"$1/file" && echo ready && read -r _'


@contextlib.contextmanager
def child(*words: str) -> Iterator[int]:
    """A process that says it is ready and lives until its input ends."""
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "ready\n":
                pytest.skip("the host does not permit it")
            yield process.pid
        finally:
            process.stdin.close()
            process.wait(timeout=60)


def mount(point: str, fstype: str) -> Mount:
    return Mount(device="x", mountpoint=point, fstype=fstype, options="rw")


SPACE = MountSpace(
    7,
    (
        mount("/", "ext4"),
        mount("/mnt/nfs", "nfs4"),
        mount("/mnt/nfs/cache", "tmpfs"),
        mount("/mnt/nfsx", "tmpfs"),
        mount("/run", "tmpfs"),
        mount("/run/user/1/doc", "fuse.portal"),
    ),
)


def test_the_way_to_a_mount_may_cross_what_hangs() -> None:
    assert SPACE.may_hang("/mnt/nfs/cache")
    assert not SPACE.may_hang("/mnt/nfsx")
    assert not SPACE.may_hang("/run")
    assert not SPACE.may_hang("/")
    assert MountSpace(None, (mount("/", "nfs"), mount("/run", "tmpfs"))).may_hang("/run")


def test_which_mount_holds_a_path() -> None:
    for path, point in (
        ("/run/x", "/run"),
        ("/runx", "/"),
        ("/mnt/nfs/cache/a", "/mnt/nfs/cache"),
        ("/", "/"),
    ):
        found = SPACE.on(path)
        assert found is not None
        assert found.mountpoint == point


def test_a_namespace_is_reached_through_one_of_its_processes() -> None:
    assert SPACE.path(LIVE, "/run") == "/proc/7/root/run"
    assert MountSpace(None, ()).path(LIVE, "/run") == "/proc/self/root/run"


def test_a_captured_tree_has_one_mount_table() -> None:
    seen = mount_spaces.look(Root(str(CAPTURES / "6.12")), [1, 191])
    assert [space.pid for space in seen.spaces] == [None]
    assert "tmpfs" in {one.fstype for one in seen.spaces[0].mounts}


def test_one_s_own_namespace_is_not_seen_through_another_process() -> None:
    seen = mount_spaces.look(LIVE, [os.getpid(), os.getppid()])
    assert seen.spaces[0].pid is None
    assert seen.of[os.getpid()] == 0
    on = seen.spaces[0].on("/proc/self")
    assert on is not None
    assert on.fstype == "proc"


@pytest.mark.kernel
def test_another_mount_namespace(tmp_path: Path) -> None:
    needs_root()
    with child("unshare", "-m", "sh", "-c", UNSHARED, "sh", str(tmp_path)) as pid:
        seen = mount_spaces.look(LIVE, [os.getpid(), pid])
        space = seen.spaces[seen.of[pid]]
        assert space.pid == pid
        on = space.on(str(tmp_path))
        assert on is not None
        assert (on.mountpoint, on.fstype) == (str(tmp_path), "tmpfs")
        assert not os.path.exists(tmp_path / "file")
        assert os.path.exists(space.path(LIVE, str(tmp_path)) + "/file")


@pytest.mark.kernel
def test_files_in_memory_that_have_no_name(tmp_path: Path) -> None:
    in_memory = f"/dev/shm/jm-test-{os.getpid()}"
    with child(sys.executable, "-c", HOLD, in_memory, str(tmp_path / "on-disk")) as pid:
        spaces = mount_spaces.look(LIVE, [pid])
        files, gaps = memory_files.look(LIVE, [pid], spaces, 60.0)
        found = {file.name: file for file in files}
    assert gaps == ()
    assert set(found) == {"jm-ring", in_memory}
    ring, gone = found["jm-ring"], found[in_memory]
    assert (ring.memfd, ring.size, ring.holders) == (True, 3 * MIB, [pid])
    assert (gone.memfd, gone.size) == (False, 2 * MIB)
    assert gone.device == os.stat("/dev/shm").st_dev


def test_a_budget_that_is_used_up_is_said() -> None:
    spaces = mount_spaces.look(LIVE, [os.getpid()])
    files, (gap,) = memory_files.look(LIVE, [os.getpid()] * 3, spaces, -1.0)
    assert files == []
    assert (gap.kind, gap.detail) == ("timed out", "0 of 3 processes in -1 s")
