"""Where a thread in D is at work: from its system call and the mount of its descriptor."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest
from tests.faults.making import frozen, loop_filesystem, needs_root, running, until

from jinmaek.accounts.load.places import MACHINES, READING, WRITING, Place, Places
from jinmaek.root import LIVE, Root
from jinmaek.tasks.table import Waiting

MOUNTS = "27 1 254:1 / /data\\040x rw - ext4 /dev/vda1 rw\n30 1 0:40 / /srv rw - nfs4 srv:/export rw\n"


def waiting(comm: str = "x", pid: int = 5) -> Waiting:
    return Waiting(pid=pid, tgid=pid, start_time=1.0, comm=comm, wchan="io_schedule")


def tree(folder: Path, syscall: str, mount: int | None) -> Places:
    task = folder / "proc/5/task/5"
    (task / "fdinfo").mkdir(parents=True)
    (task / "syscall").write_text(syscall)
    (task / "mountinfo").write_text(MOUNTS)
    info = "pos:\t0\nflags:\t02\n" + ("" if mount is None else f"mnt_id:\t{mount}\n")
    (task / "fdinfo/3").write_text(info)
    return Places(Root(str(folder)))


def number(calls: dict[str, tuple[int, int]], name: str) -> int:
    if platform.machine() not in MACHINES:
        pytest.skip(f"system calls of {platform.machine()} are not known")
    return calls[name][MACHINES.index(platform.machine())]


def test_the_mount_of_the_descriptor(tmp_path: Path) -> None:
    call = number(dict(WRITING), "write")
    places = tree(tmp_path, f"{call} 0x3 0x7ffd 0x1 0x0 0x0 0x0 0x7ffe 0x7f00\n", 27)
    assert places.of(waiting()) == Place("vda1", "ext4", "/data x", writing=True)


def test_a_server_is_named_as_it_was_mounted(tmp_path: Path) -> None:
    call = number(dict(READING), "read")
    places = tree(tmp_path, f"{call} 0x3 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n", 30)
    assert places.of(waiting()) == Place("srv:/export", "nfs4", "/srv", writing=False)


@pytest.mark.parametrize(
    ("syscall", "mount"),
    [
        ("running\n", 27),
        ("-1 0x7ffe 0x7f00\n", 27),
        ("", 27),
        ("999999 0x3 0x0\n", 27),
        ("READ 0xffffffffffffff9c 0x0\n", 27),
        ("READ 0x3 0x0\n", None),
        ("READ 0x3 0x0\n", 77),
        ("READ nonsense 0x0\n", 27),
    ],
)
def test_what_is_not_known(tmp_path: Path, syscall: str, mount: int | None) -> None:
    call = str(number(dict(READING), "read"))
    assert tree(tmp_path, syscall.replace("READ", call), mount).of(waiting()) is None


@pytest.mark.parametrize(
    ("comm", "device"),
    [
        ("jbd2/sda1-8", "sda1"),
        ("xfsaild/dm-0", "dm-0"),
        ("kworker/u8:3+flush-8:16", "8:16"),
        ("kworker/u8:3-writeback", None),
        ("jbd2", None),
    ],
)
def test_threads_of_the_kernel_name_their_device(tmp_path: Path, comm: str, device: str | None) -> None:
    found = Places(Root(str(tmp_path))).of(waiting(comm))
    assert (None if found is None else found.device) == device


@pytest.mark.kernel
def test_a_writer_to_a_frozen_file_system(tmp_path: Path) -> None:
    needs_root()
    number(dict(WRITING), "write")
    code = (
        "import os, time\nf = os.open(sys.argv[2], 65)\nwhile True: os.pwrite(f, b'x', 0); time.sleep(0.01)"
    )
    with loop_filesystem(tmp_path) as mount, running("jm-w", code, str(mount / "file")) as (process,):
        until((mount / "file").exists, 60, "the file to be made")
        with frozen(mount):
            stat = Path(f"/proc/{process.pid}/stat")
            until(lambda: ") D " in stat.read_text(), 60, "the writer to wait")
            found = Places(LIVE).of(waiting(pid=process.pid))
        assert found is not None
        assert (found.mountpoint, found.fstype, found.writing) == (str(mount), "ext4", True)
        assert found.device.startswith("loop"), sys.version
        assert os.path.exists(f"/dev/{found.device}")
