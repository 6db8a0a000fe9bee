"""Who reads and writes: processes on any disk, cgroups on the one disk the finding is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.diagnosis.test_culprits import MIB, Process, look, told
from tests.made import ring

from jinmaek.diagnosis import by_io
from jinmaek.diagnosis.look import Look
from jinmaek.kernel.cgroup_io import CgroupIo
from jinmaek.root import Root

Row: Any = CgroupIo
SDA = (("device", "sda"),)


def at_work(read: dict[int, int], written: dict[int, int], *processes: Process) -> Look:
    """A look in which processes, by pid, read and wrote that many MiB."""
    seen = look(*processes)
    for snapshot, share in zip(seen.history.snapshots, (0, 1), strict=True):
        assert snapshot.tasks is not None
        table = snapshot.tasks.processes
        table.read_bytes.extend(read.get(pid, 0) * share * MIB for pid in table.pid)
        table.write_bytes.extend(written.get(pid, 0) * share * MIB for pid in table.pid)
    return seen


def test_processes_by_what_they_wrote_or_moved() -> None:
    seen = at_work({7: 10, 8: 30}, {7: 60, 9: 20}, Process(7, "db"), Process(8, "scan"), Process(9, "log"))
    assert told(by_io.by_written(seen)) == [("db", 0.75), ("log", 0.25)]
    assert by_io.by_written(seen)[0].why == "wrote 60.0 MiB into files"
    assert told(by_io.by_device(seen.about(SDA))) == [("db", 0.58), ("scan", 0.25), ("log", 0.17)]
    assert by_io.by_device(seen)[0].why == "read and wrote 70.0 MiB on any disk"


def test_what_a_kernel_thread_writes_was_written_by_somebody_else() -> None:
    seen = at_work({}, {2: 5, 7: 10}, Process(2, "kthreadd"), Process(7, "db"))
    assert told(by_io.by_written(seen)) == [("db", 1.0)]


def test_without_usage_those_who_wait_are_named() -> None:
    seen = look(Process(7, "stuck", place=["balance_dirty_pages"]))
    assert [culprit.name for culprit in by_io.by_written(seen)] == ["stuck"]
    assert [culprit.name for culprit in by_io.by_device(seen.about(SDA))] == ["stuck"]


def test_cgroups_at_this_disk_the_lowest_that_did_it(tmp_path: Path) -> None:
    folder = tmp_path / "sys/class/block/sda"
    folder.mkdir(parents=True)
    (folder / "dev").write_text("8:0\n")

    def rows(*amounts: int) -> tuple[CgroupIo, ...]:
        names = ("/", "/a.slice", "/a.slice/db", "/b.slice", "/b.slice/c", "/b.slice/d")
        pairs = zip(names, amounts, strict=True)
        here = [Row(cgroup=name, device="8:0", rbytes=amount * MIB, wbytes=0) for name, amount in pairs]
        return (*here, Row(cgroup="/a.slice/db", device="8:16", rbytes=999 * MIB, wbytes=0))

    seen = replace(look(), root=Root(str(tmp_path)))
    for at, amounts in enumerate(((5, 0, 0, 0, 0, 0), (105, 60, 58, 40, 15, 15))):
        last = seen.last
        tables = {**last.tables, "cgroup_io": rows(*amounts)}
        ring(seen).add(replace(last, monotonic=last.monotonic + 1 + at, tables=tables))
    found = by_io.by_device(seen.about(SDA))
    assert told(found) == [("/a.slice/db", 0.58), ("/b.slice", 0.4), ("/b.slice/c", 0.15)]
    assert (found[0].kind, found[0].why) == ("cgroup", "58.0 MiB to and from this disk")
    assert by_io.by_device(seen.about((("device", "sdz"),))) == (), "of a disk that is not there"
