"""Real faults on the running kernel, each bounded and undone on the way out."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

MIB = 1024 * 1024

NAMED = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
"""

HOGS = """
import hashlib, threading
data = bytes(1 << 22)
def work():
    while True: hashlib.sha256(data)  # without the interpreter's lock
for _ in range(int(sys.argv[2])): threading.Thread(target=work).start()
"""
"""So many threads of one process on the CPU: more than any other is likely to have there."""


def diagnose(span: str = "5s", *options: str) -> dict[str, Any]:
    """What the command says of this host, as JSON."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "jinmaek",
            "diagnose",
            "--for",
            span,
            "--no-history",
            "--json",
            "--lang",
            "en",
            *options,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def findings(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Findings by rule; the worst of each."""
    return {finding["rule"]: finding for finding in reversed(said["findings"])}


def looked(holds: Callable[[dict[str, Any]], object], tries: int = 3, span: str = "5s") -> dict[str, Any]:
    """A look of which this holds, or else the last of a few.

    What others on the machine do may spoil one look, or be found in it; what is wrong with ours always is.
    """
    for _ in range(tries):
        said = diagnose(span)
        if holds(said):
            break
    return said


def found(rule: str, tries: int = 3) -> dict[str, Any]:
    """The finding of a rule about the whole host. Others on the machine may veto it for a look or two."""
    said = looked(lambda said: rule in findings(said), tries)
    if rule in findings(said):
        return findings(said)[rule]
    reasons = [verdict for kind in ("quiet", "unknown") for verdict in said[kind] if verdict["rule"] == rule]
    raise AssertionError(f"no finding in {tries} looks: {reasons}")


def alarms(said: dict[str, Any]) -> list[str]:
    """Rules with a finding to act on. A kill of the OOM killer is remembered for half an hour: not here."""
    serious = (f["rule"] for f in said["findings"] if f["severity"] in ("warning", "critical"))
    return [rule for rule in serious if rule != "memory.oom-kill"]


def quiet(said: dict[str, Any]) -> dict[str, str | None]:
    return {verdict["rule"]: verdict["reason"] for verdict in said["quiet"]}


def ready(*processes: subprocess.Popen[bytes]) -> None:
    """Wait until each has said so, by an empty line."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n", "it could not do what it should"


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
            process.wait(timeout=120)
            if process.stdout:
                process.stdout.close()


@contextlib.contextmanager
def shell(script: str, count: int = 1, cwd: Path | None = None) -> Iterator[list[subprocess.Popen[bytes]]]:
    """``count`` shells at work, killed with all they started."""
    started = [
        subprocess.Popen(
            ["sh", "-c", script],
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(count)
    ]
    try:
        yield started
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=120)


def stalled(resource: str) -> float:
    """Share of the last 10 s in which some thread waited for cpu, memory or io."""
    try:
        line = Path(f"/proc/pressure/{resource}").read_text()
    except OSError as error:
        pytest.skip(f"/proc/pressure/{resource}: {error.strerror}")
    return float(line.split("avg10=")[1].split()[0]) / 100


def on_a_calm_machine(*resources: str, patience: float = 60) -> None:
    """Wait until others let the machine be: what shows that nothing is wrong needs that."""
    end = time.monotonic() + patience
    while any(stalled(resource) > 0.05 for resource in resources):
        if time.monotonic() > end:
            pytest.skip(f"others keep {', '.join(resources)} of this machine busy")
        time.sleep(1)


def sh(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout


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
        # Refused while memory is short, or committed to its limit, by others too.
        until(lambda: swapped_off(path), 120, "room for what is in swap", every=1)


def swapped_off(path: Path) -> bool:
    done = subprocess.run(["swapoff", str(path)], check=False, capture_output=True, timeout=600)
    return done.returncode == 0 or str(path) not in Path("/proc/swaps").read_text()


@contextlib.contextmanager
def cgroup(controller: str, **settings: object) -> Iterator[Path]:
    """A cgroup of version 1 or 2, whichever has the controller here; ``settings`` are files of both versions.

    ``cpu_quota`` is in CPUs, ``memory_max`` in bytes; ``swap=False`` forbids it swap.
    """
    v1, v2 = Path("/sys/fs/cgroup") / controller, Path("/sys/fs/cgroup")
    name = f"jinmaek-test-{os.getpid()}"
    if (v1 / "cgroup.procs").exists():
        groups = [v1 / name, *([v2 / "cpuacct" / name] if controller == "cpu" else [])]
    elif controller in _controllers(v2):
        groups = [v2 / name]
    else:
        pytest.skip(f"no {controller} controller of cgroups here")
    groups = [group for group in groups if group.parent.is_dir() and group.parent.resolve() == group.parent]
    for group in groups:
        group.mkdir()
    try:
        _set(groups[0], settings)
        yield groups[0]
    finally:
        for group in groups:
            removed(group)


def removed(group: Path) -> None:
    """Remove a cgroup once the last process is out of it, which may be later than its parent has heard."""

    def gone() -> bool:
        with contextlib.suppress(OSError):
            group.rmdir()
        return not group.exists()

    until(gone, 60, "the cgroup to empty")


def unmounted(mount: Path) -> None:
    """Unmount once nobody looks at it any more: others on the host may for a moment."""

    def gone() -> bool:
        subprocess.run(["umount", str(mount)], check=False, capture_output=True)
        return not mount.is_mount()

    until(gone, 60, f"nobody to use {mount}")


def _controllers(v2: Path) -> list[str]:
    control = v2 / "cgroup.subtree_control"
    return control.read_text().split() if control.exists() else []


def _set(group: Path, settings: dict[str, Any]) -> None:
    version_1 = not (group / "cgroup.controllers").exists()
    if "cpu_quota" in settings:
        microseconds = int(settings["cpu_quota"] * 100_000)
        text = str(microseconds) if version_1 else f"{microseconds} 100000"
        (group / ("cpu.cfs_quota_us" if version_1 else "cpu.max")).write_text(text)
    if "memory_max" in settings:
        most = str(settings["memory_max"])
        (group / ("memory.limit_in_bytes" if version_1 else "memory.max")).write_text(most)
        if settings.get("swap") is False:
            swap = group / ("memory.memsw.limit_in_bytes" if version_1 else "memory.swap.max")
            swap.write_text(most if version_1 else "0")


def entering(group: Path) -> str:
    """Code that puts a process into a cgroup before anything else."""
    beside = group.parents[1] / "cpuacct" / group.name
    groups = [group, *([beside] if group.parent.name == "cpu" and beside.is_dir() else [])]
    return "".join(f"open({str(path / 'cgroup.procs')!r}, 'w').write('0')\n" for path in groups)


@contextlib.contextmanager
def uncached_file(folder: Path, size: int) -> Iterator[Path]:
    """A file whose pages are on disk and not in the cache, so that its next reader is charged for them."""
    path = folder / "uncached"
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(4096) * 256)
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    try:
        yield path
    finally:
        path.unlink()


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
        removed(group)


@contextlib.contextmanager
def slow_disk(folder: Path, **limits: int) -> Iterator[tuple[Path, str]]:
    """A mounted ext4 on a disk that answers late, and its name: a loop device on one that is throttled.

    ``limits`` are those of blkio in version 1: ``read_iops``, ``write_iops``, ``read_bps``, ``write_bps``. A
    throttled request has not reached the disk yet, so that the throttled disk itself looks fast: the one on
    top of it is slow.
    """
    throttle = Path("/sys/fs/cgroup/blkio")
    if not (throttle / "blkio.throttle.write_bps_device").exists():
        pytest.skip("no blkio controller of version 1 to slow a disk down")
    image, mount = folder / "image", folder / "mounted"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(512 * MIB)
    with contextlib.ExitStack() as undo:
        below = _loop(undo, str(image))
        top = _loop(undo, below, "--direct-io=on")
        sh("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1", top)
        sh("mount", top, str(mount))
        undo.callback(unmounted, mount)
        number = Path(f"/sys/class/block/{Path(below).name}/dev").read_text().strip()
        for name, most in limits.items():
            knob = throttle / f"blkio.throttle.{name}_device"
            knob.write_text(f"{number} {most}")
            undo.callback(knob.write_text, f"{number} 0")
        yield mount, Path(top).name


def _loop(undo: contextlib.ExitStack, of: str, *options: str) -> str:
    try:
        device = sh("losetup", "--show", *options, "-f", of).strip()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop device here: {error.stderr.strip()}")
    undo.callback(sh, "losetup", "-d", device)
    return device


@contextlib.contextmanager
def sysctl(**settings: int) -> Iterator[None]:
    """Other values of /proc/sys/vm for a while; the two kinds of one limit take each other's place."""
    folder = Path("/proc/sys/vm")
    before = {
        name: (folder / name).read_text().strip()
        for name in ("dirty_bytes", "dirty_background_bytes", "dirty_ratio", "dirty_background_ratio")
    }
    try:
        for name, value in settings.items():
            (folder / name).write_text(str(value))
        yield
    finally:
        for name, text in before.items():
            if text != "0":
                (folder / name).write_text(text)
