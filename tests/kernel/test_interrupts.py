"""/proc/interrupts: sources and their sums."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.interrupts import Interrupt, parse


def test_capture() -> None:
    rows = list(parse((CAPTURES / "6.18/proc/interrupts").read_text()))
    assert len(rows) == 35
    by_irq = {row.irq: row for row in rows}
    assert by_irq["36"] == Interrupt(
        irq="36", info="PCI-MSIX-0000:00:02.0 1-edge virtio1-req.0", count=115140
    )
    assert by_irq["LOC"] == Interrupt(irq="LOC", info="Local timer interrupts", count=260226 + 283714)
    assert by_irq["ERR"] == Interrupt(irq="ERR", info="", count=0)


def test_other_machines() -> None:
    text = (
        "           CPU0       CPU2\n"
        " 10: 3287008667 3310445093     GICv3  27 Level     arch_timer\n"
        "IPI0:       815        100       Rescheduling interrupts\n"
        "Err:          7\n"
        "a line without a colon\n"
    )
    assert list(parse(text)) == [
        Interrupt(irq="10", info="GICv3 27 Level arch_timer", count=3287008667 + 3310445093),
        Interrupt(irq="IPI0", info="Rescheduling interrupts", count=915),
        Interrupt(irq="Err", info="", count=7),
    ]


def test_numbers_after_the_last_cpu_are_not_counts() -> None:
    (row,) = parse("    CPU0\n  1:  5  37 Level  uart:4\n")
    assert row == Interrupt(irq="1", info="37 Level uart:4", count=5)


@pytest.mark.parametrize(
    ("text", "line"), [("", 1), ("no cpus here\n", 1), ("CPU0\nLOC: many\n", 2), ("CPU0\nLOC:\n", 2)]
)
def test_malformed(text: str, line: int) -> None:
    with pytest.raises(Malformed) as fault:
        list(parse(text))
    assert fault.value.line == line
