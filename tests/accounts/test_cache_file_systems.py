"""Which file systems may be asked, and which must not be touched: they may wait for a server."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from jinmaek.accounts.page_cache import file_systems, overlay
from jinmaek.accounts.page_cache.file_systems import FileSystems, Kind, kind_of
from jinmaek.accounts.page_cache.residency import Way
from jinmaek.accounts.page_cache.search import Candidate, Search, consider
from jinmaek.kernel.mountinfo import MountPoint, parse
from jinmaek.kernel.statx import Statx, statx


def mount(
    fstype: str, *, major: int = 0, path: str = "/x", options: str = "rw", root: str = "/"
) -> MountPoint:
    return MountPoint(
        id=7,
        device=os.makedev(major, 5),
        root=root,
        path=path,
        fstype=fstype,
        source="s",
        options=options,
    )


@pytest.mark.parametrize(
    ("fstype", "major", "kind"),
    [
        ("ext4", 8, "disk"),
        ("xfs", 253, "disk"),
        ("btrfs", 0, "disk"),
        ("zfs", 0, "disk"),
        ("tmpfs", 0, "memory"),
        ("devtmpfs", 0, "memory"),
        ("overlay", 0, "overlay"),
        ("proc", 0, "none"),
        ("hugetlbfs", 0, "none"),
        ("nfs4", 0, "remote"),
        ("cifs", 0, "remote"),
        ("ceph", 0, "remote"),
        ("9p", 0, "remote"),
        ("fuse", 0, "remote"),
        ("fuse.sshfs", 0, "remote"),
        ("fuseblk", 8, "remote"),
        ("ocfs2", 8, "remote"),
        ("from-next-year", 0, "remote"),
        ("rootfs", 0, "disk"),
    ],
)
def test_kinds(fstype: str, major: int, kind: Kind) -> None:
    assert kind_of(mount(fstype, major=major)) == kind


def test_a_rootfs_with_a_size_is_tmpfs() -> None:
    assert kind_of(mount("rootfs", options="rw,size=1024k,nr_inodes=7")) == "memory"


def test_the_mount_that_shows_most_stands_for_its_file_system() -> None:
    systems = FileSystems(shm=None)
    systems.add((mount("ext4", major=8, path="/bind", root="/sub"), mount("ext4", major=8, path="/all")))
    found = systems.of_device(os.makedev(8, 5), 0)
    assert found is not None
    assert found.path == "/all"


def test_the_mount_a_path_is_on() -> None:
    systems = FileSystems(
        shm=None,
        mounts=tuple(mount("ext4", path=path) for path in ("/", "/var", "/var/lib", "/variable", "/var")),
    )
    paths = ("/", "/var", "/var/libx", "/var/lib/a", "/variables", "/va")
    held = [systems.holding(path) for path in paths]
    assert [one and one.path for one in held] == ["/", "/var", "/var", "/var/lib", "/", "/"]
    assert systems.holding("/var") is systems.mounts[4]
    assert [one.path for one in systems.under("/var")] == ["/var/lib"]


def search(*mounts: MountPoint, remote: bool = False) -> Search:
    systems = FileSystems(shm=None, mounts=mounts)
    systems.add(mounts)
    systems.namespaces.add(file_systems.namespace("self"))
    return Search(Way("cachestat", None, None), systems, float("inf"), remote=remote)


def must_not_open(_: bool) -> int:
    pytest.fail("it was opened")


def candidate(device: int, *, size: int = 4096, path: str = "/x/f") -> Candidate:
    file = Statx(stat.S_IFREG | 0o600, device, 99, size, 1, 0, 0, 0, None)
    return Candidate(file, path, must_not_open)


@pytest.mark.parametrize(("fstype", "reason"), [("nfs4", "remote"), ("proc", None)])
def test_what_may_not_be_asked_is_not_opened(fstype: str, reason: str | None) -> None:
    there = mount(fstype)
    looking = search(there)
    assert consider(looking, candidate(there.device), holder=1) is None
    skipped = looking.skipped()
    assert [one.reason for one in skipped] == ([reason] if reason else [])


def test_a_file_on_no_known_mount_is_not_opened_and_is_counted_once() -> None:
    looking = search(mount("ext4", major=8))
    for pid in (os.getpid(), 1, 2):
        consider(looking, candidate(os.makedev(0, 77)), pid=os.getpid(), holder=pid)
    assert [(one.reason, one.count) for one in looking.skipped()] == [("unknown file system", 1)]


def test_what_the_kernel_maps_for_itself_is_no_file() -> None:
    looking = search(mount("ext4", major=8))
    for path in ("/[aio]", "/anon_hugepage", "/SYSV00000000", "/memfd:x"):
        consider(looking, candidate(os.makedev(0, 77), path=path), pid=os.getpid(), holder=1)
    assert looking.skipped() == ()


def test_an_overlay_over_a_server_is_not_opened() -> None:
    options = "rw,lowerdir=/net/image,upperdir=/u"
    over = MountPoint(id=8, device=9, root="/", path="/o", fstype="overlay", source="o", options=options)
    looking = search(mount("ext4", major=8, path="/"), mount("nfs4", path="/net"), over)
    assert consider(looking, candidate(9, path="/o/f"), holder=1) is None
    assert [one.detail for one in looking.skipped()] == ["nfs4"]


def test_an_empty_file_is_not_opened() -> None:
    there = mount("ext4", major=8)
    looking = search(there)
    assert consider(looking, candidate(there.device, size=0)) is None
    assert looking.skipped() == ()


def test_our_own_want_of_descriptors_is_not_hidden() -> None:
    there = mount("ext4", major=8)

    def exhausted(_: bool) -> int:
        raise OSError(24, "Too many open files")

    with pytest.raises(OSError, match="Too many open files"):
        consider(search(there), replace(candidate(there.device), opened=exhausted))


@pytest.mark.parametrize(
    ("options", "layers"),
    [
        ("rw,lowerdir=/a:/b,upperdir=/u,workdir=/w", ["/u", "/a", "/b"]),
        ("ro,lowerdir=/a::/data", ["/a", "/data"]),
        (r"rw,lowerdir=/x\:y:/b\\c,upperdir=/u", ["/u", "/x:y", r"/b\c"]),
        ("rw,lowerdir+=/a,lowerdir+=/b,upperdir=/u", ["/u", "/a", "/b"]),
        ("rw,lowerdir=l/ABC:/b,upperdir=/u", ["/u"]),
        ("rw,lowerdir=/a,upperdir=u", []),
        ("rw", []),
    ],
)
def test_layers_of_an_overlay(options: str, layers: list[str]) -> None:
    assert overlay.layers(options) == layers


def test_the_real_file_is_in_the_first_layer_that_has_it(tmp_path: Path) -> None:
    for name, text in {"upper/sub/f": "new", "lower/sub/f": "old one", "lower/sub/g": "only here"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    there = mount("overlay", path="/merged", options=f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper")

    def real(name: str, as_if: str) -> str | None:
        found = overlay.real_file(name, statx(str(tmp_path / as_if)), there, overlay.layers(there.options))
        return None if found is None else found[0]

    assert real("/merged/sub/f", "upper/sub/f") == f"{tmp_path}/upper/sub/f"
    assert real("/merged/sub/g", "lower/sub/g") == f"{tmp_path}/lower/sub/g"
    # The upper one hides it; and what the overlay shows is another file than the layers have now.
    assert real("/merged/sub/f", "lower/sub/f") is None
    assert real("/merged/sub/gone", "lower/sub/g") is None
    assert real("/elsewhere/sub/g", "lower/sub/g") is None


def test_mounts_of_captures_have_kinds() -> None:
    folder = Path(__file__).parents[1] / "captures"
    for path in folder.glob("*/proc/self/mountinfo"):
        kinds = {one.path: kind_of(one) for one in parse(path.read_text())}
        assert kinds["/proc"] == "none"
        assert kinds["/"] in ("disk", "overlay", "memory", "remote")
