"""/proc/sys/fs: open files, names, inodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.sys_fs import (
    DentryState,
    FileNr,
    InodeNr,
    parse_dentry_state,
    parse_file_nr,
    parse_inode_nr,
)

FS = CAPTURES / "6.18/proc/sys/fs"


def test_captures() -> None:
    assert list(parse_file_nr((FS / "file-nr").read_text())) == [
        FileNr(allocated=563, free=0, maximum=2466170)
    ]
    assert list(parse_dentry_state((FS / "dentry-state").read_text())) == [
        DentryState(nr_dentry=117882, nr_unused=116403, age_limit=45, want_pages=0, nr_negative=10187)
    ]
    assert list(parse_inode_nr((FS / "inode-nr").read_text())) == [
        InodeNr(nr_inodes=107538, nr_free_inodes=0)
    ]


def test_before_5_0_negative_names_are_not_counted() -> None:
    (row,) = parse_dentry_state("88402\t70813\t45\t0\t0\t0\n")
    assert row.nr_negative is None


def test_files_without_limit() -> None:
    (row,) = parse_file_nr("1024\t0\t9223372036854775807\n")
    assert row.maximum == 2**63 - 1


@pytest.mark.parametrize("parse", [parse_file_nr, parse_dentry_state, parse_inode_nr])
@pytest.mark.parametrize("text", ["", "5", "a b c d", "1 -2 3 4"])
def test_malformed(parse: Callable[[str], Iterable[object]], text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
