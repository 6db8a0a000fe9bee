"""User names and sessions."""

from __future__ import annotations

import os
import pwd
import struct
from pathlib import Path

import pytest

from jinmaek.root import LIVE, Root
from jinmaek.tasks.users import count_sessions, names, sessions, uid_of

BOOT, LOGIN, USER, DEAD = 2, 6, 7, 8


def record(kind: int, user: bytes, size: int) -> bytes:
    return struct.pack("=hxxi32s4s32s", kind, 1234, b"pts/0", b"ts/0", user).ljust(size, b"\0")


@pytest.mark.parametrize("size", [384, 400])
def test_sessions_are_records_of_users(size: int) -> None:
    records = [
        (BOOT, b"reboot"),
        (LOGIN, b"LOGIN"),
        (USER, b"anna"),
        (USER, b"bo"),
        (USER, b""),
        (DEAD, b"anna"),
    ]
    data = b"".join(record(kind, user, size) for kind, user in records)
    assert count_sessions(data) == 2


def test_what_is_no_utmp_holds_no_sessions() -> None:
    assert count_sessions(b"") == 0
    assert count_sessions(b"\xff" * 384) == 0
    assert count_sessions(b"\x07" * 500) == 0


def test_sessions_of_a_tree(tmp_path: Path) -> None:
    assert sessions(Root(str(tmp_path))) == 0
    (tmp_path / "run").mkdir()
    (tmp_path / "run/utmp").write_bytes(record(USER, b"anna", 384))
    assert sessions(Root(str(tmp_path))) == 1


def test_a_tree_names_its_own_users(tmp_path: Path) -> None:
    assert names(Root(str(tmp_path)))(1000) == "1000"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n# no\nanna:x:1000:1000::/:/bin/sh\nbad:x\n")
    assert [names(Root(str(tmp_path)))(uid) for uid in (0, 1000, 1001)] == ["root", "anna", "1001"]


def test_this_host_names_its_own_users() -> None:
    me = pwd.getpwuid(os.getuid())
    assert names(LIVE)(me.pw_uid) == me.pw_name
    assert names(LIVE)(4_000_000_000) == "4000000000"
    assert uid_of(me.pw_name) == me.pw_uid
    assert uid_of("12345678") == 12345678
    assert uid_of("no such user") is None
