"""Setting a knob on the running kernel: written, read back, taken back, with all the kernel moved along."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.advice.kernel_settings import restored, settings
from tests.advice.made_host import knob

from jinmaek.advice import setting
from jinmaek.advice.knob import Knob, Value
from jinmaek.advice.knobs import knobs

pytestmark = pytest.mark.kernel

COUPLED = {
    "dirty_bytes": "dirty_ratio",
    "dirty_background_bytes": "dirty_background_ratio",
    "overcommit_kbytes": "overcommit_ratio",
}


def another(of: Knob, old: Value) -> Value:
    """A value near the present one."""
    if of.words:
        return next(word for word in of.words if word not in (old, "always"))
    assert isinstance(old, int)
    match of.name:
        case "overcommit_memory":
            return 1 - old if old < 2 else 0
        case "zone_reclaim_mode" | "nr_hugepages":
            return old + 1
        case "dirty_bytes" | "dirty_background_bytes":
            return old + (512 << 20)
        case "overcommit_kbytes":
            return old + (8 << 20)
        case _:
            return old + max(1, old // 20)


@pytest.mark.parametrize("name", [one.name for one in knobs()])
def test_apply_and_revert_leave_the_host_as_found(name: str) -> None:
    with restored() as before:
        one = knob(name)
        if name not in before:
            pytest.skip(f"this kernel does not have {name}")
        old = before[name]
        new = another(one, old)
        done = setting.apply(one, new)
        assert (done.change.old, done.change.new, done.verified) == (old, new, True)
        now = settings()
        assert now[name] == new
        moved = {change.name: change.new for change in done.coupled}
        assert {other: value for other, value in now.items() if value != before[other]} == {
            name: new,
            **moved,
        }
        if name in COUPLED and old == 0 and before[COUPLED[name]]:
            assert moved == {COUPLED[name]: 0}
            assert [path for _, path, _ in done.undo] == [f"proc/sys/vm/{COUPLED[name]}"]
        setting.revert(done)
        assert settings() == before


def test_the_value_it_has_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    with restored() as before:
        monkeypatch.setattr(setting, "put", lambda path, value: pytest.fail(f"{path} = {value}"))
        done = setting.apply(knob("swappiness"), before["swappiness"])
        assert done.undo == ()


def test_what_the_kernel_refuses_changes_nothing() -> None:
    with restored() as before:
        with pytest.raises(setting.NotSet, match="does not take this value"):
            setting.apply(knob("swappiness"), 201)
        with pytest.raises(setting.NotSet, match="does not take this value"):
            setting.apply(knob("dirty_bytes"), 1)
        assert settings() == before


def test_a_value_the_kernel_turns_into_another_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a pool of huge pages that memory is too fragmented for: told, and not left half done."""
    with restored() as before:
        put = setting.put
        monkeypatch.setattr(setting, "put", lambda path, value: put(path, 7 if value == 9 else value))
        with pytest.raises(setting.NotSet, match="made 7 of 9"):
            setting.apply(knob("swappiness"), 9)
        monkeypatch.undo()
        assert settings() == before


def test_what_is_not_there_or_not_permitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with restored():
        with pytest.raises(setting.NotSet, match="cannot be read: absent"):
            setting.apply(knob("swappiness"), 1, cgroup="sys/fs/cgroup/no/such/one")
        link = tmp_path / "memory.swappiness"
        link.symlink_to("/proc/sys/vm/swappiness")
        with pytest.raises(OSError, match="symbolic links"):
            setting.put(str(link).lstrip("/"), 60)
        refused = monkeypatch.setattr(os, "open", _denied)
        assert refused is None
        with pytest.raises(setting.NotSet) as told:
            setting.put("proc/sys/vm/swappiness", 60)
        monkeypatch.undo()
        assert told.value.denied


def _denied(*_: object) -> int:
    raise PermissionError(13, "Permission denied")
