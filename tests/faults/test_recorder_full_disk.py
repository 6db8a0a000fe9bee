"""A recorder on a disk that is full for a while: it stays, says so, and goes on by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.history.recording.kept import read
from tests.tasks.children import until

from jinmaek.history.recording.holes import holes
from jinmaek.history.recording.recording import Recording

SIZE = 600 << 10


@pytest.fixture
def disk(tmp_path: Path, peer: Callable[[str], str]) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    made = tmp_path / "disk"
    made.mkdir()
    done = subprocess.run(
        [peer("mount"), "-t", "tmpfs", "-o", f"size={SIZE}", "jinmaek-test", str(made)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no tmpfs may be mounted here: {done.stderr.strip()}")
    try:
        yield made
    finally:
        subprocess.run([peer("umount"), "-l", str(made)], check=False)


def fill(file: int) -> None:
    while True:
        os.write(file, bytes(4096))


@pytest.mark.kernel
def test_a_full_disk(disk: Path, tmp_path: Path) -> None:
    folder = disk / "recording"
    words = [sys.executable, "-m", "jinmaek", "record", "--recording", str(folder), "--interval", "0.1s"]
    said = tmp_path / "said"
    with said.open("w") as errors, subprocess.Popen(words, stderr=errors) as child:
        try:
            until(lambda: any(one.stat().st_size > 10_000 for one in folder.glob("*.stream")), 60)
            filler = disk / "filler"
            with filler.open("wb") as file, pytest.raises(OSError, match="No space"):
                fill(file.fileno())
            # The last page of its file still has room for some samples.
            until(lambda: "recording pauses: No space left on device" in said.read_text(), 120)
            assert child.poll() is None
            filler.unlink()
            until(lambda: "recording goes on" in said.read_text(), 120)
            time.sleep(0.5)
        finally:
            child.send_signal(signal.SIGTERM)
    assert child.returncode == 0
    samples = read(folder)
    with Recording(str(folder)) as recording:
        assert "No space left on device" in [hole.why for hole in holes(recording)]
        assert not recording.damage
    assert samples == sorted(samples, key=lambda one: one.wall)
