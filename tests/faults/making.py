"""Real faults on the running kernel, each bounded and undone on the way out."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MIB = 1024 * 1024

NAMED = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
"""


def diagnose(span: str = "5s", *options: str) -> dict[str, Any]:
    """What the command says of this host, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "jinmaek", "diagnose", "--for", span, "--json", "--lang", "en", *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def findings(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Findings by rule; the worst of each."""
    return {finding["rule"]: finding for finding in reversed(said["findings"])}


def alarms(said: dict[str, Any]) -> list[str]:
    """Rules with a finding to act on. A kill of the OOM killer is remembered for half an hour: not here."""
    serious = (f["rule"] for f in said["findings"] if f["severity"] in ("warning", "critical"))
    return [rule for rule in serious if rule != "memory.oom-kill"]


def quiet(said: dict[str, Any]) -> dict[str, str | None]:
    return {verdict["rule"]: verdict["reason"] for verdict in said["quiet"]}


def needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")


@contextlib.contextmanager
def running(name: str, code: str, *args: str, count: int = 1) -> Iterator[list[subprocess.Popen[bytes]]]:
    """``count`` Python processes of that name running ``code``; killed by pid afterwards."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", NAMED + code, name, *args],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        for _ in range(count)
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
        for process in started:
            process.wait(timeout=30)
            if process.stdout:
                process.stdout.close()


def sh(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def until(condition: Any, seconds: float, what: str, every: float = 0.1) -> None:
    """Wait for a condition of the kernel; it is an error if it does not come about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(every)


@contextlib.contextmanager
def loop_filesystem(folder: Path) -> Iterator[Path]:
    """A small ext4 on a loop device, mounted."""
    image, mount = folder / "image", folder / "mounted"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(64 * MIB)
    sh("mkfs.ext4", "-q", "-F", str(image))
    try:
        sh("mount", "-o", "loop", str(image), str(mount))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop mount here: {error.stderr.strip()}")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=False)


@contextlib.contextmanager
def frozen(mount: Path) -> Iterator[None]:
    sh("fsfreeze", "-f", str(mount))
    try:
        yield
    finally:
        sh("fsfreeze", "-u", str(mount))


@contextlib.contextmanager
def swap_file(folder: Path, size: int) -> Iterator[Path]:
    path = folder / "swapfile"
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    path.chmod(0o600)
    sh("mkswap", "-q", str(path))
    try:
        sh("swapon", str(path))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no swap file here: {error.stderr.strip()}")
    try:
        yield path
    finally:
        sh("swapoff", str(path))


@contextlib.contextmanager
def memory_cgroup(limit: int, name: str = "") -> Iterator[Path]:
    """A cgroup with a memory limit, version 1 or 2, whichever has the controller here."""
    v1, v2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    folder = f"jinmaek-test-{os.getpid()}{name}"
    if (v1 / "memory.limit_in_bytes").exists():
        group, knob = v1 / folder, "memory.limit_in_bytes"
    elif "memory" in (v2 / "cgroup.subtree_control").read_text().split():
        group, knob = v2 / folder, "memory.max"
    else:
        pytest.skip("no memory controller of cgroups here")
    group.mkdir()
    try:
        (group / knob).write_text(str(limit))
        yield group
    finally:
        until(lambda: not (group / "cgroup.procs").read_text().strip(), 20, "the cgroup to empty")
        group.rmdir()
