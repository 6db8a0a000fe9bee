"""The kernel's formulas, recomputed: equal to what the kernel itself says, on captures and on this host."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.advice.kernel_settings import restored, settings
from tests.advice.made_host import host
from tests.conftest import CAPTURES

from jinmaek.advice import limits, setting, tuning, watermarks
from jinmaek.advice.seen import Seen
from jinmaek.root import LIVE, Root

TREES = sorted(path for path in CAPTURES.glob("*") if (path / "proc/zoneinfo").is_file())
KIB = 1024


def here() -> Seen:
    return tuning.of_tree(LIVE)


def recomputed(
    seen: Seen, *, kbytes: int | None = None, factor: int | None = None
) -> list[tuple[int, int, int]]:
    made = watermarks.marks(
        watermarks.zones(seen),
        int(seen.now("sys_vm.min_free_kbytes")) // KIB if kbytes is None else kbytes,
        int(seen.now("sys_vm.watermark_scale_factor")) if factor is None else factor,
        seen.page,
    )
    return [unboosted(m) for m in made]


def told(seen: Seen) -> list[tuple[int, int, int]]:
    return [unboosted(m) for m in watermarks.told(seen)]


def unboosted(made: watermarks.Marks) -> tuple[int, int, int]:
    """A boost comes and goes between two readings."""
    boost = made.zone.boost or 0
    return made.min - boost, made.low - boost, made.high - boost


def ratio(seen: Seen) -> int:
    return round(seen.now("sys_vm.overcommit_ratio") * 100)


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_watermarks_of_captures(tree: Path) -> None:
    """Made at boot, when zones were a little smaller: memory of the kernel's start is freed afterwards."""
    seen = tuning.of_tree(Root(str(tree)))
    for ours, theirs in zip(recomputed(seen), told(seen), strict=True):
        assert ours == pytest.approx(theirs, rel=0.03, abs=2)
    assert sum(m[0] for m in recomputed(seen)) == pytest.approx(sum(m[0] for m in told(seen)), abs=4)


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_commit_limit_of_captures(tree: Path) -> None:
    seen = tuning.of_tree(Root(str(tree)))
    kbytes = int(seen.now("sys_vm.overcommit_kbytes")) // KIB
    assert limits.commit_limit(seen, ratio(seen), kbytes) == seen.now("meminfo.CommitLimit")


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_the_kernels_own_choice_at_boot(tree: Path) -> None:
    """Nobody changed it on these hosts; memory of the kernel's start is freed after it chooses."""
    seen = tuning.of_tree(Root(str(tree)))
    assert watermarks.at_boot_kbytes(seen) * KIB == pytest.approx(
        seen.now("sys_vm.min_free_kbytes"), rel=0.02
    )


def test_watermarks_by_hand() -> None:
    """8 GiB in one zone, 2896 pages kept: a thousandth of 2097152 is more than a quarter of that."""
    assert recomputed(host()) == [(2896, 4993, 7090)]
    assert recomputed(host(), kbytes=67584, factor=10) == [(16896, 21120, 25344)]


def test_dirty_limits_by_hand() -> None:
    settings_ = limits.DirtySettings(ratio=20, size=0, background_ratio=10, background_size=0)
    found = limits.dirty_limits(1000 * 4096, settings_, 4096)
    # 819 and 409 of 4096, as the kernel rounds 20 and 10 %
    assert (found.background, found.slowed, found.limit) == (99 * 4096, 149 * 4096, 199 * 4096)
    bytes_ = limits.DirtySettings(ratio=0, size=10_000, background_ratio=0, background_size=10_000)
    found = limits.dirty_limits(1000 * 4096, bytes_, 4096)
    assert (found.limit, found.background, found.halved) == (3 * 4096, 4096, True)


@pytest.mark.kernel
def test_this_kernels_watermarks_and_memavailable() -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:  # a moment in which nobody takes or gives memory between the readings
        seen = here()
        assert recomputed(seen) == told(seen)
        if watermarks.available(seen, watermarks.told(seen)) * seen.page == seen.now("meminfo.MemAvailable"):
            return
        time.sleep(0.01)
    pytest.fail("MemAvailable is never what the formula says")


@pytest.mark.kernel
def test_this_kernels_commit_limit() -> None:
    with restored() as before:
        seen = here()
        kbytes = int(seen.now("sys_vm.overcommit_kbytes")) // KIB
        assert limits.commit_limit(seen, ratio(seen), kbytes) == seen.now("meminfo.CommitLimit")
        for name, value, parts in (
            ("overcommit_ratio", 37, (37, 0)),
            ("overcommit_kbytes", 1_234_567, (0, 1_234_567)),
        ):
            knob = tuning.find(name)
            assert knob is not None
            setting.put(knob.path, value)
            seen = here()
            assert limits.commit_limit(seen, *parts) == seen.now("meminfo.CommitLimit")
        assert settings() != before


@pytest.mark.kernel
def test_this_kernels_dirty_limits() -> None:
    """vmstat's are computed by the same formula; memory moves between the two readings."""
    assert any(dirty_limits_are_as_told(here()) for _ in range(5))


def dirty_limits_are_as_told(seen: Seen) -> bool:
    now = limits.DirtySettings(
        round(seen.now("sys_vm.dirty_ratio") * 100),
        int(seen.now("sys_vm.dirty_bytes")),
        round(seen.now("sys_vm.dirty_background_ratio") * 100),
        int(seen.now("sys_vm.dirty_background_bytes")),
    )
    found = limits.dirty_limits(limits.dirtyable(seen), now, seen.page)
    limit, background = (
        seen.now(f"vmstat.{name}") for name in ("nr_dirty_threshold", "nr_dirty_background_threshold")
    )
    print(found, limit, background)
    return bool(
        found.limit / seen.page == pytest.approx(limit, rel=0.02)
        and found.background / seen.page == pytest.approx(background, rel=0.02)
    )


@pytest.mark.kernel
@pytest.mark.parametrize(("name", "change"), [("min_free_kbytes", 1.1), ("watermark_scale_factor", 5)])
def test_the_kernel_sets_the_watermarks_that_were_predicted(name: str, change: float) -> None:
    with restored() as before:
        old = before[name]
        assert isinstance(old, int)
        new = round(old * change)
        seen = here()
        predicted = (
            recomputed(seen, kbytes=new) if name == "min_free_kbytes" else recomputed(seen, factor=new)
        )
        knob = tuning.find(name)
        assert knob is not None
        setting.apply(knob, new)
        assert told(here()) == predicted
        assert predicted != told(seen)


@pytest.mark.kernel
def test_the_kernel_sets_the_dirty_limit_that_was_predicted() -> None:
    with restored():
        knob = tuning.find("dirty_bytes")
        assert knob is not None
        new = 300 << 20
        figures = {figure.name.template: figure.value for figure in knob.figures(here(), new)}
        setting.apply(knob, new)
        seen = here()
        assert seen.now("vmstat.nr_dirty_threshold") * seen.page == figures["never more dirty than"]


@pytest.mark.kernel
def test_what_min_free_kbytes_becomes_without_huge_pages() -> None:
    with restored() as before:
        knob = tuning.find("thp.enabled")
        assert knob is not None
        if before.get(knob.name) in (None, "never"):
            pytest.skip("huge pages are off here")
        (figure,) = knob.figures(here(), "never")
        done = setting.apply(knob, "never")
        if not done.coupled:
            pytest.skip("this kernel leaves min_free_kbytes as it is")
        assert settings()["min_free_kbytes"] == figure.value / KIB
        setting.revert(done)
        assert settings() == before
