"""Which way the task table is read, and what is said where it is not the cheaper one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tasks.children import descriptors, given_back
from tests.tasks.test_procfs import process

from jinmaek.cli.main import main
from jinmaek.root import LIVE, Root
from jinmaek.tasks import bpf, choose
from jinmaek.tasks.choose import Refused, Scanner, Way

DENIED = "bpf(2): Operation not permitted: needs root, or CAP_BPF and CAP_PERFMON"


def refusing(reason: str) -> Callable[[], object]:
    def attach() -> object:
        raise bpf.Unavailable(reason)

    return attach


@pytest.fixture(autouse=True)
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host has many processes here."""
    monkeypatch.setattr(choose, "MANY", 1)


def test_with_few_processes_the_iterator_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "MANY", 10**6)
    monkeypatch.setattr(bpf, "TaskIterator", lambda: pytest.fail("opened"))
    with Scanner(LIVE) as scanner:
        assert (scanner.way, scanner.refused) == ("procfs", None)


def test_an_iterator_that_hides_too_much_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        bpf.TaskIterator().close()
    except bpf.Unavailable as why:
        pytest.skip(f"no task iterator here: {why}")
    monkeypatch.setattr(bpf, "MOST", -1)
    before = descriptors()
    with Scanner(LIVE) as scanner:
        assert scanner.way == "procfs"
        assert scanner.refused is not None
        assert scanner.refused.detail.startswith("the iterator hides ")
    given_back(before)


@pytest.mark.parametrize("way", ["auto", "procfs"])
def test_it_scans_the_same_way_each_time_and_lets_go(way: Way) -> None:
    before = descriptors()
    with Scanner(LIVE, way) as scanner:
        first = scanner.scan(details=True)
        last = scanner.scan(details=False, threads=True)
        assert first.way == last.way == scanner.way
        assert os.getpid() in first.processes.pid
        assert len(first.processes.vm_swap) == len(first.processes)
        assert last.threads is not None
        assert os.getpid() in last.threads.tgid
        assert scanner.cpu_s >= first.cpu_s + last.cpu_s
        assert (scanner.refused is None) is (way == "procfs" or scanner.way == "bpf")
    given_back(before)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [(DENIED, "denied"), ("/sys/kernel/btf/vmlinux: No such file or directory", "absent")],
)
def test_a_refusal_is_told_and_does_not_stop_the_scan(
    monkeypatch: pytest.MonkeyPatch, reason: str, kind: str
) -> None:
    monkeypatch.setattr(bpf, "TaskIterator", refusing(reason))
    with Scanner(LIVE) as scanner:
        assert scanner.way == "procfs"
        assert scanner.refused is not None
        assert (scanner.refused.kind, scanner.refused.source, scanner.refused.detail) == (
            kind,
            "tasks.bpf",
            reason,
        )
        assert os.getpid() in scanner.scan(details=False).processes.pid
    with pytest.raises(Refused, match=re.escape(reason)):
        Scanner(LIVE, "bpf")
    assert Scanner(LIVE, "procfs").refused is None


def test_a_tree_is_read_from_its_files(tmp_path: Path) -> None:
    process(tmp_path, 10)
    with Scanner(Root(str(tmp_path))) as scanner:
        assert (scanner.way, scanner.refused) == ("procfs", None)
        assert scanner.scan(details=True).processes.pid == [10]
    with pytest.raises(Refused, match="captured tree"):
        Scanner(Root(str(tmp_path)), "bpf")


@pytest.mark.kernel
def test_a_user_without_privilege_is_refused_and_served() -> None:
    if os.geteuid():
        pytest.skip("needs root to become another user")
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            with Scanner(LIVE) as scanner:
                found = scanner.scan(details=False)
                told = [scanner.way, scanner.refused is not None, os.getpid() in found.processes.pid]
            os.write(writable, json.dumps(told).encode())
        finally:
            os._exit(0)
    os.close(writable)
    with open(readable) as pipe:
        assert json.loads(pipe.read()) == ["procfs", True, True]
    os.waitpid(pid, 0)


def diagnose(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jinmaek", "diagnose", "--for", "200ms", "--interval", "200ms", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_way_and_its_cost_are_shown() -> None:
    told = json.loads(diagnose("--tasks", "procfs", "--json").stdout)
    assert (told["tasks"]["way"], told["tasks"]["refused"]) == ("procfs", None)
    assert 0 < told["tasks"]["cpu_s"] < told["cost"]["cpu_s"]
    assert "tasks.bpf" not in [gap["source"] for gap in told["gaps"]]
    told = json.loads(diagnose("--json").stdout)
    refused = told["tasks"]["refused"]
    assert refused is None or told["tasks"]["way"] == "procfs"
    assert [gap for gap in told["gaps"] if gap["source"] == "tasks.bpf"] == ([refused] if refused else [])


def test_a_way_that_is_forced_and_refused_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bpf, "TaskIterator", refusing(DENIED))
    assert main(["diagnose", "--tasks", "bpf"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"jinmaek: --tasks bpf: {DENIED}; ")


def test_a_tree_has_no_iterator(tmp_path: Path) -> None:
    said = diagnose("--root", str(tmp_path), "--tasks", "bpf")
    assert said.returncode == 2
    assert "captured tree" in said.stderr
