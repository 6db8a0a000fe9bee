"""The stack pointer of a thread that waits."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.tasks import children

from jinmaek.columns import Malformed
from jinmaek.kernel.pid_smaps import parse
from jinmaek.kernel.pid_syscall import stack_pointer


def test_waiting_outside_a_call_and_running() -> None:
    assert stack_pointer("232 0xe 0x7ffd1c3e4b60 0x400 0xf 0x0 0x8 0x7ffd1c3e4b10 0x7f5cfa51e0ba\n") == (
        0x7FFD1C3E4B10
    )
    assert stack_pointer("-1 0x7ffd1c3e4b10 0x7f5cfa51e0ba\n") == 0x7FFD1C3E4B10
    assert stack_pointer("running\n") is None


@pytest.mark.parametrize("bad", ["", "1 2\n", "232 0xe 0x7f 0x400 0xf 0x0 0x8 7ffd 0x7f\n", "-1 0xzz 0x1\n"])
def test_malformed(bad: str) -> None:
    with pytest.raises(Malformed):
        stack_pointer(bad)


def test_of_a_sleeping_process_is_in_its_stack() -> None:
    with children.named(b"sleeper") as pid:
        file = Path(f"/proc/{pid}/syscall")
        if not file.exists():
            pytest.skip("this kernel has no /proc/PID/syscall")
        children.until(lambda: stack_pointer(file.read_text()) is not None)
        pointer = stack_pointer(file.read_text())
        (stack,) = [vma for vma in parse(Path(f"/proc/{pid}/maps").read_text()) if vma.path == "[stack]"]
    assert pointer is not None
    assert stack.start <= pointer < stack.end
