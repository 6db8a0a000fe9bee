"""/proc/pressure: ratios and seconds, and the lines that some kernels do not have."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.pressure import READERS, PressureCpu, PressureIo, PressureIrq

Row: Any = PressureIo
"""Columns that are not given are None."""

PARSE = {reader.table: reader.parse for reader in READERS}


def test_capture() -> None:
    (io,) = PARSE["pressure_io"]((CAPTURES / "6.18/proc/pressure/io").read_text())
    assert isinstance(io, PressureIo)
    assert io == Row(
        some_avg10=0.08 / 100,
        some_avg60=0.29 / 100,
        some_avg300=0.18 / 100,
        some_total=7.214719,
        full_avg10=0.06 / 100,
        full_avg60=0.21 / 100,
        full_avg300=0.12 / 100,
        full_total=6.255647,
    )
    (cpu,) = PARSE["pressure_cpu"]((CAPTURES / "6.18/proc/pressure/cpu").read_text())
    assert isinstance(cpu, PressureCpu)
    assert (cpu.some_total, cpu.full_total) == (292.916652, 0)


def test_cpu_before_5_13_has_no_full_line() -> None:
    (cpu,) = PARSE["pressure_cpu"]("some avg10=12.50 avg60=0.00 avg300=0.00 total=1500000\n")
    assert isinstance(cpu, PressureCpu)
    assert (cpu.some_avg10, cpu.some_total) == (0.125, 1.5)
    assert cpu.full_avg10 is None
    assert cpu.full_total is None


def test_irq_has_only_a_full_line() -> None:
    (irq,) = PARSE["pressure_irq"]("full avg10=0.00 avg60=1.00 avg300=0.00 total=2000\n")
    assert irq == PressureIrq(full_avg10=0.0, full_avg60=0.01, full_avg300=0.0, full_total=0.002)


def test_unknown_lines_and_words_are_skipped() -> None:
    (io,) = PARSE["pressure_io"]("some avg10=1.00 avg900=x total=7\nmost avg10=y\n")
    assert io == Row(some_avg10=0.01, some_total=0.000007)


@pytest.mark.parametrize(
    "text", ["", "\n", "some", "some avg10=nan", "full total=1e9", "some avg10=", "some total=-1"]
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(PARSE["pressure_memory"](text))
