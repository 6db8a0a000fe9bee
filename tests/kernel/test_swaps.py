"""/proc/swaps."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.swaps import Swap, parse, unescape

HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


def test_capture() -> None:
    assert list(parse((CAPTURES / "6.18/proc/swaps").read_text())) == [
        Swap(filename="/var/tmp/swp/s a", type="file", size=4092 * 1024, used=156 * 1024, priority=-2),
        Swap(filename="/var/tmp/swp/s b c", type="file", size=4092 * 1024, used=0, priority=-3),
    ]


def test_no_swap_is_no_row() -> None:
    assert list(parse(HEAD)) == []


@pytest.mark.parametrize("name", ["/swap\\040(deleted)", "/swap (deleted)"])
def test_a_removed_file(name: str) -> None:
    (row,) = parse(f"{HEAD}{name}\tfile\t4092\t0\t10\n")
    assert (row.filename, row.type, row.priority) == ("/swap (deleted)", "file", 10)


def test_a_name_may_hold_white_space_that_is_not_escaped() -> None:
    (row,) = parse(f"{HEAD}/a\x0b\x85\u3000b\tpartition\t8\t4\t-2\n")
    assert (row.filename, row.size, row.used) == ("/a\x0b\x85\u3000b", 8192, 4096)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("a\\040b", "a b"),
        ("a\\011b\\012c\\134d", "a\tb\nc\\d"),
        ("\\134040", "\\040"),
        ("\\", "\\"),
        ("\\04", "\\04"),
        ("\\777", "\\777"),
        ("\\xff", "\\xff"),
        ("\\٠٤٠", "\\٠٤٠"),
    ],
)
def test_unescape(name: str, meant: str) -> None:
    assert unescape(name) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/swap file 4092 0 -2\n",
        HEAD + "/swap file 4092 0\n",
        HEAD + "/swap file 4092 x -2\n",
        HEAD + "/swap file -1 0 -2\n",
        HEAD + "/swap file 4092 0 --2\n",
        HEAD + "/swap file 4092 0 -\n",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
