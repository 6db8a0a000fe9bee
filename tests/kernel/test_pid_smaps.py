"""The mappings of a process, with names no less hostile than the kernel prints them."""

from __future__ import annotations

import pytest

from jinmaek.columns import Malformed
from jinmaek.kernel.pid_smaps import parse

SMAPS = """55d0e8a4b000-55d0e8a4d000 r--p 00001000 fe:00 260875                     /a: b-c\\012d (deleted)
Size:                  8 kB
Rss:                   4 kB
THPeligible:           1
ProtectionKey:         0
VmFlags: rd mr mw me sd
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
7f0000000000-7f0000001000 rw-s 00000000 00:01 7
Rss:                   0 kB
"""


def test_reads_sizes_by_the_kernel_s_names() -> None:
    first, second, third = parse(SMAPS)
    assert (first.start, first.end, first.perms, first.offset) == (
        0x55D0E8A4B000,
        0x55D0E8A4D000,
        "r--p",
        4096,
    )
    assert (first.major, first.minor, first.inode) == (0xFE, 0, 260875)
    assert first.path == "/a: b-c\\012d (deleted)"
    assert dict(first.sizes) == {"Size": 8192, "Rss": 4096, "THPeligible": 1}
    assert (second.path, dict(second.sizes)) == ("[vsyscall]", {})
    assert (third.path, dict(third.sizes)) == ("", {"Rss": 0})


def test_nothing_is_a_process_without_memory() -> None:
    assert list(parse("")) == []


@pytest.mark.parametrize(
    "text", ["Rss: 4 kB\n", "1000-2000 rw-p\n", "1000 rw-p 0 0:0 0\n", "zz-2 rw-p 0 0:0 0\n"]
)
def test_other_texts_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
