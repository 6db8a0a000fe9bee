"""``jinmaek capacity`` as it is typed: options, refusals, an early end, missing rights, captured trees."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.conftest import CAPTURES
from tests.faults.growers import BURST, grower, python
from tests.faults.making import MIB, needs_root, running, swap_file
from tests.tasks import children

from jinmaek.cli.capacity import _ending, _path, size
from jinmaek.cli.main import main

pytestmark = pytest.mark.kernel

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "capacity.schema.json").read_text())
COMMAND = [sys.executable, "-m", "jinmaek", "capacity", "--lang", "en"]
GROW = """
import sys, time
began, kept = time.monotonic(), []
last = began
while True:
    now = time.monotonic()
    if now - last > 0.3: open(sys.argv[2], "a").write(f"{now - last}\\n")
    last, due = now, (now - began) * 4194304
    while len(kept) * 65536 < due: kept.append(b"k" * 65503)
    time.sleep(0.01)
"""


@dataclass(frozen=True, slots=True)
class Growing:
    """A process that grows by 4 MiB/s, and notes where a busy host held it up."""

    pid: int
    held_up: Path

    def look(self, *command: str) -> subprocess.CompletedProcess[str]:
        """What a command says of it, once it was not held up meanwhile."""
        for _ in range(10):
            self.held_up.write_text("")
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode or not self.held_up.read_text():
                break
        return done


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Growing]:
    held_up = tmp_path / "held-up"
    held_up.write_text("")
    with running("jm-grow", GROW, str(held_up)) as (process,):
        children.until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "jm-grow\n")
        yield Growing(process.pid, held_up)


def said(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [*COMMAND, "--json", *words], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "silent in a pipe"
    told: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(told, SCHEMA)
    return told


def test_one_process_in_text(growing: Growing) -> None:
    done = growing.look(*COMMAND, "--for", "4s", "--pid", str(growing.pid), "--add", "8G", "--add", "1T")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"jm-grow [{growing.pid}] grows by" in " ".join(done.stdout.split())
    assert "+8.0 GiB: " in done.stdout
    assert "+1.0 TiB: " in done.stdout
    assert "low confidence" in done.stdout


@pytest.mark.parametrize("way", ["procfs", "bpf"])
def test_both_ways_of_reading_processes(way: str, growing: Growing) -> None:
    if way == "bpf" and os.geteuid() != 0:
        pytest.skip("needs root")
    done = growing.look(*COMMAND, "--json", "--for", "4s", "--pid", str(growing.pid), "--tasks", way)
    if done.returncode == 3 and way == "bpf":
        pytest.skip(done.stderr)
    told = json.loads(done.stdout)
    assert told["scan"]["way"] == way
    (found,) = told["growers"]
    assert (found["class"], found["name"]) == ("leak", "jm-grow")
    assert found["bytes_per_s"] == pytest.approx(4 * MIB, rel=0.2)


def test_an_early_end_is_judged_and_said(growing: Growing) -> None:
    with subprocess.Popen(
        [*COMMAND, "--for", "10m", "--interval", "200ms", "--pid", str(growing.pid)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as looking:
        # Between two readings it sleeps.
        for _ in range(20):
            children.until(lambda: children.state(looking.pid) == "S")
            time.sleep(0.3)
        looking.send_signal(signal.SIGINT)
        out, err = looking.communicate(timeout=300)
    assert (looking.returncode, err) == (0, "")
    assert "ended early, 10 min 0 s were asked for" in " ".join(out.split())
    assert f"jm-grow [{growing.pid}]" in out


def test_the_first_interrupt_ends_the_look_and_the_second_the_program() -> None:
    before = signal.getsignal(signal.SIGINT)
    with _ending() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_process_that_ends_meanwhile(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = time.sleep
    with subprocess.Popen(["sleep", "600"]) as process:

        def end(seconds: float) -> None:
            process.kill()
            process.wait()
            sleep(seconds)

        monkeypatch.setattr(time, "sleep", end)
        assert main(["capacity", "--for", "1s", "--pid", str(process.pid)]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "it ended during the look" in told.err


def test_too_short_a_look_is_no_evidence() -> None:
    told = said("--for", "1s", "--interval", "500ms")
    assert (told["verdict"], told["cause"], told["eta_s"]) == ("no-evidence", "few", None)
    assert 2 <= told["readings"] <= 3


def test_swap_is_cushion_enough_for_a_burst_that_its_limit_stops(tmp_path: Path) -> None:
    needs_root()
    with (
        swap_file(tmp_path, 512 * MIB),
        grower(
            "cushion", 64 * MIB, python("jm-peak", BURST, after=4, size=112 * MIB, keeps=2), swap=True
        ) as one,
    ):
        told = said("--for", "12s", "--cgroup", one.cgroup)
    (cushion,) = told["cushions"]
    assert (cushion["name"], cushion["fitted"], cushion["enough"]) == ("jm-peak", False, True)
    assert cushion["burst_bytes"] == pytest.approx(112 * MIB, rel=0.1)
    assert (told["verdict"], told["cause"]) == ("no", "cushion")
    assert "swap as a cushion is enough" in told["reason"]


@pytest.mark.parametrize("kernel", ["6.1", "6.1-nopsi", "6.1-oom", "6.1-small", "6.12", "6.18"])
def test_a_captured_tree_is_one_moment(kernel: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "--root", str(CAPTURES / kernel), "--json", "--lang", "en"]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, SCHEMA)
    assert (told["verdict"], told["cause"], told["eta_s"]) == ("no-evidence", "few", None)
    assert told["limit"]["left_bytes"] >= 0
    assert told["signs"]["activated"]["value"] is None
    assert told["least_bytes_per_minute"] is None


def test_a_cgroup_of_a_captured_tree(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["capacity", "--root", str(CAPTURES / "6.12"), "--json", "--cgroup", "/system.slice/db.service"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in told["limits"]} >= {"/system.slice/db.service", "host"}
    assert told["demand"]["most_ever_bytes"] is not None


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--for", "100ms"], 2),
        (["--interval", "10ms"], 2),
        (["--for", "10s", "--interval", "20s"], 2),
        (["--for", "3h", "--interval", "1s"], 2),
        (["--add", "lots"], 2),
        (["--add", "0"], 2),
        (["--pid", "1", "--cgroup", "/"], 2),
        (["--pid", "x"], 2),
        (["--pid", "4194305"], 3),
        (["--cgroup", "/there/is/none"], 3),
        (["--root", "/nonexistent"], 3),
    ],
)
def test_refusals_are_one_line(words: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", *words]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1


def test_a_kernel_thread_has_no_memory(capsys: pytest.CaptureFixture[str]) -> None:
    if Path("/proc/2/comm").read_text() != "kthreadd\n":
        pytest.skip("kernel threads are not seen here")
    assert main(["capacity", "--pid", "2"]) == 3
    assert "a kernel thread has no memory of its own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/system.slice/db.service", "/system.slice/db.service"),
        ("system.slice", "/system.slice"),
        ("/sys/fs/cgroup/system.slice/db.service", "/system.slice/db.service"),
        ("/sys/fs/cgroup/memory/box", "/box"),
        ("/sys/fs/cgroup/cpu,cpuacct/box", "/box"),
        ("/sys/fs/cgroup/unified/box/", "/box"),
        ("/sys/fs/cgroup", "/"),
        ("/", "/"),
    ],
)
def test_a_cgroup_by_any_of_its_paths(text: str, path: str) -> None:
    assert _path(text) == path


@pytest.mark.parametrize(
    ("text", "bytes_"), [("512M", 512 << 20), ("8g", 8 << 30), ("8GiB", 8 << 30), ("1", 1)]
)
def test_sizes(text: str, bytes_: int) -> None:
    assert size(text) == bytes_


def test_what_may_not_be_read_is_said_and_the_rest_is_judged(growing: Growing) -> None:
    """As nobody: sizes of root's processes can be read, their mappings cannot."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become nobody")
    # Nobody may not be able to read this installation: all of it is loaded before.
    import jinmaek.advice.capacity.judge
    import jinmaek.advice.capacity.watch
    import jinmaek.views.capacity_json

    assert jinmaek.advice.capacity.judge
    assert jinmaek.advice.capacity.watch
    assert jinmaek.views.capacity_json

    def as_nobody() -> str:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.setresuid(65534, 65534, 65534)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = main(
                    ["capacity", "--for", "4s", "--json", "--lang", "en", "--pid", str(growing.pid)]
                )
            os.write(writing, out.getvalue().encode())
            os._exit(status)
        os.close(writing)
        with open(reading, encoding="utf-8") as pipe:
            text = pipe.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return text

    for _ in range(10):
        growing.held_up.write_text("")
        text = as_nobody()
        if not growing.held_up.read_text():
            break
    (found,) = json.loads(text)["growers"]
    assert (found["class"], found["mapping"]) == ("leak", None)
    assert found["mapping_gap"]["kind"] == "denied"


def test_a_steady_process_is_steady() -> None:
    with children.named(b"calm") as pid:
        told = said("--for", "3s", "--pid", str(pid))
    (found,) = told["growers"]
    assert (found["class"], found["bytes_per_s"]) == ("steady", None)
