"""A busy stretch made by the lab: what is replayed is what was seen, value for value, and judged the same.

``JINMAEK_BUSY_SECONDS`` is how long: 3600 for an hour.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from tests.history.recording.kept import META, assert_same, clocks

from jinmaek.catalog import tables
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.past import look_at, needed
from jinmaek.history.live import Ring
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.snapshots import Sampled
from jinmaek.history.recording.writer import Writer
from jinmaek.model import Finding, Gap
from jinmaek.root import LIVE
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Refused, Scanner
from jinmaek.tasks.delta import deltas

SECONDS = float(os.environ.get("JINMAEK_BUSY_SECONDS", "45"))
CHUNK = 60
"""Snapshots in memory until they are compared."""
MADE = (
    "conditions.fork-storm", "processes.states", "memory.files-grow-slab", "load.counts-runnable",
    "memory.read-fills-cache", "processes.zombies-hold-pids",
)  # fmt: skip


class Busy:
    """Experiments of the lab, one after the other."""

    def __init__(self) -> None:
        self._names = cycle(MADE)
        self._now: subprocess.Popen[bytes] | None = None
        self.ran = 0

    def go_on(self) -> None:
        if self._now is not None and self._now.poll() is None:
            return
        self.ran += self._now is not None and self._now.returncode == 0
        words = [sys.executable, "-m", "jinmaek", "lab", "run", "--memory", "512M", next(self._names)]
        self._now = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        if self._now is not None and self._now.poll() is None:
            self._now.send_signal(signal.SIGINT)
            self._now.wait(300)


@pytest.fixture
def busy() -> Iterator[Busy]:
    if os.geteuid() != 0:
        pytest.skip("experiments of the lab want root")
    load = Busy()
    try:
        load.go_on()
        yield load
    finally:
        load.stop()


@pytest.mark.kernel
def test_what_is_replayed_is_what_was_seen(busy: Busy, tmp_path: Path) -> None:
    writer = Writer(str(tmp_path), META)
    ring, waiting, done = Ring(1 << 20), list[Snapshot](), 0
    seen: set[tuple[int, float]] = set()
    try:
        scanner = Scanner(LIVE, "bpf")
    except Refused:
        scanner = Scanner(LIVE, "procfs")
    with scanner:
        end = due = time.monotonic()
        end += SECONDS
        # A slow machine is given longer until it was busy at all.
        while (due := due + 1) < end or (due < end + 3 * SECONDS and not busy.ran and SECONDS >= 40):
            one = take(LIVE, list(tables()), scanner.scan(details=True, usage=True))
            assert writer.add(one, clocks(one))
            assert one.tasks is not None
            # The table of a scan is read when it is asked for: now, as the recorder did.
            seen.update(zip(one.tasks.processes.pid, one.tasks.processes.start_time, strict=True))
            waiting.append(one)
            ring.add(one)
            if len(waiting) == CHUNK:
                done += compared(tmp_path, waiting)
            busy.go_on()
            time.sleep(max(0.0, due - time.monotonic()))
    done += compared(tmp_path, waiting)
    writer.close()
    assert done >= SECONDS * 0.5
    assert busy.ran > 0 or SECONDS < 40, "no experiment ran to its end"
    first, last = ring.snapshots[0].tasks, ring.snapshots[-1].tasks
    assert first is not None
    assert last is not None
    # It was busy: processes came and went.
    assert len(seen) > len(last.processes) + 20
    with Recording(str(tmp_path)) as recording:
        boot, at = recording.entries[-1].boot, ring.times[-1]
        past = Past(recording, boot, at - needed(rules()), at)
        ours = judge(rules(), replace(look_at(past, "en"), during=None, kills=tuple))
        theirs = judge(rules(), Look(ring, "en", lambda _: None, tuple))
        assert ours == theirs
        assert not [one for one in recording.damage if not one.mended]
        whole = Past(recording, boot, ring.times[0], at)
        kept = whole.snapshot(0).tasks
        assert kept is not None
        assert deltas(kept, last) == deltas(first, last)
        for rule in (one for one in theirs if isinstance(one, Finding)):
            assert rule in ours
        assert not isinstance(whole.rows("meminfo", 0), Gap)


def compared(folder: Path, waiting: list[Snapshot]) -> int:
    """Compare these with what is read of them, and let them go."""
    count, wanted = len(waiting), {one.monotonic: one for one in waiting}
    with Recording(str(folder)) as recording:
        for entry in recording.entries:
            times = recording.clocks(entry).get("boottime", [])
            if not times or times[-1] / 1e9 < waiting[0].monotonic:
                continue
            block = recording.whole(entry)
            assert block is not None
            sampled = Sampled(block)
            for sample in range(block.samples):
                told = wanted.pop(times[sample] / 1e9, None)
                if told is not None:
                    assert_same(sampled.at(sample), told)
    assert not wanted
    waiting.clear()
    return count
