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
from dataclasses import replace
from pathlib import Path

import pytest
from tests.history.recording.kept import BEGAN, META, assert_same, clocks, live, made, read, write

from jinmaek.history.recording import frames
from jinmaek.history.recording.holes import holes
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.snapshots import Sampled
from jinmaek.history.recording.stream import CHECKED
from jinmaek.history.recording.writer import Writer
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


def damaged(path: Path, places: dict[int, int]) -> None:
    """Overwrite the middle of these frames, by their order in a file, with so many other bytes."""
    file = os.open(path, os.O_RDWR)
    try:
        for at, frame in enumerate(list(frames.walk(file))):
            if at in places:
                assert isinstance(frame, frames.Frame)
                begin = frame.body - min(places[at], frame.head[1])
                os.pwrite(file, bytes(255 - byte for byte in os.pread(file, places[at], begin)), begin)
    finally:
        os.close(file)


def frame_of(path: Path, kind: int, number: int) -> int:
    file = os.open(path, os.O_RDONLY)
    try:
        every = enumerate(list(frames.walk(file)))
        return next(
            at
            for at, one in every
            if isinstance(one, frames.Frame) and (one.kind, one.number) == (kind, number)
        )
    finally:
        os.close(file)


def test_damage_of_an_open_block_loses_no_more_than_up_to_the_next_checkpoint(tmp_path: Path) -> None:
    """Sample 70 of 250 is beyond repair: those from it on are lost until all is told again at 119."""
    told = write(tmp_path, 250, close=False)
    (stream,) = tmp_path.glob("*.stream")
    damaged(stream, {frame_of(stream, frames.SAMPLE, 70): 8})
    samples, damage = found(tmp_path)
    kept = [one for number, one in enumerate(told) if not 70 <= number < 119]
    assert sorted(samples) == [one.monotonic for one in kept]
    for one in kept:
        assert_same(samples[one.monotonic], one)
    assert any("samples 70 to 118 lost" in one for one in damage)
    with Recording(str(tmp_path)) as recording:
        hole = next(one for one in holes(recording) if one.why == "damaged")
        assert hole.since == told[69].wall
        assert hole.until == told[119].wall


def test_what_is_sealed_of_a_damaged_block_is_the_rest(tmp_path: Path) -> None:
    told = write(tmp_path / "killed", 200, close=False)
    (killed,) = (tmp_path / "killed").glob("*.stream")
    stream = Path(shutil.copy(killed, tmp_path))
    damaged(stream, {frame_of(stream, frames.SAMPLE, 10): 8, frame_of(stream, frames.SAMPLE, 119): 8})
    # The next recorder seals what it finds.
    told += write(tmp_path, 5, first=300)
    samples, _ = found(tmp_path)
    # 119 itself is in its checkpoint.
    kept = [one for number, one in enumerate(told) if not 10 <= number < 59]
    assert sorted(samples) == [one.monotonic for one in kept]
    for one in kept:
        assert_same(samples[one.monotonic], one)
    with Recording(str(tmp_path)) as recording:
        assert any("samples 10 to 58" in one for one in recording.meta(recording.entries[0])["lost"])
        assert next(iter(holes(recording))).why == "damaged"


def test_without_a_checkpoint_behind_it_the_rest_is_lost(tmp_path: Path) -> None:
    told = write(tmp_path, 130, close=False)
    (stream,) = tmp_path.glob("*.stream")
    damaged(
        stream,
        {
            frame_of(stream, frames.SAMPLE, 70): 8,
            frame_of(stream, frames.CHECKPOINT, 119): 8,
        },
    )
    samples, damage = found(tmp_path)
    assert sorted(samples) == [one.monotonic for one in told[:70]]
    assert any("samples 70 to 129 lost" in one for one in damage)


def test_a_live_host_behind_damage(tmp_path: Path) -> None:
    """Every table and task column of this host, through a checkpoint."""
    snapshots = live(4, "procfs")
    step = [replace(snapshots[n % 4], wall=BEGAN + n, monotonic=100.0 + n) for n in range(75)]
    writer = Writer(str(tmp_path), META)
    for one in step:
        assert writer.add(one, clocks(one))
    (stream,) = tmp_path.glob("*.stream")
    damaged(stream, {frame_of(stream, frames.SAMPLE, 3): 64})
    samples, _ = found(tmp_path)
    kept = [*step[:3], *step[59:]]
    assert sorted(samples) == [one.monotonic for one in kept]
    for one in kept:
        assert_same(samples[one.monotonic], one)
    writer.close()


def test_random_damage_of_many_bits(tmp_path: Path) -> None:
    """Runs of bytes anywhere in an open block: what is left is right, what is lost is named."""
    told = {one.monotonic: one for one in write(tmp_path / "whole", 250, close=False)}
    (whole,) = (tmp_path / "whole").glob("*.stream")
    chance = random.Random(11)
    for number in range(max(5, TIMES // 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        data = bytearray(whole.read_bytes())
        at, length = chance.randrange(1000, len(data)), chance.randrange(2, 200)
        data[at : at + length] = chance.randbytes(len(data[at : at + length]))
        (folder / whole.name).write_bytes(data)
        samples, damage = found(folder)
        assert len(samples) >= 250 - 2 * CHECKED
        assert len(samples) == 250 or damage
        for time_, one in samples.items():
            assert_same(one, told[time_])
