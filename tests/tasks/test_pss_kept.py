"""Figures that are kept from table to table: never another process', and never for longer than told."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.tasks import children
from tests.tasks.test_guarded import ROLLUP, answer, made
from tests.tasks.test_pss import bare

from jinmaek.kernel import pid_smaps_rollup
from jinmaek.root import LIVE, Root
from jinmaek.tasks import pss, pss_kept
from jinmaek.tasks.guarded import Guard, Reading
from jinmaek.tasks.pss import Asked
from jinmaek.tasks.pss_kept import Table, Tables

MIB = 1 << 20
STAT = (
    "{pid} (name{pid}) S 0 1 1 0 -1 4194304 {faults} 0 0 0 0 0 0 0 20 0 1 0 {start} 8192000 {rss} "
    "18446744073709551615 {code} {end} {stack} 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)
FAMILY = """
import mmap, os, sys, signal
kin = []
memory = mmap.mmap(-1, 96 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, len(memory), 4096): memory[at] = 1
for _ in range(int(sys.argv[1])):
    order, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(order, 1)
        for at in range(0, len(memory) // 2, 4096): memory[at] = 2
        signal.pause()
    kin.append((pid, say))
print("ready", flush=True)
for line in sys.stdin:
    which, what = line.split()
    if what == "write": os.write(kin[int(which)][1], b"x")
    else: os.kill(kin[int(which)][0], signal.SIGKILL); os.waitpid(kin[int(which)][0], 0)
    print("done", flush=True)
"""
GROWING = """
import mmap, sys
print("ready", flush=True)
sys.stdin.readline()
memory = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, len(memory), 4096): memory[at] = 1
print("done", flush=True)
sys.stdin.readline()
"""
REUSED = "import time; m = b'x' * (20 << 20); print('ready', flush=True); time.sleep(60)"


@pytest.fixture(autouse=True)
def nothing_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a host under load anything might."""
    monkeypatch.setattr(pss_kept, "LONG", 10)


def stat(root: Root, pid: int, *, start: int = 7, faults: int = 1, rss: int = 3, code: int = 1 << 20) -> None:
    """Write a process' stat file, into the file that is there: it may be held open."""
    with open(root.path(f"proc/{pid}/stat"), "a+") as file:
        file.truncate(0)
        file.write(
            STAT.format(
                pid=pid, start=start, faults=faults, rss=rss, code=code, end=code + 4096 * pid, stack=code
            )
        )


def tree(tmp_path: Path, pids: range, stuck: tuple[int, ...] = ()) -> Root:
    """Idle processes, no two of one program."""
    root = made(tmp_path, pids, stuck)
    for pid in pids:
        stat(root, pid, code=pid << 20)
    return root


def pss_is(root: Root, pid: int, kib: int) -> None:
    """What the kernel would say from now on."""
    Path(root.path(f"proc/{pid}/smaps_rollup")).write_text(
        ROLLUP.replace("Pss:                   7", f"Pss: {kib}")
    )


def told(table: Table) -> dict[int, int]:
    """PSS in KiB by pid."""
    return {one.pid: one.pss // 1024 for one in table.processes}


def missed(table: Table) -> dict[int, str]:
    return {one.pid: one.missed.why for one in table.unread}


def test_idle_processes_are_kept_and_all_are_read_again_in_time(tmp_path: Path) -> None:
    root = tree(tmp_path, range(1, 11))
    with Tables(root, bare(), tables=5) as tables:
        first = tables.table()
        assert (first.kept, set(told(first).values())) == (0, {7})
        for pid in range(1, 11):
            pss_is(root, pid, 9)
        fresh = []
        for _ in range(5):
            table = tables.table()
            fresh.append(list(told(table).values()).count(9))
            assert table.kept == 8
        assert fresh == [2, 4, 6, 8, 10]


def test_the_bound_holds_although_a_share_of_fewer_is_less(tmp_path: Path) -> None:
    root = tree(tmp_path, range(1, 41))
    with Tables(root, bare(), tables=4) as tables:
        order = [one.pid for one in tables.table().processes]
        pss_is(root, order[-1], 9)
        tables.table()
        for pid in order[:10]:
            os.rename(root.path(f"proc/{pid}"), tmp_path / str(pid))
        seen = [told(tables.table())[order[-1]] for _ in range(3)]
        assert seen == [7, 7, 9]


def test_without_keeping_everything_is_read_each_time(tmp_path: Path) -> None:
    root = tree(tmp_path, range(1, 4))
    with Tables(root, bare(), tables=1) as tables:
        tables.table()
        pss_is(root, 2, 9)
        table = tables.table()
        assert (table.kept, told(table)[2]) == (0, 9)


@pytest.mark.parametrize("held", [True, False])
def test_nothing_is_kept_of_a_process_that_had_the_pid_before(
    held: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not held:
        monkeypatch.setattr(pss_kept, "SPARE", 1 << 40)
    root = tree(tmp_path, range(1, 4))
    with Tables(root, bare()) as tables:
        tables.table()
        stat(root, 2, start=8, code=2 << 20)
        (tmp_path / "proc/2/smaps_rollup").unlink()
        os.mkfifo(tmp_path / "proc/2/smaps_rollup")
        table = tables.table()
        assert set(told(table)) == {1, 3}
        assert missed(table) == {2: "lock held"}
        answer(root, 2)


@pytest.mark.kernel
def test_a_pid_given_to_another_process() -> None:
    last = Path("/proc/sys/kernel/ns_last_pid")
    if not os.access(last, os.W_OK):
        pytest.skip("who gets which pid cannot be told here")
    with Tables(LIVE, bare()) as tables:
        with children.child("print('ready', flush=True); import time; time.sleep(60)") as pid:
            before = told(tables.table())[pid]
        for _ in range(50):
            last.write_text(str(pid - 1))
            with children.child(REUSED) as again:
                if again != pid:
                    continue
                table = tables.table()
                assert told(table)[pid] > before + 15 * 1024
                assert tables.table().processes
                return
        pytest.skip("others took the pid each time")


@pytest.mark.usefixtures("no_rotation")
def test_a_process_that_allocates_is_read_again() -> None:
    with talking(GROWING) as talk, Tables(LIVE, bare()) as tables:
        assert same(tables.table(), talk.pid)
        talk.say("")
        table = tables.table()
        assert now(talk.pid)[0] > 8 * MIB
        assert same(table, talk.pid)


class Talk:
    """A child that answers each line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def family(self) -> list[int]:
        """It and its children, once all wait."""
        pids = [self.pid, *offspring(self.pid)]
        children.until(lambda: all(children.state(pid) == "S" for pid in pids))
        return pids


@contextlib.contextmanager
def talking(code: str, *words: str) -> Iterator[Talk]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Talk(process)
    finally:
        for pid in (*offspring(process.pid), process.pid):
            os.kill(pid, 9)
        process.communicate()


def offspring(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def now(pid: int) -> tuple[int, int]:
    """USS and PSS as the kernel tells them."""
    sums = pid_smaps_rollup.parse(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return pid_smaps_rollup.uss(sums), sums.Pss


def same(table: Table, pid: int) -> bool:
    """Whether the table tells of a process what the kernel does, but for pages of files others map too."""
    one = next(one for one in table.processes if one.pid == pid)
    return all(abs(a - b) < 3 * MIB for a, b in zip((one.uss, one.pss), now(pid), strict=True))


@pytest.fixture
def no_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read again but who did something, and who was forked from the same program."""
    layout = pss_kept._layout
    monkeypatch.setattr(pss_kept, "_layout", lambda raw: (layout(raw)[0], layout(raw)[1][:1]))
    monkeypatch.setattr(Tables, "_rotate", lambda _: None)


@pytest.mark.usefixtures("no_rotation")
@pytest.mark.parametrize("kin", [1, 2, 5])
def test_a_sibling_s_exit_is_seen_at_once(kin: int) -> None:
    with talking(FAMILY, str(kin)) as talk, Tables(LIVE, bare()) as tables:
        family = talk.family()
        table = tables.table()
        assert all(same(table, pid) for pid in family)
        talk.say("0 end")
        left = [pid for pid in family if os.path.exists(f"/proc/{pid}")]
        assert len(left) == kin
        table = tables.table()
        assert all(same(table, pid) for pid in left)


@pytest.mark.usefixtures("no_rotation")
def test_what_a_sibling_unshares_is_seen_in_the_table_after() -> None:
    with talking(FAMILY, "2") as talk, Tables(LIVE, bare()) as tables:
        family = talk.family()
        tables.table()
        talk.say("1 write")
        children.until(lambda: now(family[2])[0] > 48 * MIB and children.state(family[2]) == "S")
        tables.table()
        table = tables.table()
        assert all(same(table, pid) for pid in family)


def test_the_bound_holds_where_nothing_tells_of_a_sibling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pss_kept, "_layout", lambda _: (0, ()))
    with talking(FAMILY, "2") as talk, Tables(LIVE, bare(), tables=4) as tables:
        pid = talk.family()[2]
        table = tables.table()
        assert same(table, pid)
        talk.say("0 end")
        stale = [not same(tables.table(), pid) for _ in range(4)]
        assert not stale[-1]
        assert sorted(stale, reverse=True) == stale


def test_a_large_family_is_read_again_when_its_share_has_gone(tmp_path: Path) -> None:
    root = made(tmp_path, range(1, 66))
    for pid in range(1, 66):
        stat(root, pid)
    with Tables(root, bare(), tables=1000) as tables:
        tables.table()
        for pid in range(1, 66):
            pss_is(root, pid, 9)
        os.rename(root.path("proc/1"), tmp_path / "1")
        # A table of its own reads one old one.
        assert list(told(tables.table()).values()).count(9) == 1
        os.rename(root.path("proc/2"), tmp_path / "2")
        table = tables.table()
        assert list(told(table).values()).count(9) == 63
        assert table.kept == 0


def test_a_process_that_takes_long_is_spared_but_for_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(
        guard: Guard, targets: Sequence[tuple[Hashable, int]], budget: float | None = None
    ) -> dict[Hashable, Reading]:
        readings = read(guard, targets, budget)
        for key, pid in targets:
            readings[key].took = 100.0 if pid == 1 else 0.001
        return readings

    read = Guard.read
    monkeypatch.setattr(Guard, "read", slow)
    monkeypatch.setattr(Tables, "_rotate", lambda _: None)
    root = made(tmp_path, range(1, 13))
    for pid in range(1, 13):
        stat(root, pid, rss=320)
    with Tables(root, bare(), tables=10) as tables:

        def table(kib: int, **changed: int) -> tuple[int, int]:
            """What is told of the large one and of another, both of which did something."""
            for pid in (1, 2):
                pss_is(root, pid, kib)
                stat(root, pid, faults=kib, **changed)
            found = told(tables.table())
            return found[1], found[2]

        assert table(11, rss=320) == (11, 11)
        assert table(12, rss=329) == (11, 12)
        assert table(13, rss=330) == (13, 13)
        assert table(14, rss=330) == (13, 14)
        for pid in (12, 11):
            os.rename(root.path(f"proc/{pid}"), tmp_path / str(pid))
        assert table(15, rss=330) == (13, 15)
        for pid in (10, 9, 8):
            os.rename(root.path(f"proc/{pid}"), tmp_path / str(pid))
        assert table(16, rss=330) == (16, 16)
        seen = [table(17 + n, rss=330) for n in range(11)]
        assert [one for one, _ in seen] == [16] * 9 + [26, 26]
        assert [one for _, one in seen] == list(range(17, 28))


def test_what_was_left_out_comes_first_and_keeps_its_age(tmp_path: Path) -> None:
    root = tree(tmp_path, range(1, 7))
    with Tables(root, bare(), tables=1000) as tables:
        first = {one.pid: one.at for one in tables.table().processes}
        for pid in range(1, 7):
            stat(root, pid, faults=2, rss=pid, code=pid << 20)
            pss_is(root, pid, 9)
        (tmp_path / "proc/3/smaps_rollup").unlink()
        os.mkfifo(tmp_path / "proc/3/smaps_rollup")
        tables._guard.deadline = 1000
        table = tables.table(budget=1)
        # The largest are read, until one takes more than there is.
        assert missed(table) == dict.fromkeys((1, 2, 3), "budget used up")
        assert told(table) == {1: 7, 2: 7, 3: 7, 4: 9, 5: 9, 6: 9}
        assert table.kept == 3
        assert all((one.at == first[one.pid]) == (one.pid < 4) for one in table.processes)
        answer(root, 3)
        children.until(lambda: all(worker.ended for worker in tables._guard._stuck.values()))
        (tmp_path / "proc/3/smaps_rollup").unlink()
        pss_is(root, 3, 9)
        for pid, rss in ((6, 99), (2, 100)):
            stat(root, pid, faults=3, rss=rss, code=pid << 20)
        table = tables.table()
        assert not missed(table)
        read = [one.pid for one in sorted(table.processes, key=lambda one: one.at)]
        # 4 is kept. Due longest is due first; 6 has changed since, and of the others 5 is the oldest.
        assert read == [4, 2, 3, 1, 6, 5]


def test_a_lock_held_for_ever_is_named_again_and_again_and_nothing_leaks(tmp_path: Path) -> None:
    root = tree(tmp_path, range(1, 21))
    with Tables(root, bare(), tables=4) as tables:
        first = tables.table()
        (tmp_path / "proc/5/smaps_rollup").unlink()
        os.mkfifo(tmp_path / "proc/5/smaps_rollup")
        before = used()
        for turn in range(200):
            stat(root, 1 + turn % 20, faults=turn + 2, code=(1 + turn % 20) << 20)
            table = tables.table(budget=60)
            assert missed(table) in ({5: "lock held"}, {} if turn < 4 else None)
            assert told(table) == told(first)
            threads, files = used()
            assert threads < before[0] + 20
            assert files < before[1] + 20
        # The one that waits, once the last readers are out.
        children.until(lambda: used()[0] <= before[0] + 1 and used()[1] <= before[1])
        kept = next(one for one in table.processes if one.pid == 5)
        assert kept.at == next(one for one in first.processes if one.pid == 5).at
        answer(root, 5)


def used() -> tuple[int, int]:
    """Threads and descriptors of this process."""
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def test_a_process_that_is_freed_is_read_again(tmp_path: Path) -> None:
    root = tree(tmp_path, range(1, 4), (2,))
    with Tables(root, bare()) as tables:
        assert missed(tables.table()) == {2: "lock held"}
        answer(root, 2)
        (tmp_path / "proc/2/smaps_rollup").unlink()
        pss_is(root, 2, 9)
        children.until(lambda: told(tables.table()).get(2) == 9)
        assert not missed(tables.table())


def test_all_descriptors_are_given_back(tmp_path: Path) -> None:
    before = used()[1]
    with Tables(LIVE, bare()) as tables:
        tables.table()
        assert used()[1] > before
        with children.child("print('ready', flush=True); input()"):
            tables.table()
        tables.table()
    # A reader that was left behind may have a file open still.
    children.until(lambda: used()[1] <= before)


def test_a_malformed_stat_file_and_one_that_lacks_words(tmp_path: Path) -> None:
    root = tree(tmp_path, range(1, 4))
    Path(root.path("proc/2/stat")).write_text("2 (x) S\n")
    Path(root.path("proc/3/stat")).write_text(
        STAT.replace("{rss}", "-5").format(pid=3, start=1, faults=1, code="x", end="y", stack="z")
    )
    with Tables(root, bare()) as tables:
        for _ in range(2):
            table = tables.table()
            assert set(told(table)) == {1, 3}
            assert missed(table) == {2: "malformed"}


def test_only_one_user_s_processes_are_read(tmp_path: Path) -> None:
    root = tree(tmp_path, range(1, 4), (2,))
    for pid, uid in ((1, 5), (2, 0), (3, 5)):
        Path(root.path(f"proc/{pid}/status")).write_text(
            f"Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nThreads:\t1\n"
        )
    asked = Asked(pss.sums(), lambda uid: f"user{uid}", user=re.compile("5"))
    with Tables(root, asked) as tables:
        for _ in range(2):
            table = tables.table()
            assert {(one.pid, one.user, one.name, one.command, one.vss) for one in table.processes} == {
                (1, "user5", "name1", "run -x", 8192000),
                (3, "user5", "name3", "run -x", 8192000),
            }
            assert not table.unread
