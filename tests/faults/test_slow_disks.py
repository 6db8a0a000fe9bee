"""Disks that answer late and writers that must wait, made for real; and large I/O that is no problem."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.faults.making import (
    MIB,
    alarms,
    diagnose,
    findings,
    found,
    looked,
    needs_root,
    on_a_calm_machine,
    running,
    slow_disk,
    sysctl,
    uncached_file,
)

pytestmark = pytest.mark.kernel

DIRECT = """
import mmap, os, threading
page = mmap.mmap(-1, 65536)
def write(number):
    file = os.open(f"{sys.argv[2]}/{number}", os.O_RDWR | os.O_CREAT | os.O_DIRECT)
    at = 0
    while True:
        os.pwrite(file, page, at % (64 << 16)); at += 1 << 16
for number in range(8): threading.Thread(target=write, args=(number,)).start()
"""
POUR = """
block = b"x" * (1 << 20)
with open(sys.argv[2] + "/poured", "wb", buffering=0) as file:
    while True:
        file.write(block)
        if file.tell() >= 400 << 20: file.seek(0)
"""
BURST = """
import os, time
with open(sys.argv[2], "wb", buffering=0) as file:
    for _ in range(128): file.write(os.urandom(4096) * 256)
time.sleep(600)
"""
STREAM = """
import os
while True:
    with open(sys.argv[2], "rb", buffering=0) as file:
        while file.read(1 << 20): pass
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
"""


@pytest.fixture(autouse=True)
def root() -> None:
    needs_root()


def of(said: dict[str, Any], rule: str, device: str) -> list[dict[str, Any]]:
    """The findings of a rule that are about this disk: the host may have others."""
    return [f for f in said["findings"] if f["rule"] == rule and f["subject"] == {"device": device}]


def test_a_disk_that_answers_late_and_who_asks_it(tmp_path: Path) -> None:
    with slow_disk(tmp_path, write_iops=30) as (mount, device):
        with running("jm-direct", DIRECT, str(mount)) as (writer,):
            time.sleep(2)
            said = looked(lambda said: of(said, "disk.saturated", device))
        (finding,) = of(said, "disk.saturated", device)
    asked = {culprit["pid"]: culprit for culprit in finding["culprits"]}
    assert asked[writer.pid]["name"] == "jm-direct"
    slow = {item["column"]: item for item in finding["evidence"]}["time for a write"]
    assert slow["value"] > 0.15, "eight writers share thirty answers a second"
    assert slow["labels"] == {"device": device}


def test_writers_stall_on_dirty_limits_and_the_one_who_writes_is_named(tmp_path: Path) -> None:
    with (
        slow_disk(tmp_path, write_bps=MIB) as (mount, _),
        sysctl(dirty_background_bytes=24 * MIB, dirty_bytes=48 * MIB),
        running("jm-pour", POUR, str(mount)) as (writer,),
    ):
        time.sleep(4)
        finding = found("disk.dirty-stall")
    named = {culprit["pid"]: culprit["name"] for culprit in finding["culprits"]}
    assert named[writer.pid] == "jm-pour"


def test_a_burst_of_writing_under_the_limits_is_no_finding(tmp_path: Path) -> None:
    for attempt in range(3):  # others may keep the disk busy for a while
        with running("jm-burst", BURST, str(tmp_path / f"burst{attempt}")):
            said = diagnose()
        if "disk.dirty-stall" not in findings(said) and "disk.saturated" not in alarms(said):
            break
    assert "disk.dirty-stall" not in findings(said)
    assert "disk.saturated" not in alarms(said)


def test_a_stream_read_from_a_disk_that_keeps_up_is_nothing_to_act_on(tmp_path: Path) -> None:
    def alarming(said: dict[str, Any]) -> list[str]:
        return [rule for rule in alarms(said) if rule.startswith(("disk.", "memory.", "swap.", "load."))]

    on_a_calm_machine("io", "memory")
    with uncached_file(tmp_path, 512 * MIB) as file, running("jm-stream", STREAM, str(file)):
        time.sleep(1)
        said = looked(lambda said: not alarming(said))
    assert alarming(said) == []
