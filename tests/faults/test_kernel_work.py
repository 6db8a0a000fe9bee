"""Context switches, forks and descriptors without end, made for real; and their healthy neighbours."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from tests.faults.making import (
    alarms,
    diagnose,
    findings,
    found,
    looked,
    on_a_calm_machine,
    quiet,
    ready,
    running,
    shell,
    until,
)

pytestmark = pytest.mark.kernel

PING_PONG = """
import os
os.sched_setaffinity(0, {int(sys.argv[2])})
there, here = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(there[1])  # or its end would never be told
    while os.read(there[0], 1): os.write(here[1], b"x")
    os._exit(0)
while True:
    os.write(there[1], b"x"); os.read(here[0], 1)
"""
NAPS = """
import threading, time
print(flush=True)
def nap():
    while True: time.sleep(0.0002)
for _ in range(8): threading.Thread(target=nap).start()
"""
SPIN = """
import os
os.sched_setaffinity(0, {int(sys.argv[2])})
print(flush=True)
while True: pass
"""
LEAK = """
import os, resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
held = []
while True:
    try: held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError: pass
    if len(held) == 210: print(flush=True)
    time.sleep(float(sys.argv[2]) if len(held) >= 210 else 0)
"""
KEEP = """
import os, resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
held = [os.open("/dev/null", os.O_RDONLY) for _ in range(225)]
print(flush=True); time.sleep(600)
"""


def cpus() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def about(said: dict[str, Any], *kinds: str) -> list[str]:
    """The rules of these kinds that have a finding, to act on or not."""
    return [rule for rule in findings(said) if rule.startswith(kinds)]


def mine(finding: dict[str, Any], pids: set[int]) -> list[dict[str, Any]]:
    return [culprit for culprit in finding["culprits"] if culprit["pid"] in pids]


def test_threads_that_hand_each_other_a_byte_are_a_switch_storm() -> None:
    with (
        running("jm-ping", PING_PONG, str(cpus()[0])) as (first,),
        running("jm-ping", PING_PONG, str(cpus()[-1])) as (last,),
    ):
        time.sleep(1)
        finding = found("cpu.switch-storm")
    named = mine(finding, {first.pid, last.pid})
    assert named, finding["culprits"]
    assert all(culprit["name"] == "jm-ping" for culprit in named)
    assert all("of its switches because it waits for something" in culprit["why"] for culprit in named)


def test_many_switches_of_threads_that_nap_are_no_finding() -> None:
    on_a_calm_machine("cpu")
    with running("jm-nap", NAPS) as naps:
        ready(*naps)
        said = looked(lambda said: not about(said, "cpu."))
    assert "cpu.switch-storm" not in findings(said)
    assert [rule for rule in alarms(said) if rule.startswith("cpu.")] == []


def test_a_shell_loop_is_a_fork_storm_and_the_shell_is_named() -> None:
    with shell("while :; do /bin/true; done", count=len(cpus())) as shells:
        time.sleep(1)
        finding = found("process.fork-storm")
    named = mine(finding, {process.pid for process in shells})
    assert named, finding["culprits"]
    assert all(culprit["name"] == "sh" for culprit in named)
    assert sum(culprit["share"] for culprit in finding["culprits"]) > 0.05


def test_a_compilation_is_no_fork_storm(tmp_path: Path) -> None:
    if not (shutil.which("gcc") and shutil.which("make")):
        pytest.skip("gcc and make are not installed here")
    for number in range(200):
        (tmp_path / f"f{number}.c").write_text(f"int f{number}(int x) {{ return x * {number}; }}\n")
    objects = " ".join(f"f{number}.o" for number in range(200))
    (tmp_path / "Makefile").write_text(f"all: {objects}\n")
    with shell(f"while :; do rm -f *.o; make -j{len(cpus())}; done", cwd=tmp_path):
        until(lambda: list(tmp_path.glob("*.o")), 60, "make to begin")
        said = looked(lambda said: "process.fork-storm" not in findings(said))
    assert "process.fork-storm" not in findings(said)


def test_programs_started_at_a_moderate_rate_are_no_finding() -> None:
    with shell("while :; do /bin/true; sleep 0.02; done", count=2):
        time.sleep(1)
        said = looked(lambda said: not about(said, "process.fork-storm", "cpu.switch-storm"))
    assert "process.fork-storm" not in findings(said)
    assert "cpu.switch-storm" not in findings(said)


def test_busy_cpus_for_which_nobody_waits_are_nothing_to_act_on() -> None:
    on_a_calm_machine("cpu")

    def alarming(said: dict[str, Any]) -> list[str]:
        return [rule for rule in alarms(said) if rule.startswith(("cpu.", "process."))]

    with running("jm-spin", SPIN, str(cpus()[0])) as spin:
        ready(*spin)
        said = looked(lambda said: not alarming(said))
    assert alarming(said) == []


@pytest.mark.parametrize(("pause", "severity"), [(1, "info"), (0.001, "warning")])
def test_a_process_that_leaks_descriptors_is_found_before_and_at_its_limit(
    pause: float, severity: str
) -> None:
    with running("jm-leak", LEAK, str(pause)) as (leak,):
        ready(leak)
        if pause < 1:
            at_its_limit = Path(f"/proc/{leak.pid}/fd")
            until(lambda: len(list(at_its_limit.iterdir())) == 256, 60, "all descriptors to be open")
        finding = found("process.files-exhausted")
    (named,) = mine(finding, {leak.pid})
    assert named["name"] == "jm-leak"
    assert " of 256 descriptors" in named["why"]
    assert " file" in named["why"]
    assert finding["severity"] == severity


def test_a_process_that_always_has_nine_tenths_open_is_no_finding() -> None:
    with running("jm-keep", KEEP) as keep:
        ready(*keep)
        said = diagnose()
    assert "process.files-exhausted" not in alarms(said)
    if "process.files-exhausted" not in findings(said):
        assert quiet(said)["process.files-exhausted"] == "the level is there, but nothing else agrees with it"
