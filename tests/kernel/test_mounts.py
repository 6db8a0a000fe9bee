"""/proc/mounts: names as they are, whatever they hold; and the sizes of file systems in memory."""

from __future__ import annotations

import os

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.mounts import Mount, Tmpfs, decode, parse, tmpfs_usage


def test_capture() -> None:
    rows = list(parse((CAPTURES / "6.18/proc/mounts").read_text()))
    by_point = {row.mountpoint: row for row in rows}
    assert by_point["/"].fstype == "ext4"
    assert by_point["/tmp/capm/my disk"] == Mount(
        device="odd name", mountpoint="/tmp/capm/my disk", fstype="tmpfs", options="rw,relatime,size=1024k"
    )
    assert by_point["/tmp/capm/back\\slash#1"].device == "tmpfs"
    assert "/tmp/capm/line\nbreak" in by_point


def test_equal_mounts_are_one_row() -> None:
    text = (CAPTURES / "6.18/proc/mounts").read_text()
    assert text.count(" /dev/shm ") == 2
    assert [row.mountpoint for row in parse(text)].count("/dev/shm") == 1


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("plain", "plain"),
        (r"a\040b\011c\012d\134e\043", "a b\tc\nd\\e#"),
        (r"\134040", r"\040"),
        (r"\xff", r"\xff"),
        (r"\04", r"\04"),
        ("\\", "\\"),
        (r"\089", r"\089"),
    ],
)
def test_escapes(word: str, name: str) -> None:
    assert decode(word) == name


@pytest.mark.parametrize("name", ["/a\x0bb", "/a\x85b", "/a\u2028b", "/a\xa0b", "/\x1b]0;x\x07"])
def test_what_is_not_escaped_stays_one_word(name: str) -> None:
    (row,) = parse(f"tmpfs {name} tmpfs rw 0 0\n")
    assert row.mountpoint == name


def test_malformed() -> None:
    with pytest.raises(Malformed) as fault:
        list(parse("proc /proc proc rw 0 0\nproc /proc"))
    assert fault.value.line == 2


def _mount(mountpoint: str, fstype: str) -> Mount:
    return Mount(device="none", mountpoint=mountpoint, fstype=fstype, options="rw")


def _statvfs(blocks: int, free: int, files: int, files_free: int) -> os.statvfs_result:
    return os.statvfs_result((4096, 4096, blocks, free, free, files, files_free, files_free, 0, 255))


def test_only_file_systems_in_memory_are_asked() -> None:
    asked = []

    def statvfs(path: str) -> os.statvfs_result:
        asked.append(path)
        return _statvfs(10, 4, 5, 3)

    mounts = [
        _mount("/srv", "nfs4"),
        _mount("/run", "tmpfs"),
        _mount("/hidden", "tmpfs"),
        _mount("/hidden", "fuse.sshfs"),
        _mount("/run", "tmpfs"),
    ]
    assert list(tmpfs_usage(mounts, statvfs)) == [
        Tmpfs(mountpoint="/run", size=40960, used=24576, inodes=5, inodes_used=2)
    ]
    assert asked == ["/run"]


def test_no_limit_is_none() -> None:
    (row,) = tmpfs_usage([_mount("/mnt", "ramfs")], lambda _: _statvfs(0, 0, 2**64 - 1, 2**64 - 1))
    assert row == Tmpfs(mountpoint="/mnt", size=None, used=None, inodes=None, inodes_used=None)


def test_errors_are_the_callers() -> None:
    def statvfs(path: str) -> os.statvfs_result:
        raise PermissionError(13, "denied", path)

    with pytest.raises(PermissionError):
        list(tmpfs_usage([_mount("/run", "tmpfs")], statvfs))
