"""Which part of the hardware it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.diagnosis.test_culprits import look, told
from tests.made import ring

from jinmaek.diagnosis import by_hardware
from jinmaek.kernel.clocksource import FOLDER, Clocksource
from jinmaek.kernel.edac import Edac
from jinmaek.kernel.thermal_throttle import ThermalThrottle
from jinmaek.root import Root

Memory: Any = Edac
Heat: Any = ThermalThrottle


def test_controllers_cpus_and_the_clock(tmp_path: Path) -> None:
    there = tmp_path / f"{FOLDER}0/available_clocksource"
    there.parent.mkdir(parents=True)
    there.write_text("tsc hpet acpi_pm \n")
    seen = replace(look(), root=Root(str(tmp_path)))
    for second, hot in enumerate((10.0, 13.0), 1):
        last = seen.last
        tables = {
            **last.tables,
            "edac": (Memory(controller="0", ce_count=3, ue_count=0), Memory(controller="1", ce_count=0)),
            "thermal_throttle": (
                Heat(cpu=0, core_throttle_total_time=5.0),
                Heat(cpu=3, core_throttle_total_time=hot),
            ),
            "clocksource": (Clocksource(device="0", clocksource="hpet", current=1),),
        }
        ring(seen).add(replace(last, monotonic=last.monotonic + second, tables=tables))
    found = by_hardware.by_device(seen)
    assert told(found) == [("mc0", None), ("CPU 3", 0.75), ("hpet", None)]
    assert [culprit.why for culprit in found] == [
        "3 memory errors corrected, 0 not",
        "slowed down by heat for 3.0 s of this look",
        "in use; there are tsc, hpet, acpi_pm",
    ]


def test_a_sound_machine_has_none() -> None:
    seen = look()
    last = seen.last
    tables = {
        **last.tables,
        "edac": (Memory(controller="0", ce_count=0),),
        "clocksource": (Clocksource(device="0", clocksource="tsc", current=1),),
    }
    ring(seen).add(replace(last, monotonic=last.monotonic + 1, tables=tables))
    assert by_hardware.by_device(seen) == ()
