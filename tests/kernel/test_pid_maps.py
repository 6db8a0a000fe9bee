"""The files a process has mapped."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jinmaek.kernel.pid_maps import MappedFile, parse

TEXT = b"""55d0e8a4b000-55d0e8a4d000 r--p 00001000 fe:00 260875                     /a: b-c\\012d (deleted)
55d0e8a4d000-55d0e8a4e000 r-xp 00003000 fe:00 260875                     /a: b-c\\012d (deleted)
7f0000000000-7f0000001000 rw-s 00000000 00:01 7                          /memfd:\xff x
7f0000001000-7f0000002000 rw-p 00000000 00:00 0                          [heap]
7f0000002000-7f0000003000 rw-p 00000000 00:00 0
7f0000003000-7f0000004000 rw-s 00000000 00:08 99                         socket:[99]
"""


def test_each_file_once() -> None:
    assert list(parse(TEXT)) == [
        MappedFile(os.makedev(0xFE, 0), 260875, "/a: b-c\\012d", True, "55d0e8a4b000-55d0e8a4d000"),
        MappedFile(os.makedev(0, 1), 7, os.fsdecode(b"/memfd:\xff x"), False, "7f0000000000-7f0000001000"),
    ]


def test_every_beginning_parses() -> None:
    for length in range(len(TEXT)):
        list(parse(TEXT[:length]))


def test_this_process() -> None:
    files = {file.path: file for file in parse(Path("/proc/self/maps").read_bytes())}
    told = os.stat(sys.executable)
    mine = files[os.path.realpath(sys.executable)]
    assert mine.inode == told.st_ino
    assert not mine.deleted
    assert os.path.exists(f"/proc/self/map_files/{mine.addresses}")
