"""The task iterator on the running kernel, beside /proc, and everything that may refuse it."""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import gc
import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.tasks.children import (
    LEADERLESS,
    SPIN,
    SYS_EXIT,
    THREADS,
    ZOMBIES,
    agreed,
    child,
    descriptors,
    given_back,
    named,
    resting,
    state,
    stopped,
    until,
)

from jinmaek.kernel import mountinfo
from jinmaek.root import LIVE
from jinmaek.tasks import beside, bpf, bpf_calls, bpf_layout, procfs
from jinmaek.tasks.bpf import TaskIterator, Unavailable
from jinmaek.tasks.bpf_record import DESC, NAME
from jinmaek.tasks.bpf_records import Names, Records, split
from jinmaek.tasks.census import Processes, Threads, Waits, Zombies
from jinmaek.tasks.table import Scan, TaskTable

COLUMNS = [one.name for one in dataclasses.fields(TaskTable)]
EXACT = [
    "tgid", "ppid", "start_time", "comm", "state", "flags", "minflt", "majflt", "priority", "nice",
    "rt_priority", "policy", "num_threads", "vsize", "tty_nr", "resident", "shared", "uid", "vm_swap",
    "rss_anon", "rss_file", "rss_shmem",
]  # fmt: skip
TIMES = ["utime", "stime", "cutime", "cstime"]
TICK = 0.0101
HOSTILE = b"a) R 1\n\xff\x1b[31"
UNPRIVILEGED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from jinmaek.tasks.bpf import TaskIterator, Unavailable
os.setgroups([]); os.setgid(65534); os.setuid(65534)
before = len(os.listdir("/proc/self/fd"))
try:
    TaskIterator()
except Unavailable as why:
    print(why, len(os.listdir("/proc/self/fd")) - before)
"""
VFORK = """
import os, sys
print("ready", flush=True)
waits = (os.POSIX_SPAWN_OPEN, 9, sys.argv[1], os.O_RDONLY, 0)
os.posix_spawn("/bin/true", ["true"], {}, file_actions=[waits])
"""
SEALED_SINCE = (
    "168: (85) call program of this type cannot use helper bpf_probe_read_kernel#113 processed 1 insns"
)
TIME_NAMESPACE = """
import ctypes, os, sys, time
sys.path.insert(0, sys.argv[1])
from jinmaek.tasks.bpf import TaskIterator, Unavailable
def leave(seconds):
    if ctypes.CDLL(None, use_errno=True).unshare(0x80):
        sys.exit("no time namespace here: " + os.strerror(ctypes.get_errno()))
    with open("/proc/self/timens_offsets", "w") as file:
        file.write(f"boottime {seconds} 0")
def told():
    try:
        with TaskIterator() as iterator:
            records = iterator.read()
    except Unavailable as why:
        return why
    ticks = records.array("start_ticks")[list(records.array("pid")).index(os.getpid())]
    return 0 <= time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK") < 30
leave(100000)
print("left:", told(), flush=True)
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print("in it:", told(), flush=True)
leave(5)
print("left again:", told(), flush=True)
os._exit(0)
"""
SOURCE = str(Path(bpf.__file__).parents[2])


@pytest.fixture(params=["open coded", "seq file"])
def iterator(request: pytest.FixtureRequest) -> Iterator[TaskIterator]:
    with started(open_coded=request.param == "open coded") as opened:
        yield opened


def started(*, open_coded: bool) -> TaskIterator:
    try:
        opened = TaskIterator(open_coded=open_coded)
    except Unavailable as why:
        pytest.skip(f"no task iterator here: {why}")
    if opened.open_coded != open_coded:
        opened.close()
        pytest.skip("no open-coded task iterator here")
    return opened


def both(iterator: TaskIterator, *, threads: bool = False) -> tuple[Scan, Scan]:
    return (
        iterator.scan(details=True, threads=threads),
        procfs.scan(LIVE, details=True, threads=threads),
    )


def entry(table: TaskTable, pid: int, names: list[str]) -> dict[str, object]:
    at = table.pid.index(pid)
    return {name: getattr(table, name)[at] for name in names}


def agree(iterator: TaskIterator, pid: int, *, threads: bool = False) -> dict[str, object]:
    """Compare every column of one task by both ways; what the iterator tells."""
    for _ in range(100):
        scans = both(iterator, threads=threads)
        ours, theirs = (scan.threads if threads else scan.processes for scan in scans)
        assert ours is not None
        assert theirs is not None
        told, other = entry(ours, pid, EXACT), entry(theirs, pid, EXACT)
        times, others = entry(ours, pid, TIMES), entry(theirs, pid, TIMES)
        if told == other and times == pytest.approx(others, rel=0, abs=TICK):
            break
        # It did something between the two: it is about to sleep.
        time.sleep(0.05)
    assert told == other
    for name in TIMES:
        assert times[name] == pytest.approx(others[name], abs=TICK), name
    return told


def counted(scan: Scan) -> dict[tuple[object, ...], int]:
    found: dict[tuple[object, ...], int] = {}
    for table in scan.tables.values():
        for row in table:
            match row:
                case Threads() | Processes():
                    label = row.thread_state if isinstance(row, Threads) else row.state
                    found[type(row).__name__, label] = row.count
                case Waits():
                    found["Waits", row.wchan] = row.threads
                case Zombies():
                    found["Zombies", row.ppid, row.comm] = row.count
    return found


@pytest.mark.kernel
class TestAgreement:
    def test_a_sleeper_with_a_hostile_name(self, iterator: TaskIterator) -> None:
        with named(HOSTILE) as pid:
            told = agree(iterator, pid)
        assert (told["comm"], told["state"]) == ("a) R 1\n\\xff\x1b[31", "S")

    def test_nice_and_real_time(self, iterator: TaskIterator) -> None:
        with named(b"nice", before=lambda: os.nice(7)) as pid:
            assert agree(iterator, pid)["nice"] == 7
            try:
                os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(3))
            except PermissionError:
                pytest.skip("no real-time scheduling here")
            told = agree(iterator, pid)
            assert (told["priority"], told["rt_priority"], told["policy"]) == (-4, 3, os.SCHED_FIFO)

    def test_stopped_and_traced(self, iterator: TaskIterator) -> None:
        with named(b"stopped") as pid:
            stopped(pid)
            assert agree(iterator, pid)["state"] == "T"
            libc = ctypes.CDLL(None, use_errno=True)
            ptrace = libc.ptrace
            ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
            if ptrace(16, pid, None, None):
                pytest.skip("tracing is forbidden here")
            os.waitpid(pid, getattr(os, "__WALL", 0x40000000))
            until(lambda: state(pid) == "t")
            assert agree(iterator, pid)["state"] == "t"

    def test_zombies_and_their_parent(self, iterator: TaskIterator) -> None:
        with child(ZOMBIES, "3") as pid:
            ours, theirs = both(iterator)
            key = ("Zombies", pid, theirs.processes.comm[theirs.processes.pid.index(pid)])
            assert counted(ours)[key] == counted(theirs)[key] == 3
            dead = next(
                one for one, ppid in zip(ours.processes.pid, ours.processes.ppid, strict=True) if ppid == pid
            )
            told = agree(iterator, dead)
        assert (told["state"], told["resident"], told["vm_swap"]) == ("Z", 0, None)

    def test_a_process_of_many_threads(self, iterator: TaskIterator) -> None:
        with child(THREADS, "20") as pid:
            assert agree(iterator, pid)["num_threads"] == 21
            for tid in map(int, os.listdir(f"/proc/{pid}/task")):
                assert agree(iterator, tid, threads=True)["tgid"] == pid

    def test_a_dead_leader_of_live_threads_is_no_zombie(self, iterator: TaskIterator) -> None:
        with child(LEADERLESS, str(SYS_EXIT)) as pid:
            until(lambda: state(pid) == "Z")
            told = agree(iterator, pid)
            ours = iterator.scan(details=False, threads=True)
            assert ours.threads is not None
            assert entry(ours.threads, pid, ["state"]) == {"state": "Z"}
        assert (told["state"], told["num_threads"]) == ("S", 2)
        assert not [key for key in counted(ours) if key[0] == "Zombies" and key[1] == os.getpid()]

    def test_a_thread_in_d_and_where(self, iterator: TaskIterator, tmp_path: Path) -> None:
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)

        def alike() -> bool:
            ours, theirs = both(iterator)
            (mine,) = [one for one in ours.waiting if one.tgid == pid]
            return mine in theirs.waiting

        with child(VFORK, str(fifo)) as pid:
            try:
                until(lambda: state(pid) == "D")
                assert agree(iterator, pid)["state"] == "D"
                # On its way to sleep it is nowhere yet, and on some kernels never anywhere.
                until(alike)
            finally:
                # Whoever opens it for reading may go on.
                os.close(os.open(fifo, os.O_RDWR | os.O_NONBLOCK))
                os.close(os.open(fifo, os.O_RDWR))

    def test_kernel_threads_and_workers_by_their_long_names(self, iterator: TaskIterator) -> None:
        names = [name for name in EXACT if name not in ("flags", "state")]
        wrong: set[tuple[int, str]] | None = None
        # A worker takes up other work between the two, and a new one its place: not always the same.
        for _ in range(20):
            ours, theirs = both(iterator)
            kernel = [
                (entry(ours.processes, pid, names), entry(theirs.processes, pid, names), pid)
                for pid, flags in zip(theirs.processes.pid, theirs.processes.flags, strict=True)
                if flags & 0x00200000 and pid in ours.processes.pid
            ]
            if not kernel:
                pytest.skip("no kernel thread is shown here")
            differ = {
                (pid, name) for mine, other, pid in kernel for name in names if mine[name] != other[name]
            }
            wrong = differ if wrong is None else wrong & differ
            if not wrong:
                break
        assert not wrong
        assert [
            1 for mine, other, _ in kernel if len(str(mine["comm"])) > 15 and mine["comm"] == other["comm"]
        ]

    def test_times_of_busy_threads_are_split_as_the_kernel_does(self, iterator: TaskIterator) -> None:
        code = (
            "import os, threading, time\n"
            "def work(end):\n"
            "    while time.thread_time() < end: os.stat('/')\n"
            "def gone():\n"
            "    t = threading.Thread(target=work, args=(0.15,)); t.start(); t.join()\n"
            "def stay(): work(0.1); worked.wait(); time.sleep(600)\n"
            "gone(); worked = threading.Barrier(3)\n"
            "[threading.Thread(target=stay).start() for _ in range(2)]; work(0.1); worked.wait()\n"
            "print('ready', flush=True); time.sleep(600)\n"
        )
        with child(code) as pid:
            resting(pid)
            agree(iterator, pid)
            # /proc remembers what it said; so it is asked again after the iterator was the first.
            ours, _ = both(iterator)
            told = entry(ours.processes, pid, ["utime", "stime", "run_time"])
            alive = 0.0
            for tid in map(int, os.listdir(f"/proc/{pid}/task")):
                agree(iterator, tid, threads=True)
                alive += int(Path(f"/proc/{pid}/task/{tid}/schedstat").read_text().split()[0]) / 1e9
        assert told["run_time"] == pytest.approx(alive, abs=TICK)
        # With the thread that has exited.
        assert told["utime"] + told["stime"] > max(0.4, alive + 0.14)  # type: ignore[operator]

    def test_memory_is_exact_to_the_page(self, iterator: TaskIterator) -> None:
        code = (
            "import ctypes, mmap, time\n"
            "private = mmap.mmap(-1, 37 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
            "shared = mmap.mmap(-1, 11 << 20)\n"
            "for at in range(0, 37 << 20, 4096): private[at] = 1\n"
            "for at in range(0, 11 << 20, 4096): shared[at] = 1\n"
            "ctypes.CDLL(None).mlockall(1)\n"
            "print('ready', flush=True); time.sleep(60)\n"
        )
        with child(code) as pid:
            told = agree(iterator, pid)
        assert told["rss_shmem"] >= 11 << 20  # type: ignore[operator]
        assert told["rss_anon"] >= 37 << 20  # type: ignore[operator]

    def test_usage_is_what_files_of_its_own_say(self, iterator: TaskIterator, tmp_path: Path) -> None:
        file = tmp_path / "written"
        code = (
            "import os, sys, threading, time\n"
            "def write(size):\n"
            "    f = os.open(f'{sys.argv[1]}{size}', os.O_WRONLY | os.O_CREAT)\n"
            "    os.write(f, bytes(size)); os.fsync(f)\n"
            "def stay(): write(2 << 20); written.set(); time.sleep(600)\n"
            "written = threading.Event()\n"
            "t = threading.Thread(target=write, args=(3 << 20,)); t.start(); t.join()\n"
            "threading.Thread(target=stay).start(); write(1 << 20)\n"
            "written.wait(); print('ready', flush=True); time.sleep(600)\n"
        )
        names = ["run_time", "run_delay", "read_bytes", "write_bytes", "cgroup_id"]
        if fstype(tmp_path) in ("tmpfs", "ramfs", "overlay"):
            pytest.skip(f"nothing is written to storage on {fstype(tmp_path)}")
        with child(code, str(file)) as pid:
            resting(pid)
            other, ours = agreed(
                lambda: entry(procfs.scan(LIVE, details=False, usage=True).processes, pid, names),
                lambda: iterator.scan(details=False).processes,
            )
            told = entry(ours, pid, names)
            assert entry(ours, pid, ["in_iowait"])["in_iowait"] == 0
        assert told == pytest.approx(other, rel=0, abs=TICK)
        assert told["write_bytes"] >= 6 << 20  # type: ignore[operator]
        assert told["run_time"] > 0  # type: ignore[operator]

    def test_a_hidden_process_is_among_the_others(
        self, iterator: TaskIterator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with child(THREADS, "3") as pid:
            read = TaskIterator.read

            def hiding(self: TaskIterator) -> Records:
                records = read(self)
                return records.only([i for i, one in enumerate(records.leaders("pid")) if one != pid])

            resting(pid)
            monkeypatch.setattr(TaskIterator, "read", hiding)
            assert pid not in iterator.hidden
            iterator.scan(details=False)
            # The kernel counts four threads more than are shown, unless as many of others went meanwhile.
            monkeypatch.setattr(beside, "AGAIN", 0.0)
            until(lambda: pid in iterator.scan(details=False).processes.pid)
            whole = iterator.scan(details=True, threads=True)
            theirs = procfs.scan(LIVE, details=True, usage=True, threads=True)
            assert whole.threads is not None
            assert theirs.threads is not None
            for table, other in ((whole.processes, theirs.processes), (whole.threads, theirs.threads)):
                assert [one for one, tgid in zip(table.pid, table.tgid, strict=True) if tgid == pid] == [
                    one for one, tgid in zip(other.pid, other.tgid, strict=True) if tgid == pid
                ]
            assert entry(whole.processes, pid, EXACT) == entry(theirs.processes, pid, EXACT)
            assert entry(whole.processes, pid, ["in_iowait"]) == {"in_iowait": None}
            assert pid in iterator.hidden
            again = iterator.scan(details=False)
            assert again.changes is not None
            assert again.processes.pid.index(pid) in again.changes.places()
            assert all(len(getattr(whole.processes, name)) in (0, len(whole.processes)) for name in COLUMNS)

    def test_changes_are_those_of_which_a_figure_differs(self, iterator: TaskIterator) -> None:
        names = [name for name in COLUMNS if name not in ("rss_anon", "rss_file", "rss_shmem", "vm_swap")]

        def rows(table: TaskTable) -> dict[tuple[int, float], tuple[object, ...]]:
            columns = [getattr(table, name) or [None] * len(table) for name in names]
            identities = zip(table.pid, table.start_time, strict=True)
            return dict(zip(identities, zip(*columns, strict=True), strict=True))

        before = iterator.scan(details=False)
        for _ in range(6):
            with child(SPIN), child(THREADS, "9"), child(ZOMBIES, "4"):
                now = iterator.scan(details=False)
            assert now.changes is not None
            assert now.changes.since == before.time
            places = now.changes.places()
            assert list(places) == sorted(set(places))
            old, new, changed = rows(before.processes), rows(now.processes), set(places)
            for place, (identity, row) in enumerate(new.items()):
                if old.get(identity) != row:
                    assert place in changed
            part = now.processes.rows(places)
            for name in names:
                column = getattr(now.processes, name)
                assert getattr(part, name) == [column[place] for place in places if column], name
            assert rows(now.processes.rows(range(len(now.processes)))) == new
            before = now
        assert iterator.scan(details=False).changes is not None

    def test_the_whole_host(self, iterator: TaskIterator) -> None:
        # A busy process may change back and forth between three scans, but not always the same way.
        wrong = disagreements(iterator)
        for _ in range(5):
            wrong &= disagreements(iterator) if wrong else set()
        assert not wrong


def disagreements(iterator: TaskIterator) -> set[tuple[int, str]]:
    """Pid and column of what both scans around one of /proc say otherwise; whoever is in only one way."""
    ours, theirs = both(iterator)
    again = iterator.scan(details=True)
    before, after = (dict(zip(one.processes.pid, range(1 << 30))) for one in (ours, again))  # noqa: B905
    missing = set(theirs.processes.pid) - before.keys() - after.keys()
    found = {(pid, "missing") for pid in missing}
    for at, pid in enumerate(theirs.processes.pid):
        if pid not in before or pid not in after or pid == os.getpid():
            continue
        for name in COLUMNS:
            first, last = getattr(ours.processes, name), getattr(again.processes, name)
            known = getattr(theirs.processes, name)
            moving = name in TIMES or name in ("state", "processor", "comm")
            if known and not moving and known[at] != first[before[pid]] == last[after[pid]]:
                found.add((pid, name))
    return found


@pytest.mark.kernel
class TestLeaks:
    def test_a_thousand_scans_keep_no_descriptor_and_no_memory(self, iterator: TaskIterator) -> None:
        def resident() -> int:
            return int(Path("/proc/self/statm").read_text().split()[1])

        def look(times: int) -> None:
            for _ in range(times):
                scan = iterator.scan(details=True, threads=True)
                assert os.getpid() in scan.processes.pid
                assert scan.processes.comm

        def grown() -> int:
            before = resident()
            look(1000)
            gc.collect()
            return resident() - before

        look(100)
        files = descriptors()
        # What comes back from swap, or was of more processes than before, does not come again.
        assert any(grown() < 512 for _ in range(3))
        given_back(files)

    @pytest.mark.parametrize("open_coded", [True, False])
    def test_nothing_is_left_after_close(self, open_coded: bool) -> None:
        before, files = owned(os.getpid()), descriptors()
        opened = started(open_coded=open_coded)
        told = opened.scan(details=True, threads=True)
        new = owned(os.getpid()) - before
        assert new <= held()
        assert {what for what, _ in new} >= {"program", "map" if open_coded else "link"}
        opened.close()
        opened.close()
        given_back(files)
        until(lambda: not held() & new)
        with pytest.raises(ValueError, match="closed"):
            opened.read()
        # What was read stays.
        assert os.getpid() in told.processes.pid

    @pytest.mark.parametrize("open_coded", [True, False])
    def test_a_killed_process_leaves_nothing(self, open_coded: bool) -> None:
        started(open_coded=open_coded).close()
        code = (
            "import sys, time; sys.path.insert(0, sys.argv[1])\n"
            "from jinmaek.tasks.bpf import TaskIterator\n"
            "it = TaskIterator(open_coded=bool(sys.argv[2])); print('ready', flush=True); time.sleep(60)\n"
        )
        with child(code, SOURCE, "yes" if open_coded else "") as pid:
            new = owned(pid)
            assert new <= held()
            assert {what for what, _ in new} >= {"program", "map" if open_coded else "link"}
            os.kill(pid, signal.SIGKILL)
            until(lambda: not held() & new)

    def test_a_table_stays_what_it_was_when_others_are_read(self, iterator: TaskIterator) -> None:
        first = iterator.scan(details=True)
        copy = pickle.loads(pickle.dumps(iterator.scan(details=True).processes))
        with child(THREADS, "3"):
            later = [iterator.scan(details=True) for _ in range(5)]
            assert len({id(one) for one in later}) == 5
        assert first.processes.pid == first.processes.tgid
        assert len(first.processes.comm) == len(first.processes) == len(first.processes.vm_swap)
        assert isinstance(copy, TaskTable)
        assert copy.pid == copy.tgid

    def test_under_fork_churn_identities_hold(self, iterator: TaskIterator) -> None:
        stop = threading.Event()

        def churn() -> None:
            while not stop.is_set():
                subprocess.run(["/bin/true"], check=True)

        workers = [threading.Thread(target=churn) for _ in range(2)]
        for worker in workers:
            worker.start()
        try:
            end = time.monotonic() + 2
            while time.monotonic() < end:
                table = iterator.scan(details=True, threads=True).processes
                assert len({*zip(table.pid, table.start_time, strict=True)}) == len(table)
                assert all(len(getattr(table, name)) in (0, len(table)) for name in COLUMNS)
                assert all(value is None or value >= 0 for value in table.resident)
        finally:
            stop.set()
            for worker in workers:
                worker.join()


def fstype(path: Path) -> str:
    """The type of the file system a path is on."""
    mounts = list(mountinfo.parse(Path("/proc/self/mountinfo").read_text()))
    return next(one.fstype for one in reversed(mounts) if one.device == os.stat(path).st_dev)


def owned(pid: int) -> set[tuple[str, int]]:
    """Those a process has open, by what its descriptors tell."""
    found = set()
    for path in Path(f"/proc/{pid}/fdinfo").iterdir():
        with suppress(FileNotFoundError):
            for line in path.read_text().splitlines():
                what, _, one = line.partition("_id:")
                if what in ("prog", "map", "link"):
                    found.add(("program" if what == "prog" else what, int(one)))
    return found


def held() -> set[tuple[str, int]]:
    """All programs, maps and links of this kernel by their ids: BPF_*_GET_NEXT_ID."""
    kinds = (("program", 11), ("map", 12), ("link", 31))
    return {(what, one) for what, command in kinds for one in ids(command)}


def ids(command: int) -> set[int]:
    found: set[int] = set()
    libc, number = bpf_calls._libc()
    at = 0
    while True:
        room = ctypes.create_string_buffer(struct.pack("=III", at, 0, 0))
        if libc.syscall(ctypes.c_long(number), ctypes.c_long(command), room, ctypes.c_long(12)):
            if ctypes.get_errno() != errno.ENOENT:
                pytest.skip("ids may not be listed here")
            return found
        at = struct.unpack_from("=II", room.raw)[1]
        found.add(at)


def verifier(said: str) -> Callable[[int, bytes], int]:
    """A kernel that refuses every program, with these words where it is given room for them."""

    def refuse(command: int, attributes: bytes) -> int:
        room, place = struct.unpack_from("=IQ", attributes, 28)
        ctypes.memmove(place, said.encode(), min(room, len(said)))
        raise OSError(errno.EINVAL, "no")

    return refuse


class TestRefused:
    @pytest.mark.kernel
    @pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to lose")
    def test_an_ordinary_user_is_told_why(self) -> None:
        process = subprocess.run(
            [sys.executable, "-I", "-S", "-c", UNPRIVILEGED, SOURCE],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (
            process.stdout == "bpf(2): Operation not permitted: needs root, or CAP_BPF and CAP_PERFMON 0\n"
        ), process.stderr

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (errno.EPERM, "CAP_BPF"),
            (errno.ENOSYS, "seccomp"),
            (errno.EINVAL, r"^bpf\(2\): Invalid argument$"),
        ],
    )
    def test_each_errno_of_the_call_is_a_reason(
        self, number: int, words: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(command: int, attributes: bytes) -> int:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(bpf_calls, "call", refuse)
        with pytest.raises(Unavailable, match=words):
            bpf_calls.attach(1, b"")

    def test_a_limit_of_locked_memory_is_lifted_for_the_load_alone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before 5.11 the kernel says EPERM where a program does not fit into the limit."""
        before = resource.getrlimit(resource.RLIMIT_MEMLOCK)
        limits = [(1 << 16, 1 << 16)]

        def call(command: int, attributes: bytes) -> int:
            if limits[-1] != (resource.RLIM_INFINITY, resource.RLIM_INFINITY):
                raise OSError(errno.EPERM, "no")
            return 77

        monkeypatch.setattr(bpf_calls, "call", call)
        monkeypatch.setattr(resource, "getrlimit", lambda which: limits[-1])
        monkeypatch.setattr(resource, "setrlimit", lambda which, pair: limits.append(pair))
        assert bpf_calls.load(1, b"") == 77
        assert len(limits) == 3
        assert limits[-1] == limits[0]

        def refuse(which: int, pair: tuple[int, int]) -> None:
            raise ValueError("not allowed to raise maximum limit")

        monkeypatch.setattr(resource, "setrlimit", refuse)
        with pytest.raises(Unavailable, match="CAP_BPF"):
            bpf_calls.attach(1, b"")
        monkeypatch.undo()
        assert resource.getrlimit(resource.RLIMIT_MEMLOCK) == before

    def test_a_link_that_fails_gives_the_program_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for failing in (bpf_calls.LINK_CREATE, bpf_calls.ITER_CREATE):

            def call(command: int, attributes: bytes, failing: int = failing) -> int:
                if command == failing:
                    raise OSError(errno.EINVAL, "no")
                return os.open("/dev/null", os.O_RDONLY)

            monkeypatch.setattr(bpf_calls, "call", call)
            files = descriptors()
            with pytest.raises(Unavailable):
                bpf_calls.attach(1, b"")
            given_back(files)

    @pytest.mark.parametrize("said", ["unknown func bpf_probe_read_kernel#113", SEALED_SINCE])
    def test_lockdown_is_told_from_a_fault(self, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bpf_calls, "call", verifier(said))
        with pytest.raises(Unavailable, match=r"^Operation not permitted: lockdown=confidentiality$"):
            bpf_calls.attach(1, b"")

    def test_a_report_is_quoted_from_its_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        report = "Verification failed: Policy: " + "why " * 200
        monkeypatch.setattr(bpf_calls, "call", verifier("1: (95) exit\n" * 100 + report))
        with pytest.raises(
            Unavailable, match=r"^the verifier: Invalid argument: Verification failed: Policy:"
        ) as told:
            bpf_calls.attach(1, b"")
        assert len(str(told.value)) < 400

    def test_the_verifier_is_quoted(self) -> None:
        try:
            layout = bpf_layout.remembered()
            bpf_calls.attach(layout.function, bytes.fromhex("b700000000000000 9500000000000000"))
        except (OSError, LookupError, Unavailable) as why:
            pytest.skip(f"no task iterator here: {why}")
        with pytest.raises(Unavailable, match=r"the verifier: .*R0 (!read_ok|is not readable)"):
            bpf_calls.attach(layout.function, bytes.fromhex("9500000000000000"))

    def test_no_btf(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setattr(bpf_layout, "BTF", str(tmp_path / "vmlinux"))
        with pytest.raises(Unavailable, match=r"vmlinux: No such file|pid namespace"):
            TaskIterator()
        (tmp_path / "vmlinux").write_bytes(b"nonsense")
        with pytest.raises(Unavailable, match=r"shorter than a BTF header|pid namespace"):
            TaskIterator()

    def test_another_pid_namespace(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bpf, "INITIAL_PID_NAMESPACE", "pid:[1]")
        with pytest.raises(Unavailable, match="pid namespace"):
            TaskIterator()

    @pytest.mark.kernel
    def test_a_time_namespace_is_reckoned_with_once_it_is_known(self, iterator: TaskIterator) -> None:
        process = subprocess.run(
            [sys.executable, "-I", "-S", "-c", TIME_NAMESPACE, SOURCE],
            capture_output=True,
            text=True,
            check=False,
        )
        if process.stderr.startswith("no time namespace"):
            pytest.skip(process.stderr)
        assert process.stdout.splitlines() == [
            "left: True",
            "in it: True",
            "left again: in another time namespace than its children",
        ], process.stderr

    @pytest.mark.parametrize("machine", ["i686", "s390x", ""])
    def test_another_machine(self, machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
        bpf_calls._libc.cache_clear()
        monkeypatch.setattr("platform.machine", lambda: machine)
        try:
            with pytest.raises(Unavailable, match="not known for"):
                bpf_calls.call(0, b"")
        finally:
            bpf_calls._libc.cache_clear()


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ((0, 0, 0, 0, 0), (0, 0)),
        ((30, 10, 80, 0, 0), (60, 20)),
        ((0, 10, 80, 0, 0), (0, 80)),
        ((10, 0, 80, 0, 0), (80, 0)),
        ((30, 10, 80, 10, 30), (50, 30)),
        ((30, 10, 80, 70, 0), (70, 10)),
        ((30, 10, 80, 50, 30), (50, 30)),
        ((30, 10, 70, 50, 30), (50, 30)),
    ],
)
def test_run_time_is_split_as_the_ticks_were(ticks: tuple[int, ...], expected: tuple[int, int]) -> None:
    assert split(*ticks) == expected


def test_names_of_workers_tell_their_work() -> None:
    names = Names()

    def told(name: bytes, work: bytes, busy: int) -> str:
        return names[name.ljust(NAME, b"\0") + work.ljust(DESC - 1, b"\0") + bytes([busy])]

    assert told(b"sh", b"", 0) == "sh"
    assert told(b"kworker/0:1", b"events", 0) == "kworker/0:1-events"
    assert told(b"kworker/0:1", b"events\0rest", 1) == "kworker/0:1+events"
    assert told(b"\xff\n", b"", 0) == "\\xff\n"
