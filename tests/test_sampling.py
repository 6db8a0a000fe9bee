"""Snapshots: rows, and a gap by its right name in the place of each table that cannot be had."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from jinmaek import procfile
from jinmaek.kernel.softnet_stat import Softnet
from jinmaek.model import Gap
from jinmaek.root import LIVE, Root
from jinmaek.sampling import expand, kernel_log, take

WORDS = " ".join(f"{n:08x}" for n in range(15))


def tree(folder: Path, text: str) -> Root:
    path = folder / "proc" / "net" / "softnet_stat"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return Root(str(folder))


def test_rows_and_cost(tmp_path: Path) -> None:
    snapshot = take(tree(tmp_path, WORDS + "\n"), ["softnet_stat"])
    assert snapshot.gaps == {}
    (row,) = snapshot.tables["softnet_stat"]
    assert isinstance(row, Softnet)
    assert (row.cpu, row.dropped) == (12, 1)
    assert snapshot.cost["softnet_stat"] >= 0


def test_absent_and_malformed(tmp_path: Path) -> None:
    assert take(Root(str(tmp_path)), ["softnet_stat"]).gaps["softnet_stat"].kind == "absent"
    gap = take(tree(tmp_path, "not hex\n"), ["softnet_stat"]).gaps["softnet_stat"]
    assert gap == Gap("malformed", "proc/net/softnet_stat", "line 1: not a hexadecimal number: 'not'")


@pytest.mark.parametrize(
    ("notes", "kind"),
    [
        ('{"gaps": [{"path": "proc/net/softnet_stat", "kind": "denied"}]}', "denied"),
        ('{"gaps": [{"path": "proc/net/softnet_stat", "kind": "nonsense"}]}', "absent"),
        ('{"gaps": 7}', "absent"),
        ("not json", "absent"),
    ],
)
def test_a_captured_tree_remembers_why(tmp_path: Path, notes: str, kind: str) -> None:
    (tmp_path / "gaps.json").write_text(notes)
    assert take(Root(str(tmp_path)), ["softnet_stat"]).gaps["softnet_stat"].kind == kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EACCES, "denied"),
        (errno.EPERM, "denied"),
        (errno.EOPNOTSUPP, "disabled"),
        (errno.ESRCH, "gone"),
    ],
)
def test_refusals_by_name(monkeypatch: pytest.MonkeyPatch, number: int, kind: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(procfile, "open", refuse, raising=False)
    assert take(LIVE, ["softnet_stat"]).gaps["softnet_stat"].kind == kind


def test_any_other_error_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ELOOP, "what is this")

    monkeypatch.setattr(procfile, "open", fail, raising=False)
    with pytest.raises(OSError, match="what is this"):
        take(LIVE, ["softnet_stat"])


def test_tables_counted_from_the_scan_need_the_scan() -> None:
    assert take(LIVE, ["threads"]).gaps["threads"].kind == "absent"


def test_patterns(tmp_path: Path) -> None:
    for name in ("a/cpu.stat", "a/b/cpu.stat", "cpu.stat", "a/other"):
        path = tmp_path / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    root = Root(str(tmp_path))
    assert sorted(expand(root, "sys/**/cpu.stat")) == ["sys/a/b/cpu.stat", "sys/a/cpu.stat", "sys/cpu.stat"]
    assert list(expand(root, "sys/*/cpu.stat")) == ["sys/a/cpu.stat"]
    assert list(expand(root, "sys/**/a/cpu.stat")) == ["sys/a/cpu.stat"]
    assert list(expand(root, "sys/nothing/*")) == []
    assert list(expand(root, "sys/plain")) == ["sys/plain"]


def test_the_kernel_log_of_this_host_or_why_not() -> None:
    log = kernel_log(LIVE)
    assert isinstance(log, Gap) or log.count("\n") > 0
    assert isinstance(kernel_log(Root("/nowhere")), Gap)
