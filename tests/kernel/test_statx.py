"""statx(2) beside stat(2)."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from jinmaek.kernel import mountinfo
from jinmaek.kernel import statx as module
from jinmaek.kernel.statx import of_stat, statx


@pytest.mark.parametrize("path", ["/dev/null", "/proc/self/exe", "/", __file__])
def test_agrees_with_stat(path: str) -> None:
    told = statx(path)
    assert told._replace(mount=None) == of_stat(os.stat(path))
    assert told.regular == os.path.isfile(path)


def test_links_and_descriptors(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    link, file = str(tmp_path / "link"), str(tmp_path / "file")
    assert statx(link).identity == statx(file).identity
    assert statx(link, follow=False).identity == (os.lstat(link).st_dev, os.lstat(link).st_ino)
    descriptor = os.open(file, os.O_PATH)
    try:
        assert statx(descriptor) == statx(file)
    finally:
        os.close(descriptor)


def test_tells_the_mount() -> None:
    mount = statx("/proc/self/stat").mount
    if mount is None:
        pytest.skip("before Linux 5.8")
    mounts = {one.id: one for one in mountinfo.parse(Path("/proc/self/mountinfo").read_text())}
    assert mounts[mount].fstype == "proc"


def test_names_the_path_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError) as raised:
        statx("/nowhere/at/all")
    assert raised.value.filename == "/nowhere/at/all"


def test_where_the_c_library_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    here = statx(__file__), statx("/proc/self/exe", follow=False), statx(0)
    monkeypatch.setattr(module, "libc", SimpleNamespace)
    without = statx(__file__), statx("/proc/self/exe", follow=False), statx(0)
    assert [one.identity for one in without] == [one.identity for one in here]
    assert without[0].mount is None
