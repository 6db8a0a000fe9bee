"""Which readings of a look take everything."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from jinmaek.diagnosis import pulse
from jinmaek.diagnosis.pulse import watch, whole_readings
from jinmaek.root import Root
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.table import Scan


@pytest.mark.parametrize(
    ("last", "interval", "whole"),
    [
        (5, 1.0, {0, 5}),
        (1, 0.1, {0, 1}),
        (10, 1.0, {0, 5, 10}),
        (12, 1.0, {0, 5, 12}),
        (60, 1.0, {*range(0, 61, 5)}),
        (4, 10.0, {0, 1, 2, 3, 4}),
        (120, 0.1, {0, 50, 120}),
    ],
)
def test_both_ends_and_some_between(last: int, interval: float, whole: set[int]) -> None:
    assert whole_readings(last, interval) == whole


def test_what_only_culprits_need_is_read_at_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[frozenset[str]] = []

    def taking(root: Root, wanted: Iterable[str], tasks: Scan | None = None) -> Snapshot:
        read.append(frozenset(wanted))
        return take(root, (), tasks)

    monkeypatch.setattr(pulse, "take", taking)
    watch(rules(), 0.4, 0.1, "en", None)
    assert len(read) == 5
    assert ["slabinfo" in tables for tables in read] == [True, False, False, False, True]
    assert all("meminfo" in tables for tables in read)
