"""The settings of the running kernel: changed by one test at a time, and put back whatever happens."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping

import pytest

from jinmaek.advice import setting
from jinmaek.advice.knob import Value
from jinmaek.advice.knobs import knobs

LOCK = os.path.join(tempfile.gettempdir(), "jinmaek-settings.lock")


def settings() -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    for knob in knobs():
        with contextlib.suppress(setting.NotSet):
            found[knob.name] = setting.value_now(knob, knob.path)
    return found


@contextlib.contextmanager
def restored() -> Iterator[Mapping[str, Value]]:
    """Holds a lock over other runs of these tests; gives the settings as they are and puts them back."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if not os.access("/proc/sys/vm/swappiness", os.W_OK):
        pytest.skip("sysctls cannot be written here")
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = settings()
        try:
            yield before
        finally:
            _put_back(before)
            assert settings() == before


def _put_back(before: Mapping[str, Value]) -> None:
    by_name = {knob.name: knob for knob in knobs()}
    # Words first: transparent huge pages move min_free_kbytes. A 0 of a pair comes with its partner's value.
    for name in sorted(before, key=lambda name: not by_name[name].words):
        knob, old = by_name[name], before[name]
        if setting.value_now(knob, knob.path) != old and not (old == 0 and knob.partner):
            setting.put(knob.path, old)
