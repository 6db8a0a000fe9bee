"""Where answers come from: the thread that reads this host, a recording before it, accounts taken once."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.views.web.serving import GOLDEN

from jinmaek.catalog import ref
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.model import Gap
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot
from jinmaek.views.web import accounts, api
from jinmaek.views.web.archive import Archive, NotThere
from jinmaek.views.web.events import Hub
from jinmaek.views.web.kept import Kept
from jinmaek.views.web.live import Live, pause
from jinmaek.views.web.parameters import Refused, read

PATIENCE = 120.0


def told_of(path: str, sources: api.Sources, **given: Any) -> dict[str, Any]:
    (operation,) = [one for one in api.OPERATIONS if one.path.endswith(f"/{path}")]
    query = [(name, str(value)) for name, value in given.items()]
    return asyncio.run(api.answer(operation, sources, read(query, operation.parameters)))


def sources(live: Live | None, archive: Archive | None) -> api.Sources:
    return api.Sources(live, archive, None, Hub(), "instance")


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    made = Live(rules(), "procfs")
    made.start()
    try:
        end = time.monotonic() + PATIENCE
        while made.diagnosis("en") is None:
            assert time.monotonic() < end
            time.sleep(0.1)
        yield made
    finally:
        made.stop()


@pytest.fixture
def archive() -> Iterator[Archive]:
    made = Archive(str(GOLDEN), rules())
    yield made
    made.close()


def test_a_recording_goes_on_in_the_live_history(live: Live, archive: Archive) -> None:
    both = sources(live, archive)
    since = archive.span()[0]
    with pytest.raises(Refused):
        told_of("history", both, since=since)  # years apart
    archive_span = told_of("host", both)["span"]
    assert archive_span["since"] == since
    assert archive_span["until"] == pytest.approx(time.time(), abs=60)
    past = told_of("history", both, since=since, until=since + 30, points=10)
    now = told_of("history", both, points=10)
    for told in (past, now):
        (load,) = [one for one in told["charts"] if one["id"] == "load"]
        assert any(value is not None for value in load["series"][0]["values"])


def test_a_moment_is_told_by_who_knows_it(live: Live, archive: Archive) -> None:
    both = sources(live, archive)
    then = archive.span()[1]
    assert told_of("processes", both, at=then)["time"] == then
    assert told_of("processes", both)["time"] == pytest.approx(time.time(), abs=60)
    assert told_of("diagnosis", both, at=then)["source"] == archive.path
    assert told_of("diagnosis", both)["source"] == "live"
    assert told_of("findings", both, since=then - 30, until=then)["holes"]


def test_a_recording_that_goes_away_is_told_as_far_as_it_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jinmaek.views.web import archive as module

    monkeypatch.setattr(module, "FRESH", 0.0)
    shutil.copytree(GOLDEN, tmp_path / "r")
    made = Archive(str(tmp_path / "r"), rules())
    try:
        before = made.span()
        shutil.rmtree(tmp_path / "r")
        assert made.span() == before
        assert made.about()["damage"] == [f"{tmp_path}/r: No such file or directory"]
        assert told_of("processes", sources(None, made))["processes"]
        shutil.copytree(GOLDEN, tmp_path / "r")
        assert made.about()["damage"] == []
    finally:
        made.close()


def test_before_the_recording_nothing_is_known(archive: Archive) -> None:
    with pytest.raises(NotThere):
        archive.diagnosis(1.0, "en")
    with pytest.raises(Refused) as refused:
        told_of("processes", sources(None, archive), at=1)
    assert refused.value.status == 404


def test_another_language_is_judged_when_it_is_asked_for(live: Live) -> None:
    korean = told_of("diagnosis", sources(live, None), lang="ko")
    english = told_of("diagnosis", sources(live, None), lang="en")
    assert {one["rule"] for one in korean["unknown"]} <= {rule.id for rule in rules()}
    assert korean["schema"] == english["schema"] == 1


def test_a_fault_of_the_thread_is_told() -> None:
    made = Live(rules(), "procfs")
    names: list[str] = []
    over = threading.Event()

    def tell(name: str) -> None:
        names.append(name)
        if name == "sample":
            raise RuntimeError("planted")
        over.set()

    made.tell = tell
    hook, threading.excepthook = threading.excepthook, lambda _: None
    try:
        made.start()
        assert over.wait(PATIENCE)
        made.stop()
    finally:
        threading.excepthook = hook
    assert names == ["sample", "fault"]
    assert told_of("host", sources(made, None))["fault"] == "RuntimeError('planted')"
    with pytest.raises(Refused) as refused:
        told_of("diagnosis", sources(made, None))
    assert refused.value.status == 503


def snapshot(at: float, **loads: Any) -> Snapshot:
    row = Loadavg(load1=1.0 + at, load5=0.0, load15=0.0, nr_running=1, nr_threads=2, last_pid=3)
    given = {"tables": {"loadavg": (row,)}, "gaps": {}} | loads
    return Snapshot(boot_id="b", wall=1000 + at, monotonic=at, tasks=None, cost={}, **given)


def test_an_hour_is_kept_and_no_more() -> None:
    kept = Kept([ref("loadavg.load1")], 100.0)
    for at in range(1000):
        kept.add(snapshot(float(at)))
    lines = kept.series(ref("loadavg.load1"), 0, 2000)
    assert not isinstance(lines, Gap)
    (points,) = lines.values()
    assert 100 <= len(points) <= 126
    assert points[-1] == (999.0, 1000.0)
    assert (kept.first, kept.last) == (899.0, 999.0)


def test_what_cannot_be_read_is_a_gap_until_it_can() -> None:
    kept = Kept([ref("loadavg.load1")], 100.0)
    gap = Gap("denied", "proc/loadavg")
    kept.add(snapshot(1.0, tables={}, gaps={"loadavg": gap}))
    assert kept.series(ref("loadavg.load1"), 0, 10) == gap
    kept.add(snapshot(2.0))
    assert not isinstance(kept.series(ref("loadavg.load1"), 0, 10), Gap)


def test_another_boot_forgets() -> None:
    kept = Kept([ref("loadavg.load1")], 100.0)
    kept.add(snapshot(50.0))
    kept.add(replace(snapshot(1.0), boot_id="c"))
    lines = kept.series(ref("loadavg.load1"), 0, 100)
    assert not isinstance(lines, Gap)
    assert [len(points) for points in lines.values()] == [1]


def test_what_costs_much_is_done_seldom() -> None:
    assert pause(5.0, 0.01) == 5.0
    assert pause(5.0, 1.0) == 40.0


def test_an_account_is_taken_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def memory(_: object, by: str, lang: str) -> dict[str, object]:
        taken.append(by)
        time.sleep(0.05)
        return {"by": by, "lang": lang}

    monkeypatch.setattr(accounts, "memory", memory)
    monkeypatch.setattr(accounts, "FRESH", 600.0)

    async def ask() -> list[dict[str, object]]:
        made = accounts.Accounts(rules())
        one = asyncio.create_task(made.get("memory", "user", "en"))
        await asyncio.sleep(0)
        others = [asyncio.create_task(made.get("memory", "user", "en")) for _ in range(20)]
        await asyncio.sleep(0)
        one.cancel()
        told = await asyncio.gather(*others)
        told.append(await made.get("memory", "user", "en"))
        told.append(await made.get("memory", "cgroup", "en"))
        return told

    told = asyncio.run(ask())
    assert taken == ["user", "cgroup"]
    assert told[0] == {"by": "user", "lang": "en"}


def test_processes_do_not_take_the_descriptors_of_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    from jinmaek.tasks import held
    from jinmaek.views.web import live

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    seen: list[int] = []
    monkeypatch.setattr(live, "scanner", lambda _: seen.append(held.room()))
    try:
        live._scanner("procfs")
        after = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert after >= soft
    assert seen[0] < after - min(live.SOCKETS, after // 2)
