"""Mounts with their ids and devices."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinmaek.columns import Malformed
from jinmaek.kernel.mountinfo import MountPoint, parse

TEXT = (
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
    "44 27 0:39 /sub /mnt/my\\040disk rw shared:9 master:1 - overlay ov rw,lowerdir=/a\\134:b\n"
    "45 27 0:4 / /x rw - proc proc\n"
)
CAPTURES = Path(__file__).parents[1] / "captures"


def test_reads_mounts() -> None:
    first, second, third = parse(TEXT)
    assert first == MountPoint(
        id=27,
        device=os.makedev(254, 0),
        root="/",
        path="/",
        fstype="ext4",
        source="/dev/vda",
        options="rw,discard",
    )
    assert (second.root, second.path, second.options) == ("/sub", "/mnt/my disk", "rw,lowerdir=/a\\:b")
    assert (third.fstype, third.options) == ("proc", "")


@given(st.integers(0, len(TEXT)))
def test_every_beginning_parses_or_is_malformed(length: int) -> None:
    with contextlib.suppress(Malformed):
        list(parse(TEXT[:length]))


@pytest.mark.parametrize("line", ["", "x 1 1:2 / / rw - ext4 d", "1 1 12 / / rw - ext4 d", "1 1 1:2 / / rw"])
def test_malformed(line: str) -> None:
    if not line:
        assert list(parse(line)) == []
        return
    with pytest.raises(Malformed):
        list(parse(line))


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*/proc/self/mountinfo")), ids=lambda p: p.parts[-4])
def test_captures(path: Path) -> None:
    mounts = list(parse(path.read_text()))
    assert {"/", "/proc"} <= {mount.path for mount in mounts}


def test_this_host() -> None:
    devices = {mount.path: mount.device for mount in parse(Path("/proc/self/mountinfo").read_text())}
    assert devices["/proc"] == os.stat("/proc").st_dev
