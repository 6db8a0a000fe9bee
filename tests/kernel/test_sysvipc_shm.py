"""/proc/sysvipc/shm."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.sysvipc_shm import SharedSegment, parse

HEAD = "  key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n"


def test_capture() -> None:
    assert list(parse((CAPTURES / "6.18/proc/sysvipc/shm").read_text())) == [
        SharedSegment(
            shmid=63,
            key=0x92C62C56,  # the kernel prints this word signed: -1832506282
            cpid=10645,
            uid=0,
            size=3000000,
            nattch=0,
            rss=1003520,
            swap=0,
        )
    ]


def test_no_segment_is_no_row() -> None:
    assert list(parse(HEAD)) == []


def test_before_2_6_34_pages_are_not_counted() -> None:
    head = HEAD.replace(" rss swap", "")
    (row,) = parse(f"{head} 0 5 600 4096 11 11 1 1000 0 0 0 0 0 0\n")
    assert (row.shmid, row.key, row.uid, row.nattch) == (5, 0, 1000, 1)
    assert (row.rss, row.swap) == (None, None)


@pytest.mark.parametrize(
    "text", ["", "key shmid\n", f"{HEAD} 0 5 600\n", f"{HEAD} 0 5 600 4096 1 1 1 0 0 0 0 0 0 0 x 0\n"]
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
