"""The command on a terminal: progress while it watches, and a clean end at Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from jinmaek.cli.diagnose import seconds


def read_until(terminal: int, wanted: bytes, timeout: float = 60.0) -> bytes:
    seen = b""
    end = time.monotonic() + timeout
    while wanted not in seen:
        assert time.monotonic() < end, seen
        if select.select([terminal], [], [], 0.2)[0]:
            seen += os.read(terminal, 4096)
    return seen


def test_progress_and_ctrl_c() -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "jinmaek", "--for", "60s"], stdout=subprocess.PIPE, stderr=theirs, stdin=theirs
    )
    os.close(theirs)
    try:
        read_until(ours, b"taking the pulse")
        process.send_signal(signal.SIGINT)
        assert b"Traceback" not in read_until(ours, b"\x1b[K")
        assert process.wait(timeout=60) == 130
        assert process.stdout is not None
        assert process.stdout.read() == b""
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        os.close(ours)


def test_a_pipe_sees_no_progress() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jinmaek", "--for", "200ms", "--interval", "100ms", "--lang", "en"],
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    # On a busy host it may take longer.
    found = re.search(rb"watched for (\d+\.\d) s", done.stdout)
    assert found
    assert float(found[1]) >= 0.2


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5), ("5s", 5), ("500ms", 0.5), ("2m", 120), ("1.5h", 5400)]
)
def test_lengths_of_time(text: str, value: float) -> None:
    assert seconds(text) == value
