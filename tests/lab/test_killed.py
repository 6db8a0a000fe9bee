"""A lab that is killed at any moment leaves nothing behind."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from jinmaek.lab import journal
from jinmaek.lab.bench import Bench, clean
from jinmaek.lab.make import knobs
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay
from jinmaek.lab.undo import members, started, undo_all

pytestmark = pytest.mark.kernel

EVERYTHING = Path(__file__).with_name("everything.py")
KILLS = 40 if os.environ.get("JINMAEK_LAB") == "all" else 8
Traces = Mapping[str, Sequence[object]]
SETTINGS = ("swappiness", "dirty_bytes", "dirty_ratio", "dirty_background_ratio", "nr_hugepages")


def named(prefix: str) -> set[int]:
    """Processes by the beginning of their name: those of labs."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            name = (entry / "comm").read_text(errors="replace") if entry.name.isdecimal() else ""
        except OSError:
            continue
        if name.startswith(prefix):
            found.add(int(entry.name))
    return found


def traces(base: Path) -> Traces:
    """All that labs may leave behind."""
    return {
        "swap": [line for line in Path("/proc/swaps").read_text().splitlines() if str(base) in line],
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if str(base) in line],
        "cgroups": sorted(str(p) for p in Path("/sys/fs/cgroup").glob("*/jinmaek-lab-run-*")),
        "settings": [(name, Path(f"/proc/sys/vm/{name}").read_text()) for name in SETTINGS],
        "processes": sorted(named("jmk-")),
        "folders": sorted(str(path) for path in base.glob("jinmaek-lab-*/*")),
    }


def left(before: Traces, now: Traces) -> Traces:
    """What is there and was not before: what others have taken away meanwhile is not left behind."""
    more = {key: [one for one in now[key] if one not in before[key]] for key in now}
    return {key: ones for key, ones in more.items() if ones}


@pytest.fixture
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labs")


def gone(before: Traces, base: Path) -> None:
    end = time.monotonic() + 120
    while remains := left(before, traces(base)):
        assert time.monotonic() < end, remains
        time.sleep(0.1)


def test_killed_at_random_moments(base: Path) -> None:
    """Within a second or so of its beginning, and of the moment at which everything was made."""
    before = traces(base)
    chance = random.Random(11)
    for turn in range(KILLS):
        lab = subprocess.Popen(
            [sys.executable, str(EVERYTHING), str(base)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert lab.stdout is not None
        assert lab.stderr is not None
        first = lab.stdout.readline()
        assert first, lab.stderr.read()
        if turn % 3 == 2:
            assert lab.stdout.readline() == "made\n", lab.stderr.read()
        time.sleep(chance.uniform(0, 1.2))
        lab.kill()
        _, errors = lab.communicate(timeout=120)
        assert not errors
        gone(before, base)


def parent(pid: int) -> int | None:
    """Whose child a process is; None where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return None


def test_killed_together_with_its_guardian_a_lab_is_cleaned_up_later(base: Path) -> None:
    before = traces(base)
    words = [sys.executable, str(EVERYTHING), str(base), "and stay"]
    lab = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert lab.stdout is not None
    while lab.stdout.readline().strip() != "made":
        assert lab.poll() is None
    (guardian,) = [pid for pid in named("jinmaek-guard") if parent(pid) == lab.pid]
    os.kill(guardian, signal.SIGKILL)
    lab.kill()
    lab.wait(timeout=120)
    lab.stdout.close()
    assert left(before, traces(base))
    # Of what was killed, the last may end only now, and the lab is taken for a living one until then.
    end = time.monotonic() + 60
    while (cleaned := clean(str(base))) == (0, ()):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert cleaned == (1, ())
    gone(before, base)


def test_a_living_lab_is_not_cleaned_up(base: Path) -> None:
    with Bench(str(base)) as bench:
        worker = start(bench, "jm-sleeper", stay)
        worker.hear()
        assert clean(str(base)) == (0, ())
        assert worker.state not in "ZX"
    assert clean(str(base)) == (0, ())


def test_the_guardian_ends_a_lab_that_is_stuck(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jinmaek.lab.guardian.GRACE", 0.2)
    pid = os.fork()
    if pid == 0:
        try:
            bench = Bench(str(base))
            bench.expect(0.2)
            start(bench, "jm-sleeper", stay)
            signal.pause()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    end = time.monotonic() + 120
    while list(base.glob("jinmaek-lab-*/*")) or named("jm-sleeper"):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_process_number_given_to_another_is_let_be(base: Path) -> None:
    """The journal of a lab that died long ago may name a number that is somebody else's now."""
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        folder = journal.new_folder(str(base))
        past = journal.Journal(folder)
        past.write(journal.Group(other.pid, (started(other.pid) or 0) - 1))
        past.close()
        assert clean(str(base)) == (1, ())
        assert members(other.pid) == [other.pid]
    finally:
        other.kill()
        other.wait()


def test_a_line_cut_off_is_of_something_not_made(base: Path) -> None:
    folder = journal.new_folder(str(base))
    book = journal.Journal(folder)
    book.write(journal.Cgroup("/sys/fs/cgroup/none"))
    number = book.write(journal.Mount("/nowhere"))
    book.undone(number)
    with Path(folder, journal.JOURNAL).open("a") as file:
        file.write('{"made": "Swap", "pa')
    assert journal.standing(folder) == [(0, journal.Cgroup("/sys/fs/cgroup/none"))]
    book.close()


def test_what_others_may_write_is_not_obeyed(base: Path) -> None:
    Path(journal.place(str(base))).chmod(0o777)
    with pytest.raises(journal.Untrusted):
        clean(str(base))


def test_a_setting_that_excludes_another_is_brought_back(base: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    before = traces(base)
    with Bench(str(base)) as bench:
        knobs.sysctl(bench, "vm.dirty_bytes", 256 << 20)
        assert knobs.value_of("vm.dirty_ratio") == 0
        bench.leftovers = ()
    assert not left(before, traces(base))


def test_descendants_die_with_their_worker(base: Path) -> None:
    def breed(line: Line) -> None:
        for _ in range(3):
            if os.fork() == 0:
                signal.pause()
        stay(line)

    with Bench(str(base)) as bench:
        worker = start(bench, "jmk-breeder", breed)
        worker.hear()
        assert len(members(worker.pid)) == 4
    assert members(worker.pid) == []


def test_a_folder_in_which_somebody_still_makes_files_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run-x"
    folder.mkdir()
    (folder / journal.JOURNAL).touch()
    times = 0
    remove = shutil.rmtree

    def interrupted(path: str, **options: Any) -> None:
        """As where a tool that was killed makes one more file before it ends."""
        nonlocal times
        times += 1
        remove(path, **options)
        if times < 3:
            folder.mkdir()
            (folder / "image").touch()

    monkeypatch.setattr("jinmaek.lab.undo.shutil.rmtree", interrupted)
    assert undo_all(str(folder), lambda _: None)
    assert times == 3
    assert not folder.exists()
