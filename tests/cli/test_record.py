"""``jinmaek record`` as a process: what it tells its service manager, how it ends, and what it refuses."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.history.recording.kept import META, read
from tests.tasks.children import until

from jinmaek.cli.main import main
from jinmaek.cli.record import days, size
from jinmaek.history.recording.holes import holes
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.writer import Writer

UNIT = Path(__file__).parents[2] / "systemd" / "jinmaek-record.service"
RECORD = [sys.executable, "-m", "jinmaek", "record", "--interval", "0.1s", "--recording"]


def test_so_many_samples_with_its_own_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "deep" / "recording"
    assert main(["record", "--recording", str(folder), "--interval", "100ms", "--samples", "4"]) == 0
    assert not capsys.readouterr().out
    samples = read(folder)
    assert len(samples) == 4
    assert {"meminfo", "vmstat", "slabinfo", "pid_fd", "kmsg_kill"} <= {*samples[0].tables, *samples[0].gaps}
    assert samples[0].tasks is not None
    assert os.getpid() in samples[0].tasks.processes.pid
    with Recording(str(folder)) as recording:
        [entry] = recording.entries
        cpu = recording.clocks(entry)["cpu"]
        assert cpu == sorted(cpu)
        assert 0 < cpu[-1] - cpu[0] < 4e9
        assert recording.meta(entry)["interval"] == 0.1


def test_samples_are_taken_in_time(tmp_path: Path) -> None:
    def whole(folder: str) -> bool:
        assert main(["record", "--recording", folder, "--interval", "300ms", "--samples", "4"]) == 0
        with Recording(folder) as recording:
            return not list(holes(recording))

    # A busy host may hold it up, but not each time.
    assert any(whole(str(tmp_path / str(turn))) for turn in range(20))


def test_a_service_is_ready_alive_and_stops_in_order(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(address))
        heard.settimeout(60)
        folder = tmp_path / "recording"
        environment = {**os.environ, "NOTIFY_SOCKET": str(address)}
        with subprocess.Popen([*RECORD, str(folder)], env=environment, stderr=subprocess.PIPE) as child:
            assert heard.recv(100) == b"READY=1"
            assert heard.recv(100) == b"WATCHDOG=1"
            child.send_signal(signal.SIGTERM)
            while (told := heard.recv(100)) == b"WATCHDOG=1":
                pass
            assert told == b"STOPPING=1"
            assert child.wait(60) == 0
            assert child.stderr is not None
            assert not child.stderr.read()
    with Recording(str(folder)) as recording:
        assert recording.end(recording.entries[-1]) == "stopped"
    assert not list(folder.glob("*.stream"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_stopped_and_gone_on_is_a_gap(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    with subprocess.Popen([*RECORD, str(folder)]) as child:
        try:
            until(lambda: any(path.stat().st_size > 1000 for path in folder.glob("*.stream")))
            child.send_signal(signal.SIGSTOP)
            until(
                lambda: "(T" not in (state := Path(f"/proc/{child.pid}/stat").read_text()) and ") T" in state
            )
            size_before = max(path.stat().st_size for path in folder.glob("*.stream"))
            signal.sigtimedwait([], 2.5)
            child.send_signal(signal.SIGCONT)
            until(lambda: max(path.stat().st_size for path in folder.glob("*.stream")) > size_before)
        finally:
            child.send_signal(signal.SIGCONT)
            child.send_signal(signal.SIGINT)
    assert child.returncode == 0
    with Recording(str(folder)) as recording:
        assert any(hole.seconds > 1 and "did not run" in hole.why for hole in holes(recording))


def test_a_second_recorder_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = Writer(str(tmp_path), META)
    try:
        assert main(["record", "--recording", str(tmp_path)]) == 3
    finally:
        writer.close()
    told = capsys.readouterr().err
    assert f"process {os.getpid()} is recording there" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [["--interval", "0"], ["--interval", "2m"], ["--samples", "0"], ["--keep", "x"], ["--keep-size", "2X"]],
)
def test_what_is_no_recording(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", "--recording", str(tmp_path / "r"), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "r").exists()


def test_lengths_and_sizes() -> None:
    assert [days(text) for text in ("30", "30d", "12h", "1.5d")] == [2592000, 2592000, 43200, 129600]
    assert [size(text) for text in ("100", "4K", "500M", "2G", "1.5GiB", "2GB")] == [
        100, 4096, 500 << 20, 2 << 30, 3 << 29, 2 << 30,
    ]  # fmt: skip


def test_the_unit_is_one(peer: Callable[[str], str]) -> None:
    done = subprocess.run(
        [peer("systemd-analyze"), "verify", str(UNIT)], capture_output=True, text=True, check=False
    )
    assert not [line for line in done.stderr.splitlines() if UNIT.name in line]
