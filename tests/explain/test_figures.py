"""The figures of an explanation are the kernel's own, on this host and on captures of others."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.conftest import CAPTURES, OTHER_HOSTS

from jinmaek.explain.entry import Entry
from jinmaek.explain.find import Subject, find, subjects
from jinmaek.explain.formula import Unknown
from jinmaek.explain.here import Here
from jinmaek.explain.page import Page, page
from jinmaek.explain.topics import topics
from jinmaek.kernel import buddyinfo as reader
from jinmaek.kernel import meminfo, stat, vmstat
from jinmaek.model import Gap
from jinmaek.root import LIVE, Root
from jinmaek.views import buddyinfo
from jinmaek.views import vmstat as vmstat_view
from jinmaek.views.procps import Memory

PAGE = os.sysconf("SC_PAGESIZE")
ENTRIES = [entry for _, _, entries in topics() for entry in entries]
EXACT = [entry for entry in ENTRIES if entry.exact]
TREES = [
    *sorted(path for path in CAPTURES.iterdir() if path.is_dir()),
    *(sorted((OTHER_HOSTS / "sysstat").glob("root*")) if OTHER_HOSTS.is_dir() else []),
]
OF_HOST = [entry for entry in EXACT if not entry.names[0].startswith("pid_")]
UNSETTLED = {"6.18": ("meminfo.MemTotal", "meminfo.MemFree")}
"""Captured while this guest still counted memory in: zoneinfo lags behind meminfo by GiB."""
ANY = 256
"""Pages by which figures of two files may differ that were read one after the other."""


def told(entry: Entry, here: Here) -> Page:
    """The page of the first name of an entry."""
    return page(subjects()[entry.names[0]], here)


@pytest.mark.parametrize("entry", OF_HOST, ids=lambda entry: entry.names[0])
@pytest.mark.parametrize("tree", TREES, ids=lambda tree: f"{tree.parent.name}-{tree.name}")
def test_a_formula_gives_the_kernel_s_own_figure(tree: Path, entry: Entry) -> None:
    if entry.names[0] in UNSETTLED.get(tree.name, ()):
        pytest.skip("captured before zoneinfo had caught up with meminfo")
    found = told(entry, Here(Root(str(tree))))
    if found.difference is None:
        pytest.skip("this kernel lacks one of the fields")
    if tree.parent.name == "sysstat" and entry.names[0] == "meminfo.MemFree":
        pytest.skip("its files were put together from several readings")
    assert abs(found.difference[0]) <= ANY * (PAGE if found.difference[1] == "bytes" else 1)


@pytest.mark.parametrize("entry", EXACT, ids=lambda entry: entry.names[0])
def test_and_on_this_host(entry: Entry) -> None:
    """Others allocate between two reads: the best of several tries counts."""
    end = time.monotonic() + 30
    while True:
        found = told(entry, Here(LIVE, pid=os.getpid()))
        if found.difference is None:
            pytest.skip("this kernel lacks one of the fields")
        difference, unit = found.difference
        if abs(difference) <= ANY * (PAGE if unit == "bytes" else 1):
            break
        assert time.monotonic() < end, difference
        time.sleep(0.01)


def test_memavailable_is_exact_where_the_files_are_of_one_moment() -> None:
    for tree in TREES:
        found = page(subjects()["meminfo.MemAvailable"], Here(Root(str(tree))))
        if found.difference is not None and tree.name in ("6.1", "6.12", "6.18", "6.12-cache"):
            assert found.difference == (0, "bytes"), tree


@pytest.mark.parametrize("tree", [None, *TREES], ids=lambda tree: tree.name if tree else "live")
def test_every_formula_ends_in_a_number_or_a_gap(tree: Path | None) -> None:
    here = Here(Root(str(tree)) if tree else LIVE, pid=None if tree else os.getpid())
    for subject in subjects().values():
        if subject.entry is None or not subject.entry.steps:
            continue
        found = page(subject, here)
        assert len(found.steps) == len(subject.entry.steps)
        for one in found.inputs:
            assert isinstance(one.values, Gap) or all(isinstance(v, int | float) for v in one.values.values())


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_used_and_cache_are_those_of_free(tree: Path) -> None:
    memory = Memory(next(meminfo.parse((tree / "proc/meminfo").read_text())))
    here = Here(Root(str(tree)))
    for name, value in (("free.used", memory.used), ("free.cache", memory.cache)):
        assert page(subjects()[name], here).result == (value, "bytes")


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_shares_of_cpu_time_are_those_of_vmstat(tree: Path) -> None:
    files = {name: tree / "proc" / name for name in ("stat", "vmstat", "meminfo", "uptime")}
    if not all(path.is_file() for path in files.values()):
        pytest.skip("not captured")
    read = {name: path.read_text() for name, path in files.items()}
    reading = vmstat_view.Reading(
        next(stat.parse(read["stat"])),
        next(vmstat.parse(read["vmstat"])),
        next(meminfo.parse(read["meminfo"])),
        at=0,
        hz=stat.CLK_TCK,
        page_size=PAGE,
    )
    line = vmstat_view.Line(reading)
    here = Here(Root(str(tree)))
    for name, mode in (("vmstat.us", "user"), ("vmstat.sy", "system"), ("stat.idle", "idle")):
        result = page(subjects()[name], here).result
        assert result
        assert abs(result[0] * 100 - (line.percent(line.cpu[mode]) or 0)) <= 0.51


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_fragmentation_is_that_of_the_view(tree: Path) -> None:
    path = tree / "proc/buddyinfo"
    if not path.is_file():
        pytest.skip("not captured")
    zones = buddyinfo.zones(reader.parse(path.read_text()))
    here = Here(Root(str(tree)))
    for name, made in (
        ("buddyinfo.unusable index", buddyinfo.unusable),
        ("buddyinfo.fragmentation index", buddyinfo.fragmentation),
    ):
        values = page(subjects()[name], here).steps[-1].values
        assert not isinstance(values, Gap)
        for labels, value in values.items():
            of = dict(labels)
            ours = made(zones[int(of["node"]), of["zone"]])[9]
            assert abs(value - ours) < 0.002, (name, labels)


def test_a_rate_is_since_boot_or_since_the_reading_before() -> None:
    now, before = ({"vmstat": tuple(vmstat.parse(f"pswpin {n}"))} for n in (500, 100))
    subject = subjects()["vmstat.si"]
    assert page(subject, Here(given=now, before=before, seconds=4)).result == (100 * PAGE, "bytes/s")
    here = Here(Root(str(CAPTURES / "6.12")), given=now)
    up = here.column("uptime.uptime")[()]
    assert page(subject, here).result == (500 / up * PAGE, "bytes/s")


def test_what_was_not_kept_of_the_reading_before_is_unknown() -> None:
    now = {"vmstat": tuple(vmstat.parse("pswpin 5"))}
    found = page(subjects()["vmstat.si"], Here(given=now, before={}, seconds=1))
    assert isinstance(found.steps[-1].values, Gap)
    assert found.result is None


def test_a_missing_file_is_a_gap_and_not_zero(tmp_path: Path) -> None:
    found = page(subjects()["meminfo.MemAvailable"], Here(Root(str(tmp_path))))
    assert found.result is None
    assert all(isinstance(one.values, Gap) and one.values.kind == "absent" for one in found.inputs)


def test_a_field_this_kernel_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 10 kB\nMemFree: 5 kB\n")
    with pytest.raises(Unknown) as raised:
        Here(Root(str(tmp_path))).column("meminfo.MemAvailable")
    assert raised.value.gap == Gap("absent", "meminfo.MemAvailable", "this kernel does not have the field")


def test_figures_of_a_process_are_those_of_the_one_that_is_meant() -> None:
    def rss(pid: int | None) -> object:
        return page(subjects()["pid_status.VmRSS"], Here(LIVE, pid=pid)).inputs[0].values

    assert isinstance(rss(None), Gap)
    own = rss(os.getpid())
    assert not isinstance(own, Gap)
    gone = rss(4194303)
    assert isinstance(gone, Gap)
    assert gone.kind == "gone"


def test_tasks_are_counted_only_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from jinmaek.tasks import choose

    scans: list[int] = []
    scan = choose.Scanner.scan

    def counted(self: choose.Scanner, *args: object, **words: object) -> object:
        scans.append(1)
        return scan(self, *args, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(choose.Scanner, "scan", counted)
    for word in ("MemAvailable", "load average", "vmstat.r"):
        page(_one(word), Here())
    assert not scans
    assert page(_one("state.S"), Here()).result
    assert len(scans) == 1


def _one(word: str) -> Subject:
    (subject,) = find(word).subjects
    return subject
