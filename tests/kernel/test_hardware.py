"""Memory errors, heat and the clock: examples of the documented formats where no host here has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel import clocksource, edac, thermal_throttle
from jinmaek.kernel.clocksource import Clocksource
from jinmaek.kernel.edac import Edac
from jinmaek.kernel.thermal_throttle import ThermalThrottle
from jinmaek.root import LIVE, Root

Heat: Any = ThermalThrottle
Memory: Any = Edac
"""Columns that are not given are None."""
MC = "sys/devices/system/edac/mc"
CPU = "sys/devices/system/cpu"


def test_memory_controllers() -> None:
    """Documentation/admin-guide/RAS/main.rst."""
    tree = {
        f"{MC}/mc0/ce_count": "3\n",
        f"{MC}/mc0/ue_count": "0\n",
        f"{MC}/mc1/ce_count": "0\n",
    }
    assert list(edac.parse(tree)) == [
        Memory(controller="0", ce_count=3, ue_count=0),
        Memory(controller="1", ce_count=0),
    ]
    with pytest.raises(Malformed):
        list(edac.parse({f"{MC}/mc0/ce_count": "?\n"}))


def test_heat() -> None:
    """drivers/thermal/intel/therm_throt.c thermal_throttle_attrs."""
    tree = {
        f"{CPU}/cpu10/thermal_throttle/core_throttle_count": "1\n",
        f"{CPU}/cpu2/thermal_throttle/core_throttle_count": "12\n",
        f"{CPU}/cpu2/thermal_throttle/core_throttle_total_time_ms": "340\n",
        f"{CPU}/cpu2/thermal_throttle/package_throttle_count": "7\n",
    }
    assert list(thermal_throttle.parse(tree)) == [
        Heat(cpu=2, core_throttle_count=12, core_throttle_total_time=0.34, package_throttle_count=7),
        Heat(cpu=10, core_throttle_count=1),
    ]
    with pytest.raises(Malformed):
        list(thermal_throttle.parse({f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "x\n"}))


def test_clock_of_the_capture() -> None:
    tables = sampling.take(Root(str(CAPTURES / "6.18")), ["clocksource"]).tables
    assert tables["clocksource"] == (Clocksource(device="0", clocksource="tsc", current=1),)
    assert list(clocksource.parse({f"{clocksource.FOLDER}0/current_clocksource": ""})) == []


def test_a_live_kernel_without_such_devices_has_none_a_tree_without_the_files_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Root(str(tmp_path))
    assert sampling.take(tree, ["edac", "thermal_throttle"]).gaps.keys() == {"edac", "thermal_throttle"}
    monkeypatch.setattr(sampling, "expand", lambda *_: iter(()))
    assert sampling.take(LIVE, ["edac"]).tables["edac"] == ()
    assert sampling.take(LIVE, ["cgroup_cpu"]).gaps["cgroup_cpu"].kind == "absent"


def test_a_tree_of_our_own_tells_what_the_host_had_not(tmp_path: Path) -> None:
    (tmp_path / "gaps.json").write_text('{"schema": 1, "whole": true, "gaps": []}')
    assert sampling.take(Root(str(tmp_path)), ["edac"]).tables["edac"] == ()
