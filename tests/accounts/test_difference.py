"""What is different between two samples: sums that close, processes by identity, settings, events."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.history.recording.kept import write

from jinmaek.accounts.difference import difference
from jinmaek.catalog import tables
from jinmaek.cli.main import main
from jinmaek.root import Root
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.table import Scan, TaskTable
from jinmaek.views.diff import lines

HERE = Path(__file__).parents[1]
GIB = 1 << 30


def scan(pids: dict[int, tuple[float, str, int | None]]) -> Scan:
    """Processes by pid: start, name, anonymous bytes."""
    count = len(pids)
    table = TaskTable(
        pid=list(pids),
        tgid=list(pids),
        start_time=[start for start, _, _ in pids.values()],
        comm=[name for _, name, _ in pids.values()],
        rss_anon=[size for _, _, size in pids.values()],
        rss_shmem=[0] * count,
        vm_swap=[None] * count,
        utime=[float(pid) for pid in pids],
        stime=[0.0] * count,
    )
    return Scan("procfs", 1.0, table, (), {}, {}, 0.0)


def the(one: Snapshot, table: str) -> Any:
    """The only row of a table."""
    return one.tables[table][0]


def changed(row: Any, **values: object) -> Any:
    """The same row with other values."""
    told = {name: getattr(row, name) for name in type(row).__match_args__}
    return type(row)(**{**told, **values})


@pytest.fixture
def pair() -> tuple[Snapshot, Snapshot]:
    root = Root(str(HERE / "captures" / "6.18"))
    one = replace(take(root, list(tables())), boot_id="b", wall=1000.0)
    memory, vm, counters = (the(one, name) for name in ("meminfo", "sys_vm", "vmstat"))
    later = {
        "meminfo": (changed(memory, MemFree=memory.MemFree - 3 * GIB, AnonPages=memory.AnonPages + 2 * GIB),),
        "sys_vm": (changed(vm, swappiness=1),),
        "vmstat": (changed(counters, oom_kill=counters.oom_kill + 2),),
    }
    before = replace(
        one, tasks=scan({1: (0.0, "init", GIB), 7: (5.0, "web", GIB), 9: (6.0, "old", GIB // 2)})
    )
    after = replace(
        one,
        wall=4600.0,
        tables={**one.tables, **later},
        tasks=scan({1: (0.0, "init", GIB), 7: (5.0, "web", 3 * GIB), 9: (99.0, "new", GIB)}),
    )
    return before, after


def test_buckets_and_residual_add_up(pair: tuple[Snapshot, Snapshot]) -> None:
    told = difference(*pair, 4096)
    assert told.total is not None
    assert sum(one.by for one in told.memory) == told.total.by == 0
    by = {one.name: one.by for one in told.memory if one.by}
    # The swap cache is what the lists of pages have more than the counters of use.
    assert by["free"] + by["anonymous"] + by["residual"] + by.get("swap-cache", 0) == 0
    assert (by["free"], by["anonymous"]) == (-3 * GIB, 2 * GIB)


def test_processes_are_themselves_by_pid_and_start(pair: tuple[Snapshot, Snapshot]) -> None:
    told = difference(*pair, 4096)
    assert [(task.pid, task.name, task.by) for task in told.tasks if task.by] == [
        (7, "web", 2 * GIB),
        (9, "new", GIB),
        (9, "old", -GIB // 2),
    ]
    assert [(one.name, one.by) for one in told.names] == [("web", 2 * GIB), ("new", GIB), ("old", -GIB // 2)]
    gone = next(task for task in told.tasks if task.name == "old")
    assert (gone.after, gone.cpu_s) == (None, None)


def test_settings_and_events(pair: tuple[Snapshot, Snapshot]) -> None:
    told = difference(*pair, 4096)
    assert [(one.name, one.after) for one in told.settings] == [("sys_vm.swappiness", "1")]
    assert [(one.name, one.by) for one in told.events] == [("oom_kill", 2)]


def test_after_another_boot_nothing_is_the_same(pair: tuple[Snapshot, Snapshot]) -> None:
    before, after = pair
    told = difference(before, replace(after, boot_id="c"), 4096)
    assert not told.events
    assert {task.pid for task in told.tasks if task.after is None} == {1, 7, 9}
    assert "started in between" in "\n".join(lines(told, "en"))


def test_the_screen(pair: tuple[Snapshot, Snapshot]) -> None:
    text = "\n".join(lines(difference(*pair, 4096), "en"))
    assert "+2.0 GiB  anonymous memory of processes" in text
    assert "-3.0 GiB  free" in text
    assert "new [9]  started since" in text
    assert "old [9]  ended since" in text
    assert "sys_vm.swappiness" in text
    assert "vmstat.oom_kill  +2" in text


def test_of_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, 100)
    assert main(["diff", "60s", "10s", "--json", "--recording", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, json.loads((HERE.parent / "docs" / "diff.schema.json").read_text()))
    assert told["until"] - told["since"] == 50
    assert main(["diff", "10s", "60s", "--recording", str(tmp_path)]) == 2
    assert "not after the first" in capsys.readouterr().err
