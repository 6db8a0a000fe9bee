"""/proc/loadavg."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.loadavg import Loadavg, parse


def test_capture() -> None:
    (row,) = parse((CAPTURES / "6.18/proc/loadavg").read_text())
    assert row == Loadavg(load1=1.02, load5=0.35, load15=0.13, nr_running=8, nr_threads=133, last_pid=8437)


def test_words_after_the_fifth_are_skipped() -> None:
    (row,) = parse("0.00 0.01 0.05 1/2 3 something new\n")
    assert row.last_pid == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "0.00 0.01 0.05 1/2",
        "0.00 0.01 0.05 12 3",
        "0.00 0.01 0.05 1/ 3",
        "nan 0.01 0.05 1/2 3",
        "1e5 0.01 0.05 1/2 3",
        "-0.01 0.01 0.05 1/2 3",
        "1_0 0.01 0.05 1/2 3",
        "0.00 0.01 0.05 1/2/3 3",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
