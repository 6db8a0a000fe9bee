"""The command beside programs that really grow, each in a cgroup with a limit: what they are, when full.

All grow at the same time and one look sees them all; then it is awaited that those that leak stand at their
limit. Where the machine was too busy for enough readings, or for the programs to keep their pace, all is
done again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.faults.growers import BURST, FORK, LEAK, NODE, READ, SAW, STAY, WARM, C, Grown, grower, python
from tests.faults.making import MIB, needs_root, until

pytestmark = pytest.mark.kernel

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "capacity.schema.json").read_text())
SPAN = 12
RATE = 8 * MIB
LIMIT = 256 * MIB
READINGS = 16
TRIES = 4
KEPT = 0.05
"""Of its speed, by which a program may miss it: more, and the machine was too busy to measure on."""
LATE = 4
"""Seconds: a look that began later missed the beginning of a warm-up, or a burst."""
LEAKS = ("jm-python", "jm-c", "node")


@dataclass(frozen=True, slots=True)
class Looked:
    """What was said, of the host and of single cgroups, and how many seconds later each leak was full."""

    growers: Mapping[str, Grown]
    said: Mapping[str, Any]
    of: Mapping[str, Mapping[str, Any]]
    full: Mapping[str, float]
    pace: Mapping[str, float]
    """Bytes a second that each leak really grew by after the look."""
    late: float
    """Seconds by which it began after the programs that do something of seconds only."""

    @property
    def undisturbed(self) -> bool:
        """Whether there were enough readings, and the programs did what they are scripted to do."""
        kept = all(abs(pace / RATE - 1) <= KEPT for pace in self.pace.values())
        return kept and self.late <= LATE and self.said["readings"] >= READINGS

    def grower(self, name: str) -> dict[str, Any]:
        """The one found of a name in its own cgroup."""
        path = self.growers[name].cgroup
        found: list[dict[str, Any]] = [
            one for one in self.said["growers"] if one["name"] == name and one["cgroup"] == path
        ]
        assert len(found) == 1, (name, found, [(one["name"], one["class"]) for one in self.said["growers"]])
        return found[0]

    def eta(self, name: str) -> float | None:
        path = self.growers[name].cgroup
        (limit,) = [one for one in self.said["limits"] if one["name"] == path]
        eta: float | None = limit["eta_s"]
        return eta


def started(folder: Path, running: contextlib.ExitStack) -> dict[str, Grown]:
    """Every program there is a way to run here."""
    big = folder / "big"
    with big.open("wb") as file:
        for _ in range(96):
            file.write(os.urandom(MIB))
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    commands: dict[str, tuple[int, list[str]]] = {
        "jm-python": (LIMIT, python("jm-python", LEAK, rate=RATE)),
        "jm-saw": (LIMIT, python("jm-saw", SAW, rate=32 * MIB, period=1.6)),
        "jm-read": (48 * MIB, python("jm-read", READ, path=str(big))),
        "jm-fork": (LIMIT, python("jm-fork", FORK, lives=0.3, every=0.1)),
        "jm-stay": (512 * MIB, python("jm-stay", STAY, every=0.25, each=2 * MIB)),
    }
    if shutil.which("gcc"):
        (folder / "leak.c").write_text(C)
        subprocess.run(["gcc", "-O1", "-o", folder / "leak", folder / "leak.c"], check=True)
        commands["jm-c"] = LIMIT, [str(folder / "leak"), "jm-c", str(RATE)]
    if node := shutil.which("node"):
        (folder / "leak.js").write_text(NODE)
        commands["node"] = LIMIT + 64 * MIB, [node, str(folder / "leak.js"), str(RATE)]
    growers = {
        name: running.enter_context(grower(name, limit, command))
        for name, (limit, command) in commands.items()
    }
    time.sleep(1)
    soon_over = {
        "jm-burst": python("jm-burst", BURST, after=6, size=96 * MIB, keeps=2),
        "jm-warm": python("jm-warm", WARM, rate=16 * MIB, most=96 * MIB),
    }
    for name, command in soon_over.items():
        growers[name] = running.enter_context(grower(name, LIMIT, command))
    return growers


def capacity(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "jinmaek", "capacity", "--for", f"{SPAN}s", "--json", "--lang", "en"]
    return subprocess.Popen([*command, "--no-history", *words], stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    said: dict[str, Any] = json.loads(out)
    return said


def look(folder: Path) -> Looked:
    with contextlib.ExitStack() as running:
        growers = started(folder, running)
        began = time.time()
        focused = ("jm-python", "jm-read", "jm-burst")
        whole = capacity("--interval", "500ms")
        single = {name: capacity("--cgroup", growers[name].cgroup) for name in focused}
        said = told(whole)
        of = {name: told(process) for name, process in single.items()}
        full: dict[str, float] = {}
        pace: dict[str, float] = {}
        leaks = [name for name in LEAKS if name in growers]

        begin = {name: (time.time(), growers[name].anon) for name in leaks}

        def all_full() -> bool:
            for name in leaks:
                if name not in full and growers[name].exhausted():
                    at, anon = begin[name]
                    full[name] = time.time() - said["time"]
                    pace[name] = (growers[name].anon - anon) / (time.time() - at)
            return len(full) == len(leaks)

        until(all_full, 180, "the leaks to come to their limits", every=0.02)
        return Looked(growers, said, of, full, pace, said["time"] - said["window_s"] - began)


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    needs_root()
    for attempt in range(TRIES):
        seen = look(tmp_path_factory.mktemp(f"growers{attempt}"))
        if seen.undisturbed:
            break
    return seen


def test_it_is_as_the_schema_says(looked: Looked) -> None:
    for said in (looked.said, *looked.of.values()):
        jsonschema.validate(said, SCHEMA)


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_one_and_when_it_fills_its_cgroup_is_foretold(name: str, looked: Looked) -> None:
    if name not in looked.growers:
        pytest.skip(f"what makes {name} is not installed here")
    found = looked.grower(name)
    assert found["class"] == "leak"
    assert found["confidence"] == "low", "twelve seconds are not enough for more"
    assert found["bytes_per_s"] == pytest.approx(RATE, rel=0.1)
    assert found["mapping_kind"] in ("heap", "anonymous", "v8-heap")
    assert found["mapping_share"] > 0.5
    assert found["next"], "the next tool at that pid"
    eta = looked.eta(name)
    assert eta is not None
    assert eta == pytest.approx(looked.full[name], rel=0.2)


def test_the_answer_of_a_leaking_cgroup(looked: Looked) -> None:
    said = looked.of["jm-python"]
    path = looked.growers["jm-python"].cgroup
    assert (said["verdict"], said["cause"], said["confidence"]) == ("no", "leak", "low")
    assert (said["limit"]["kind"], said["limit"]["name"]) == ("cgroup", path)
    assert "if it goes on" in said["reason"]
    half, whole = said["with_more"]
    assert half["add_bytes"] == said["limit"]["bytes"] // 2
    assert said["eta_s"] < half["eta_s"] < whole["eta_s"]
    assert said["restart"]["name"] == "jm-python"


def test_a_collector_s_saw_tooth_is_steady(looked: Looked) -> None:
    found = looked.grower("jm-saw")
    assert (found["class"], looked.eta("jm-saw")) == ("steady", None)
    assert found["cycles"] >= 3


def test_what_comes_and_goes_is_a_burst_and_fitted(looked: Looked) -> None:
    found = looked.grower("jm-burst")
    assert (found["class"], looked.eta("jm-burst")) == ("burst", None)
    assert found["peak_bytes"] - found["base_bytes"] == pytest.approx(96 * MIB, rel=0.1)
    (cushion,) = looked.of["jm-burst"]["cushions"]
    assert cushion["name"] == "jm-burst"
    assert looked.of["jm-burst"]["cause"] != "leak"


def test_what_fills_up_to_a_ceiling_is_a_warm_up(looked: Looked) -> None:
    assert (looked.grower("jm-warm")["class"], looked.eta("jm-warm")) == ("warm-up", None)


def test_a_reader_of_files_larger_than_its_cgroup_is_cache(looked: Looked) -> None:
    found = looked.grower("jm-read")
    assert found["class"] == "cache"
    assert found["pid"] == looked.growers["jm-read"].pid
    assert looked.eta("jm-read") is None
    said = looked.of["jm-read"]
    mine = next(one for one in said["cgroups"] if one["cgroup"] == looked.growers["jm-read"].cgroup)
    assert mine["hits"] > 0
    # More memory is said to help just where pages that were in use came back and somebody waited.
    missed = mine["activated_per_s"] is not None and mine["activated_per_s"] >= 100
    waited = mine["waits"] is None or mine["waits"] >= 0.01
    assert (said["verdict"] == "yes") == (missed and waited), mine


def test_one_that_forks_and_reaps_is_no_leak(looked: Looked) -> None:
    path = looked.growers["jm-fork"].cgroup
    kinds = {one["class"] for one in looked.said["growers"] if one["cgroup"] == path}
    assert kinds <= {"steady", "burst", None}
    assert looked.eta("jm-fork") is None


def test_one_whose_children_stay_is_a_leak_of_their_number(looked: Looked) -> None:
    found = looked.grower("jm-stay")
    assert found["class"] == "leak"
    assert found["members"] > 30
    assert found["bytes_per_s"] == pytest.approx(8 * MIB, rel=0.3)
    assert any("their number does" in note for note in found["notes"])
