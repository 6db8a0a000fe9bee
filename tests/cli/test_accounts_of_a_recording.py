"""``memory``, ``swap``, ``load`` and ``cache`` of a recording: the sample's figures, and each gap by name."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.history.recording.kept import META, clocks, write
from tests.tasks.children import SPIN, child

from jinmaek.accounts.memory_buckets import balance
from jinmaek.accounts.memory_reading import core_of, row_of, rows_of
from jinmaek.catalog import tables
from jinmaek.cli.main import main
from jinmaek.history.recording.writer import Writer
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.stat import Stat
from jinmaek.kernel.swaps import Swap
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Refused, Scanner

BUSY: list[int] = []
"""A process that ran all of the time."""
TAKEN: list[tuple[float, float]] = []
"""When each sample was begun and done, by the clock that runs on."""
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Snapshot]]:
    """Four samples of this host, a third of a second apart, and the recording of them."""
    folder = str(tmp_path_factory.mktemp("recording"))
    found = []
    try:
        scanner = Scanner(LIVE, "bpf")
    except Refused:
        scanner = Scanner(LIVE, "procfs")
    with scanner, child(SPIN) as busy:
        BUSY.append(busy)
        for _ in range(4):
            began = time.monotonic()
            found.append(take(LIVE, list(tables()), scanner.scan(details=True)))
            TAKEN.append((began, time.monotonic()))
            time.sleep(0.3)
    writer = Writer(folder, {**META, "page_size": 4096, "tasks": scanner.way, "pid": 1 << 30})
    for one in found:
        assert writer.add(one, clocks(one))
    writer.close()
    return folder, found


def said(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*words, "--json", "--lang", "en"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, json.loads((DOCS / f"{words[0]}.schema.json").read_text()))
    return found


def sources(found: dict[str, Any]) -> set[str]:
    return {gap["source"] for gap in found["gaps"]}


def test_the_ledger_is_that_of_the_sample(
    kept: tuple[str, list[Snapshot]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, (*_, last) = kept
    found = said(capsys, "memory", "--recording", folder)
    meminfo = row_of(last, Meminfo)
    assert meminfo is not None
    made = balance(core_of(meminfo, last, last, 4096))
    assert found["total_bytes"] == meminfo.MemTotal
    assert {one["name"]: one["bytes"] for one in found["buckets"]} == {
        one.name: one.bytes for one in made.buckets
    }
    assert found["residual_bytes"] == made.residual
    assert found["used"]["sum_pss"] is None
    assert found["used"]["sum_rss"] > 0
    assert found["processes"]["pss_read"] == 0
    anonymous = next(one for one in found["buckets"] if one["name"] == "anonymous")
    assert anonymous["owners"]
    # Of another process than its own some memory is shared: no sum of resident sets is called exact.
    assert all(owner.get("bound") == "upper" for owner in anonymous["owners"])
    tables = next(one for one in found["buckets"] if one["name"] == "page-tables")
    assert tables["owners"] == []
    assert tables["unowned_bytes"] is None
    assert {"statvfs", "proc/PID/fd", "proc/PID/smaps_rollup", "proc/PID/status VmPTE"} <= sources(found)


def test_the_ledger_in_words(kept: tuple[str, list[Snapshot]], capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--by", "user", "--all"], ["--explain"], ["--lang", "ko"]):
        assert main(["memory", "--recording", kept[0], *words]) == 0
        assert "statvfs" in capsys.readouterr().out
    assert main(["memory", "--recording", kept[0], "--by", "cgroup"]) == 2
    assert "not recorded" in capsys.readouterr().err


def test_swap_of_the_sample(kept: tuple[str, list[Snapshot]], capsys: pytest.CaptureFixture[str]) -> None:
    folder, samples = kept
    found = said(capsys, "swap", "--recording", folder, "--for", "10m")
    devices = rows_of(samples[-1], Swap)
    meminfo = row_of(samples[-1], Meminfo)
    assert meminfo is not None
    assert found["used_bytes"] == (
        sum(one.used for one in devices) if devices else (meminfo.SwapTotal or 0) - (meminfo.SwapFree or 0)
    )
    assert found["rates"]["pswpin"] is not None
    assert found["state"] != "unknown"
    assert main(["swap", "--recording", folder]) == 0


def test_load_of_the_seconds_before(
    kept: tuple[str, list[Snapshot]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, samples = kept
    found = said(capsys, "load", "--recording", folder, "--for", "10m")
    (row,) = samples[-1].tables["loadavg"]
    assert found["load1"] == getattr(row, "load1", None)
    window = samples[-1].wall - samples[0].wall
    assert found["window_s"] == pytest.approx(window, abs=0.01)
    assert found["on_cpu"] is not None
    assert "proc/PID/syscall" in sources(found)
    scan = samples[-1].tasks
    assert scan is not None
    if scan.processes.run_delay:
        running = next(part for part in found["parts"] if part["kind"] == "running")
        # One that never sleeps runs, or waits for a CPU, all of the time that nobody stole.
        mine = next(who for who in running["who"] if who["pid"] == BUSY[0])
        (before,), (after,) = (rows_of(one, Stat) for one in (samples[0], samples[-1]))
        stolen = ((after.steal or 0) - (before.steal or 0)) / window
        (earliest, first), (last, latest) = TAKEN[0], TAKEN[-1]
        assert (last - first) / window - stolen - 0.1 < mine["threads"] < (latest - earliest) / window + 0.1
    else:
        assert "tasks.run_delay" in sources(found)
    assert main(["load", "--recording", folder]) == 0


def test_cache_of_the_sample(kept: tuple[str, list[Snapshot]], capsys: pytest.CaptureFixture[str]) -> None:
    folder, samples = kept
    found = said(capsys, "cache", "--recording", folder)
    meminfo = row_of(samples[-1], Meminfo)
    assert meminfo is not None
    assert found["cached_bytes"] == meminfo.Cached
    assert found["found_bytes"] is None
    assert found["unattributed_bytes"] is None
    assert found["verdict"]["kind"] == "unknown"
    assert found["source"] == "recorded"
    assert all(one["share_bytes"] is None and one["processes"] is None for one in found["cgroups"])
    assert "not recorded" in found["sentence"]
    assert main(["cache", "--recording", folder]) == 0
    assert "-" in capsys.readouterr().out
    assert main(["cache", "--recording", folder, "/etc"]) == 2
    assert main(["cache", "--recording", folder, "--root", "/tmp"]) == 2


def test_a_moment_in_the_middle(kept: tuple[str, list[Snapshot]], capsys: pytest.CaptureFixture[str]) -> None:
    folder, samples = kept
    found = said(capsys, "memory", "--recording", folder, "--at", f"@{samples[1].wall + 0.001:.3f}")
    meminfo = row_of(samples[1], Meminfo)
    free = next(one for one in found["buckets"] if one["name"] == "free")
    assert meminfo is not None
    made = balance(core_of(meminfo, samples[1], samples[1], 4096))
    assert free["bytes"] == next(one.bytes for one in made.buckets if one.name == "free")


def test_what_a_small_record_lacks_is_a_gap_and_no_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, 30)
    found = said(capsys, "memory", "--recording", str(tmp_path))
    assert found["used"]["sum_rss"] is None
    assert {"tasks", "zoneinfo", "vmstat", "slabinfo"} <= sources(found)
    found = said(capsys, "swap", "--recording", str(tmp_path))
    assert found["rates"]["pswpin"] is None
    assert found["used_bytes"] is None
    found = said(capsys, "cache", "--recording", str(tmp_path))
    assert found["shmem_bytes"] is None
    found = said(capsys, "load", "--recording", str(tmp_path))
    assert found["on_cpu"] is None
    assert "tasks.run_delay" in sources(found)
    waiting = next(part for part in found["parts"] if part["kind"] == "disk")
    assert waiting["who"][0]["wchan"] == "io_schedule"
