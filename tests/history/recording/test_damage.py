"""Kills at any moment, cuts and turned bits anywhere: the sample in flight is lost at most, and damage is
named.

``JINMAEK_DAMAGE`` is how often each is done.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.history.recording.kept import assert_same, made, read, write

from jinmaek.history.recording import frames
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.snapshots import Sampled
from jinmaek.sampling import Snapshot

TIMES = int(os.environ.get("JINMAEK_DAMAGE", "40"))
SAMPLES = 330

CHILD = """
import sys, time
sys.path.insert(0, {path!r})
from tests.history.recording.kept import META, clocks, made
from jinmaek.history.recording.writer import Writer
writer = Writer({folder!r}, META)
second = {first}
print("go", flush=True)
while True:
    snapshot = made(second)
    writer.add(snapshot, clocks(snapshot))
    print(second, flush=True)
    second += 1
    if second % 10 == 0:
        writer.roll("full block")
    writer.work()
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Snapshot]]:
    """Two sealed blocks, one of them cut short by the end of a recorder, and an open one."""
    folder = tmp_path_factory.mktemp("sound")
    told = write(folder, SAMPLES)
    return folder, told + write(folder, 40, first=SAMPLES, close=False)


def found(folder: Path) -> tuple[dict[float, Snapshot], list[str]]:
    """Samples by their time, and the damage."""
    samples = {}
    with Recording(str(folder)) as recording:
        for entry in recording.entries:
            block = recording.whole(entry)
            if block is not None:
                sampled = Sampled(block)
                samples.update({s.monotonic: s for s in map(sampled.at, range(block.samples))})
        return samples, [str(one) for one in recording.damage]


def test_a_turned_bit_anywhere_loses_nothing_and_is_named(
    tmp_path: Path, sound: tuple[Path, list[Snapshot]]
) -> None:
    folder, told = sound
    chance = random.Random(5)
    names = [path.name for path in folder.iterdir() if path.name != "lock"]
    for _ in range(TIMES):
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        path = copy / chance.choice(names)
        data = bytearray(path.read_bytes())
        bit = chance.randrange(len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        samples, damage = found(copy)
        assert len(damage) == 1, (path.name, bit)
        assert damage[0].startswith(f"{path.name}: ")
        assert damage[0].endswith(" mended"), (path.name, bit, damage)
        assert list(samples) == [snapshot.monotonic for snapshot in told]
        for snapshot in told[:: len(told) // 5]:
            assert_same(snapshot, samples[snapshot.monotonic])
        shutil.rmtree(copy)


def test_a_cut_anywhere_loses_what_was_behind_it_and_is_named(
    tmp_path: Path, sound: tuple[Path, list[Snapshot]]
) -> None:
    folder, told = sound
    chance = random.Random(6)
    known = {snapshot.monotonic: snapshot for snapshot in told}
    for path in sorted(folder.iterdir()):
        if path.name == "lock":
            continue
        for _ in range(TIMES // 2):
            copy = tmp_path / "copy"
            shutil.copytree(folder, copy)
            size = chance.randrange(path.stat().st_size)
            os.truncate(copy / path.name, size)
            whole = [
                frame
                for frame in walked(path)
                if isinstance(frame, frames.Frame)
                and frame.end <= size
                and frame.kind in (frames.BLOCK, frames.SAMPLE)
            ]
            samples, damage = found(copy)
            at_an_end = size in (0, *(frame.end for frame in walked(path)))
            assert at_an_end or any(one.startswith(path.name) for one in damage)
            least = sum(count(path, frame) for frame in whole)
            others = [
                s for s in told if (s.monotonic >= made(SAMPLES).monotonic) != path.name.endswith(".stream")
            ]
            assert len(samples) >= least + len(others)
            for at in [*samples][:: 1 + len(samples) // 5]:
                if at in {s.monotonic for s in others} or not damage:
                    assert_same(known[at], samples[at])
            shutil.rmtree(copy)


def walked(path: Path) -> list[frames.Frame | frames.Lost]:
    file = os.open(path, os.O_RDONLY)
    try:
        return list(frames.walk(file))
    finally:
        os.close(file)


def count(path: Path, frame: frames.Frame) -> int:
    """The samples a frame holds."""
    if frame.kind == frames.SAMPLE:
        return 1
    with Recording(str(path.parent)) as recording:
        return next(entry.samples for entry in recording.entries if entry.number == frame.number)


def test_noise_in_the_middle_loses_its_block_and_no_other(tmp_path: Path) -> None:
    told = write(tmp_path, 900)
    path = next(tmp_path.glob("*.jmk"))
    blocks = [frame for frame in walked(path) if isinstance(frame, frames.Frame)]
    data = bytearray(path.read_bytes())
    data[blocks[1].start : blocks[1].body] = bytes(blocks[1].body - blocks[1].start)
    path.write_bytes(data)
    samples, damage = found(tmp_path)
    assert damage == [f"{path.name}: bytes {blocks[1].start} to {blocks[1].end} lost"]
    assert [s.monotonic for s in told[:300] + told[600:]] == list(samples)


@pytest.mark.parametrize("turn", range(max(3, TIMES // 10)))
def test_a_kill_loses_at_most_the_sample_in_flight(tmp_path: Path, turn: int) -> None:
    chance = random.Random(turn)
    first, told = 0, 0
    for _ in range(3):
        code = CHILD.format(path=str(Path(__file__).parents[3]), folder=str(tmp_path), first=first)
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "go\n"
            time.sleep(chance.random() * 0.05)
            child.send_signal(signal.SIGKILL)
            numbers = [int(line) for line in child.stdout.read().split("\n") if line.isdigit()]
        times = [s.monotonic for s in read(tmp_path)]
        assert times == sorted(set(times))
        done = int(times[-1] - 100 + 1) if times else first
        last = numbers[-1] + 1 if numbers else first
        assert last - 0 <= done <= last + 1
        told += done - first
        assert len(times) == told
        first = done
    with Recording(str(tmp_path)) as recording:
        assert all("flight" in str(one) or "sealing" in str(one) for one in recording.damage)
