"""``capacity`` over hours and days of a recording, and a live look that goes on from one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.advice.made import CALM, GIB, MIB, PRESSURE
from tests.history.recording.kept import META, clocks

from jinmaek.advice.capacity.recorded import read, watched
from jinmaek.cli.main import main
from jinmaek.history.recording import running
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.writer import Writer
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.sys_vm import SysVm
from jinmaek.kernel.uptime import Uptime
from jinmaek.kernel.vmstat import Vmstat
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Scanner
from jinmaek.tasks.table import Scan, TaskTable

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "capacity.schema.json").read_text())
BEGAN, STEP, HOURS = 1_700_006_400.0, 60.0, 30
LEAK = 20_000.0
"""Bytes a second: 1.2 MB a minute, 70 MB an hour."""
SHORT = 10 * 3600.0, 900.0
"""When in it memory was short, and for how long."""
ROW: Any = CgroupMemory
MEMINFO: Any = Meminfo
VMSTAT: Any = Vmstat
SYS_VM: Any = SysVm


def stalled(second: float) -> float:
    """Seconds of waiting for memory so far: half of the time while it was short."""
    return 0.5 * min(max(0.0, second - SHORT[0]), SHORT[1])


def sample(second: float) -> Snapshot:
    leaked = int(LEAK * second)
    sizes = {
        1: (4 * MIB, "init"),
        50: (200 * MIB + leaked, "leaky"),
        60: (300 * MIB + int(second / 600) % 12 * 40 * MIB, "collector"),
        # A worker that is started anew every three hours.
        100 + int(second // 10_800): (100 * MIB, "worker"),
    }
    pids = sorted(sizes)
    counters = {**CALM, "workingset_activate_file": 0, "pgscan_direct": 0}
    inside = min(max(0.0, second - SHORT[0]), SHORT[1])
    counters |= {"workingset_activate_file": int(900 * inside), "pgscan_direct": int(5000 * inside)}
    scan = Scan(
        way="bpf",
        time=1000.0 + second,
        processes=TaskTable(
            pid=pids,
            tgid=pids,
            ppid=[0, *[1] * (len(pids) - 1)],
            start_time=[0.5 if pid < 100 else 1000.0 + (pid - 100) * 10_800 for pid in pids],
            comm=[sizes[pid][1] for pid in pids],
            state=["S"] * len(pids),
            flags=[0] * len(pids),
            utime=[0.0] * len(pids), stime=[0.0] * len(pids),
            cutime=[0.0] * len(pids), cstime=[0.0] * len(pids),
            minflt=[0] * len(pids), majflt=[0] * len(pids), num_threads=[1] * len(pids),
            priority=[20] * len(pids), nice=[0] * len(pids), rt_priority=[0] * len(pids),
            policy=[0] * len(pids), processor=[0] * len(pids), tty_nr=[0] * len(pids),
            vsize=[1 << 30] * len(pids),
            resident=[sizes[pid][0] for pid in pids], shared=[0] * len(pids), uid=[0] * len(pids),
            vm_swap=[0] * len(pids), rss_anon=[sizes[pid][0] for pid in pids],
            rss_file=[0] * len(pids), rss_shmem=[0] * len(pids), read_bytes=[0] * len(pids),
        ),
        waiting=(),
        tables={},
        gaps={},
        cpu_s=0.001,
    )  # fmt: skip
    free = 12 * GIB - leaked
    tables: dict[str, tuple[object, ...]] = {
        "meminfo": (MEMINFO(MemTotal=16 * GIB, MemFree=free, MemAvailable=free, SwapTotal=0, SwapFree=0),),
        "vmstat": (VMSTAT(**counters),),
        "pressure_memory": (PRESSURE(some_total=stalled(second), full_total=0.0),),
        "sys_vm": (SYS_VM(overcommit_memory=0),),
        "uptime": (Uptime(uptime=1000.0 + second, idle=0.0),),
        "swaps": (),
        "cgroup_memory": (
            ROW(cgroup="/box", current=600 * MIB, max=GIB, events_max=0, inactive_file=0, active_file=0),
        ),
    }
    return Snapshot("aa-bb", BEGAN + second, 1000.0 + second, tables, scan, {})


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("day"))
    writer = Writer(folder, {**META, "interval": STEP, "tasks": "bpf"}, span=3600.0)
    for n in range(round(HOURS * 3600 / STEP)):
        one = sample(n * STEP)
        assert writer.add(one, clocks(one))
        writer.work()
    writer.close()
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["capacity", *words, "--json", "--lang", "en"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, SCHEMA)
    return found


def kinds(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["class"] for one in found["growers"]}


def test_growth_over_a_day_and_when_it_runs_out(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "--recording", day)
    assert found["window_s"] == HOURS * 3600 - STEP
    assert 500 <= found["readings"] <= 640
    leak = found["growers"][0]
    assert (leak["name"], leak["class"], leak["pid"]) == ("leaky", "leak", 50)
    assert leak["bytes_per_s"] == pytest.approx(LEAK, rel=0.02)
    assert leak["confidence"] == "high"
    assert kinds(found)["collector"] in ("steady", "burst", None)
    left = 12 * GIB - LEAK * (HOURS * 3600 - STEP)
    assert found["eta_s"] == pytest.approx(left / LEAK, rel=0.05)
    assert {"proc/PID/smaps", "proc/PID/limits", "proc/PID/cgroup"} <= {
        gap["source"] for gap in found["gaps"]
    }
    assert leak["mapping"] is None
    assert found["history"] is None


def test_a_shortage_of_minutes_is_not_lost_in_a_day(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "--recording", day)
    assert found["signs"]["waits"]["value"] == pytest.approx(0.5, rel=0.25)
    assert found["signs"]["activated"]["holds"]
    assert found["signs"]["direct"]["holds"]
    assert abs(found["judged"]["until"] - (BEGAN + sum(SHORT))) <= 600
    assert found["verdict"] in ("no", "yes")
    assert main(["capacity", "--recording", day]) == 0
    assert "when threads waited for memory most" in " ".join(capsys.readouterr().out.split())
    # Before it, and after it, nobody waited.
    for words in (("--at", f"@{BEGAN + SHORT[0] - 600}"), ("--since", f"@{BEGAN + sum(SHORT) + 1200}")):
        calm = said(capsys, "--recording", day, *words)
        assert calm["signs"]["waits"]["value"] == 0
        assert kinds(calm)["leaky"] == "leak"


def test_a_piece_a_process_and_a_cgroup(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    piece = said(capsys, "--recording", day, "--since", "2h", "--pid", "50")
    assert piece["window_s"] == 7200
    assert [one["name"] for one in piece["growers"]] == ["leaky"]
    box = said(capsys, "--recording", day, "--cgroup", "/box")
    assert box["demand"]["of_bytes"] == GIB
    for words, status in (
        (("--pid", "77"), 3), (("--cgroup", "/none"), 3), (("--root", "/tmp"), 2), (("--since", "@1"), 3),
        (("--at", f"@{BEGAN + 60}", "--since", f"@{BEGAN + 600}"), 2),
    ):  # fmt: skip
        assert main(["capacity", "--recording", day, *words]) == status
        assert capsys.readouterr().err.count("\n") == 1


def test_samples_are_few_and_evenly_apart(day: str) -> None:
    with Recording(day) as recording:
        found = read(recording, "aabb".ljust(32, "0"), -1, 1e9, float(MIB), most=50)
        times = [one.monotonic for one in found.snapshots]
        apart = [later - earlier for earlier, later in pairwise(times)]
        assert 45 <= len(times) <= 56
        assert times[0] == 1000
        assert times[-1] == 1000 + HOURS * 3600 - STEP
        assert max(apart) <= 2 * min(apart[:-1])
        made = watched(found, 1.0)
        workers = [one for one in made.processes if one.name == "leaky"]
        assert len(workers) == 1
        assert len(workers[0].anon) == len(times)


GROWS = """
import time
blocks = []
print("go", flush=True)
began = time.monotonic()
while True:
    while len(blocks) < (time.monotonic() - began) * 10: blocks.append(bytearray({size}))
    time.sleep(0.1)
"""


@pytest.mark.kernel
def test_a_live_look_goes_on_from_a_recorder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow grower that a look of seconds does not show, and twenty seconds of a recorder do."""
    grower = subprocess.Popen(
        [sys.executable, "-c", GROWS.format(size=200_000)], stdout=subprocess.PIPE, text=True
    )
    folder = str(tmp_path / "r")
    recorder = subprocess.Popen([sys.executable, "-m", "jinmaek", "record", "--recording", folder])
    try:
        assert grower.stdout is not None
        grower.stdout.readline()
        wait(lambda: len(samples(folder)) >= 20)
        monkeypatch.setattr(running, "places", lambda: (folder,))
        found = said(capsys, "--for", "1s")
        assert found["history"]["recording"] == folder
        assert found["history"]["samples"] >= 19
        assert found["window_s"] > 18
        assert found["judged"]["seconds"] < 15, "this look alone, late as a busy machine makes it"
        mine = next(one for one in found["growers"] if one["pid"] == grower.pid)
        assert mine["class"] == "leak"
        assert mine["bytes_per_s"] == pytest.approx(2e6, rel=0.4)
        assert mine["growth_bytes"] > 20e6
        assert main(["capacity", "--for", "1s"]) == 0
        assert "history: recorder since" in capsys.readouterr().out
        alone = said(capsys, "--for", "1s", "--no-history")
        assert alone["history"] is None
        assert alone["window_s"] < 15
    finally:
        grower.kill()
        recorder.send_signal(signal.SIGTERM)
        grower.wait()
        recorder.wait(120)


def samples(folder: str) -> list[int]:
    if not os.path.isdir(folder):
        return []
    with Recording(folder) as recording:
        return [at for entry in recording.entries for at in recording.clocks(entry).get("wall", ())]


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.5)


def test_one_reading_of_this_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Scanner(LIVE) as scanner:
        one = take(LIVE, ["meminfo", "vmstat"], scanner.scan(details=True))
    writer = Writer(str(tmp_path), META)
    assert writer.add(one, clocks(one))
    writer.close()
    found = said(capsys, "--recording", str(tmp_path))
    assert (found["verdict"], found["readings"]) == ("no-evidence", 1)
