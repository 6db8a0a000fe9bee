"""/proc/uptime."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.uptime import Uptime, parse


def test_capture() -> None:
    assert list(parse((CAPTURES / "6.18/proc/uptime").read_text())) == [Uptime(uptime=1948.51, idle=3746.62)]


@pytest.mark.parametrize(
    "text", ["", "1948.51\n", "inf 1.0", "1.0.0 1.0", ".5 1.0", "٣.0 1.0", "9" * 400 + " 1.0"]
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
