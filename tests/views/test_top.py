"""``jinmaek top`` beside procps' top on this host, over trees, and with hostile names."""

from __future__ import annotations

import json
import os
import pwd
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
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
    named,
    state,
    stopped,
    until,
)
from tests.tasks.test_delta import one, scan_of

from jinmaek.cli.main import main
from jinmaek.kernel import meminfo
from jinmaek.kernel.stat import CLK_TCK, parse_cpu
from jinmaek.kernel.stat import parse as parse_stat
from jinmaek.sampling import Snapshot
from jinmaek.views.fit import cells, clock, cut, percent, size
from jinmaek.views.plain import safe
from jinmaek.views.procps import Memory
from jinmaek.views.top import COLUMNS, KEYS, Printed, Shown, arrange, render, table
from jinmaek.views.top_explain import explain
from jinmaek.views.top_filter import parse as parse_filter
from jinmaek.views.top_frame import MODES, Frame, frame
from jinmaek.views.top_processes import Kept, Process

Peer = Callable[[str], str]

KIB, MIB, GIB, TIB = (1024**n for n in (1, 2, 3, 4))
OURS = (sys.executable, "-m", "jinmaek", "top")
PLAIN = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
MAPPED = """
import ctypes, sys, time
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap(None, ctypes.c_size_t(int(sys.argv[1])), 0, 0x4022, -1, ctypes.c_long(0))
print("ready", flush=True)
time.sleep(60)
"""


def output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=PLAIN, check=True, timeout=120)
    return done.stdout


def lines_of(text: str) -> list[str]:
    """The lines of the processes in the last frame."""
    lines = text.rstrip("\n").split("\n")
    last = max(i for i, line in enumerate(lines) if line.split()[:2] == ["PID", "USER"])
    return lines[last:]


def real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))


@contextmanager
def of_user(uid: int) -> Iterator[int]:
    """A sleeping process of this user."""
    pid = os.fork()
    if pid == 0:
        os.setresuid(uid, uid, uid)
        signal.pause()
    try:
        until(lambda: os.stat(f"/proc/{pid}").st_uid == uid)
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.fixture
def zoo() -> Iterator[list[int]]:
    """Processes of many kinds that do not move."""
    names = [b"plain", "진맥 é".encode(), b"a) R 1 (\n\x1b[31m", b"tab\tx", b"123456789012345"]
    with ExitStack() as stack:
        pids = [stack.enter_context(named(name)) for name in names]
        pids.append(stack.enter_context(named(b"nice", before=lambda: os.nice(19))))
        pids += [stack.enter_context(child(MAPPED, str(size))) for size in (GIB, 12 * GIB, 11 * TIB)]
        if os.geteuid() == 0:
            pids.append(stack.enter_context(named(b"favoured", before=lambda: os.nice(-20))))
            pids.append(stack.enter_context(named(b"realtime", before=real_time)))
            longest = max(pwd.getpwall(), key=lambda user: len(user.pw_name))
            pids += [stack.enter_context(of_user(uid)) for uid in (longest.pw_uid, 123456789)]
        for pid in pids:
            stopped(pid)
        parent = stack.enter_context(child(ZOMBIES, "1"))
        stopped(parent)
        pids.append(parent)
        pids += [int(p) for p in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
        yield pids


@pytest.mark.parametrize(
    "options",
    ["-w 160", "-w 200 -c", "-w 120 -o PID", "-w 80 -o -VIRT", "-w 79 -o COMMAND", "-w 60", "-w 30"],
)
def test_resting_processes_look_as_in_procps(zoo: list[int], options: str, peer: Peer) -> None:
    procps = peer("top")
    words = ("-b", "-n1", "-p", ",".join(map(str, zoo)), *options.split())

    def told(*top: str) -> tuple[list[str], list[str]]:
        """The lines of processes, and that of tasks: all else moves."""
        text = output(*top, *words)
        return lines_of(text), [line for line in text.split("\n") if line.startswith("Tasks:")]

    theirs, mine = agreed(lambda: told(procps), lambda: told(*OURS))
    assert len(mine[0]) == len(zoo) + 1
    assert mine == theirs


def test_the_summary_has_the_form_of_procps(peer: Peer) -> None:
    procps = peer("top")

    def shape(text: str) -> list[str]:
        return ["".join("9" if c.isdigit() else c for c in line) for line in text.split("\n")[3:6]]

    for words in (("-b", "-n1", "-p1"), ("-b", "-n2", "-d0.1", "-p1")):

        def told(*top: str) -> list[object]:
            """Memory moves, its totals do not; so do the times of the first line, not the users."""
            text = output(*top, *words)  # noqa: B023
            lines = text.split("\n")
            widths = [[len(part) for part in line.split(",")] for line in lines[3:5]]
            totals = [line[:25] for line in lines[3:5]]
            return [text.count("\n"), totals, widths, shape(text)[2], lines[0].split(",")[-4:-3]]

        theirs, mine = agreed(lambda: told(procps), lambda: told(*OURS))
        assert mine == theirs
        assert mine[3] == ""


def test_a_busy_process_uses_what_procps_says(peer: Peer) -> None:
    procps = peer("top")
    late = ("sh", "-c", 'sleep 0.7; exec "$@"', "sh", procps)
    with child(SPIN) as pid:
        words = ("-b", "-n2", "-d2", "-p", str(pid))
        # They read at moments of their own while everything else on the machine comes and goes: procps
        # begins before and after ours, and where both of it differ much, all are asked again.
        for _ in range(20):
            tops = [
                subprocess.Popen((*top, *words), stdout=subprocess.PIPE, text=True, env=PLAIN)
                for top in ((procps,), OURS, late)
            ]
            first, mine, last = (
                float(lines_of(one.communicate(timeout=120)[0])[1].split()[8]) for one in tops
            )
            if abs(first - last) <= 10:
                break
    assert min(first, last) - 20 <= mine <= max(first, last) + 20, (
        f"procps {first} and {last} %, ours {mine} %"
    )
    assert mine > 5


def test_a_leader_that_exited_is_shown_alive() -> None:
    with child(LEADERLESS, str(SYS_EXIT)) as pid:
        until(lambda: state(pid) == "Z")
        text = output(*OURS, "-b", "-n1", "-p", str(pid))
        assert "  0 zombie" in text
        assert lines_of(text)[1].split()[7] == "S"


@pytest.mark.parametrize(
    "name",
    [b"a) R 1 (\n\x1b[31m", b"\xff\xfe\x9b31m", "\u202eabc".encode(), b"\r\x07\x08\x7f", b"\xc2\x9b2J"],
)
def test_a_hostile_name_prints_harmlessly(name: bytes) -> None:
    with named(name) as pid:
        text = output(*OURS, "-b", "-n1", "-w200", "-p", str(pid))
        assert all(line.isprintable() for line in text.split("\n"))
        assert len(lines_of(text)) == 2
        said = json.loads(output(*OURS, "--json", "-p", str(pid)))
        assert said["processes"][0]["name"] == name.decode("utf-8", "backslashreplace")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain (x) \\xff", "plain (x) \\xff"),
        ("진맥 é 中", "진맥 é 中"),
        ("\x1b[31m\n\t\x00\x7f", "?[31m????"),
        ("\x9b\x85\u2028\u2029\u202e\u2066\ud800", "???????"),
    ],
)
def test_safe(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (0, 6, "0"),
        (999_999 * KIB, 6, "999999"),
        (1_000_000 * KIB, 6, "976.6m"),
        (9_999_999 * KIB, 7, "9999999"),
        (12 * GIB, 7, "12.0g".rjust(5)),
        (10_240_000 * KIB, 6, "9.8g"),
        (11 * TIB, 7, "11.0t"),
        (None, 6, "-"),
    ],
)
def test_sizes(value: int | None, width: int, text: str) -> None:
    assert size(value, width) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.00"),
        (59.99, "0:59.99"),
        (3600.5, "60:00.50"),
        (360 * 60 + 59.99, "360:59.99"),
        (361 * 60, "6,01"),
        (96 * 3600 + 59 * 60, "96,59"),
        (97 * 3600, "4d+1h"),
        (14 * 86400 + 23 * 3600, "14d+23h"),
        (15 * 86400, "2w+1d"),
    ],
)
def test_cpu_time(seconds: float, text: str) -> None:
    assert clock(seconds, 9) == text


def test_text_is_cut_and_padded_by_cells() -> None:
    assert cells("진맥") == 4
    assert cells("e\u0301") == 1
    assert cut("systemd-network", 8) == "systemd+"
    assert cut("진맥진맥", 6) == "진맥+"
    assert (percent(99.94), percent(1234.5), percent(12345.6)) == ("99.9", "1234", "12346")


def process(pid: int, **values: object) -> Process:
    usual: dict[str, object] = dict.fromkeys(Process.__slots__, 0)
    usual |= {"user": "root", "state": "S", "comm": "x", "num_threads": 1, "priority": 20, "pid": pid}
    return Process(**{**usual, **values})  # type: ignore[arg-type]


def frame_of(*processes: Process, **values: object) -> Frame:
    usual: dict[str, object] = {
        "wall": 0.0,
        "uptime": 0.0,
        "load": (0.0, 0.0, 0.0),
        "sessions": 0,
        "shares": dict.fromkeys(MODES),
        "cpus": {0: dict.fromkeys(MODES), 1: dict.fromkeys(MODES)},
        "memory": None,
        "processes": processes,
        "pid_width": 5,
        "gaps": (),
    }
    return Frame(**{**usual, **values})  # type: ignore[arg-type]


def test_what_is_not_known_is_a_dash() -> None:
    unknown = process(7, cpu=None, memory=None, resident=None, shared=None)
    memory = Memory(next(iter(meminfo.parse("MemTotal: 8192 kB\nMemFree: 1024 kB\n"))))
    text = render(frame_of(unknown, uptime=None, load=None, memory=memory), Shown(), 80)
    assert text[0].endswith("up -,  0 user,  load average: -")
    assert text[2] == "%Cpu(s):    - us,    - sy,    - ni,    - id,    - wa,    - hi,    - si,    - st "
    assert text[3].split(",")[3].strip() == "- buff/cache"
    assert text[-1].split() == ["7", "root", "20", "0", "0", "-", "-", "S", "-", "-", "0:00.00", "x"]


def snapshot(moment: float, stat: str, *processes: dict[str, object]) -> Snapshot:
    tables = {"stat": tuple(parse_stat(stat)), "stat_cpu": tuple(parse_cpu(stat))}
    return Snapshot("", moment, moment, tables, replace(scan_of(*processes), time=moment), {})


def stat_text(user: int, idle: int, iowait: int) -> str:
    rest = "".join(
        f"{name} 1\n" for name in ("intr", "ctxt", "btime", "processes", "procs_running", "procs_blocked")
    )
    return "".join(f"{cpu} {user} 0 0 {idle} {iowait} 0 0 0\n" for cpu in ("cpu", "cpu0", "cpu1")) + rest


def test_rates_are_over_the_time_between_two_readings() -> None:
    before = snapshot(100.0, stat_text(100, 1000, 50), one(5, 1.0, utime=7.0), one(6, 1.0, utime=9.0))
    now = snapshot(
        104.0,
        stat_text(200, 1300, 40),
        one(5, 1.0, utime=7.5, stime=0.5),
        one(6, 103.0, utime=0.2),
        one(7, 103.5, utime=99.0),
    )
    made = frame(before, now, name_of=str, sessions=0, pid_width=5)
    assert [p.cpu for p in made.processes] == [0.25, 0.05, 1]
    assert {name: share for name, share in made.shares.items() if share} == {"us": 0.25, "id": 0.75}
    assert made.cpus == {0: made.shares, 1: made.shares}
    alone = frame(None, now, name_of=str, sessions=0, pid_width=5, only={7})
    assert [(p.pid, p.cpu, p.time) for p in alone.processes] == [(7, None, 99.0)]
    assert set(alone.shares.values()) == {None}


@pytest.mark.parametrize(
    ("uptime", "text"),
    [
        (59, "up 0 min,"),
        (3600 + 120, "up  1:02,"),
        (86400 + 60, "up 1 day, 1 min,"),
        (40 * 86400 + 11 * 3600, "up 40 days, 11:00,"),
    ],
)
def test_uptime(uptime: float, text: str) -> None:
    assert f" {text}  2 users," in render(frame_of(uptime=uptime, sessions=2), Shown(), 200)[0]


def seconds(clock: str) -> float:
    """Of minutes and seconds as top writes them."""
    minutes, rest = clock.split(":")
    return int(minutes) * 60 + float(rest)


def cpu_time(stat: str) -> float:
    words = Path(stat).read_bytes().rpartition(b") ")[2].split()
    return (int(words[11]) + int(words[12])) / CLK_TCK


def test_threads_look_as_in_procps(peer: Peer) -> None:
    procps = peer("top")
    with child(THREADS, "5") as pid:
        stopped(pid)
        words = ("-b", "-H", "-n1", "-w120", "-p", str(pid))

        def told(*top: str) -> tuple[list[str], str]:
            """The lines of threads, and that of their counts."""
            text = output(*top, *words)
            return lines_of(text), text.split("\n")[1]

        theirs, mine = agreed(lambda: told(procps), lambda: told(*OURS))
        assert len(mine[0]) == 7
        # procps gives the leader's thread the time of the whole process; ours is the thread's own.
        ours, others = ([line.split() for line in lines] for lines, _ in (mine, theirs))
        leader = next(index for index, words in enumerate(ours) if words[0] == str(pid))
        whole, own = others[leader].pop(10), ours[leader].pop(10)
        # User and system time are made whole ticks each by itself.
        assert seconds(whole) == pytest.approx(cpu_time(f"/proc/{pid}/stat"), abs=2.1 / CLK_TCK)
        assert seconds(own) == pytest.approx(cpu_time(f"/proc/{pid}/task/{pid}/stat"), abs=2.1 / CLK_TCK)
        assert ours == others
        assert [len(line) for line in mine[0]] == [len(line) for line in theirs[0]]
        assert mine[1] == theirs[1]
        assert mine[1].startswith("Threads:   6 total,")


def test_lines_of_cpus_have_the_form_of_procps(peer: Peer) -> None:
    words = ("-b", "-1", "-n1", "-w180", "-p1")
    pages = output(peer("top"), *words), output(*OURS, *words)
    theirs, mine = ([line for line in page.split("\n") if line.startswith(("%", "MiB"))] for page in pages)
    assert [len(line) for line in mine] == [len(line) for line in theirs]
    assert [line.split()[0] for line in mine] == [line.split()[0] for line in theirs]
    assert [line.count(":") for line in mine] == [line.count(":") for line in theirs]


@pytest.mark.parametrize("field", ["%CPU", "RES", "COMMAND"])
def test_what_is_kept_between_frames_shows_as_if_made_anew(field: str) -> None:
    """Random frames: tasks that rest, work, change, end, and pids that are used again."""
    chance = random.Random(field)
    kept, printed, shown = Kept(), Printed(), Shown(field=field)
    rows = {pid: one(pid, float(pid), utime=1.0) for pid in range(1, 60)}
    before, moment, reused = None, 100.0, 0
    for _ in range(60):
        moment += chance.choice((0.5, 3.0))
        for pid in chance.sample(range(1, 60), 6):
            match chance.randrange(5):
                case 0:
                    rows.pop(pid, None)
                case 1:
                    rows[pid] = one(pid, moment, utime=chance.choice((0.0, 0.5)), comm=f"new{moment}")
                case kind if pid in rows:
                    name, value = [("utime", 0.7), ("resident", 4096), ("nice", 1)][kind - 2]
                    rows[pid] = {**rows[pid], name: rows[pid].get(name, 0) + value}  # type: ignore[operator]
        now = snapshot(moment, stat_text(int(moment * 100), 1000, 0), *(rows[pid] for pid in sorted(rows)))
        first = frame(before, now, name_of=str, sessions=0, pid_width=5)
        quick = frame(before, now, name_of=str, sessions=0, pid_width=5, kept=kept)
        reused += sum(process in printed.lines for process in quick.processes)
        columns = chance.choice((80, 80, 80, 60))
        assert render(quick, shown, columns, printed) == render(first, shown, columns)
        before = now
    assert reused > 1000


@pytest.mark.parametrize(
    ("text", "pids"),
    [
        ("command=SSH", [1, 2]),
        ("!COMMAND=ssh", [3]),
        ("RES>1.5m", [2, 3]),
        ("res<2m", [1]),
        ("!RES<2m", [2, 3]),
        ("TIME+>0:59", [3]),
        ("USER>a", [1, 2, 3]),
    ],
)
def test_filters(text: str, pids: list[int]) -> None:
    made = frame_of(
        process(1, comm="ssh", resident=MIB),
        process(2, comm="SSHd", resident=2 * GIB),
        process(3, comm="x", resident=3 * GIB, time=61.0),
    )
    wanted = parse_filter(text, COLUMNS, exact=False)
    assert wanted is not None
    chosen = arrange(made, Shown(filters=(wanted,), field="PID", descending=False))
    assert [p.pid for p in chosen] == pids
    exact = parse_filter("COMMAND=ssh", COLUMNS, exact=True)
    assert exact is not None
    assert [p.pid for p in arrange(made, Shown(filters=(exact,)))] == [1]


@pytest.mark.parametrize("text", ["", "=", "RES", "RES>", "NOPE=1", "!=x"])
def test_what_is_no_filter(text: str) -> None:
    assert parse_filter(text, COLUMNS, exact=False) is None


def test_solaris_mode_and_threads_share_the_machine() -> None:
    busy = process(1, cpu=1.5, num_threads=2)
    assert table(frame_of(busy), Shown(solaris=True), [busy], 80)[1].split()[8] == "75.0"
    assert table(frame_of(busy, threads=True), Shown(), [busy], 80)[1].split()[8] == "99.9"
    assert [p.pid for p in arrange(frame_of(busy, process(2)), Shown(limit=1))] == [1]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("letter", "RSDIZTt?")
def test_explanation_has_the_figures(lang: str, letter: str) -> None:
    one = process(7, state=letter, comm="a\x1bb", virtual=3 * GIB, resident=2 * MIB, shared=MIB, minflt=12345)
    text = explain(one, frame_of(one), lang)
    assert text[0] == "7 a?b"
    assert all(cells(line) <= 76 for line in text)
    for figure in ("3.0 GiB", "2.0 MiB", "1.0 MiB", "12,345", "fork()"):
        assert figure in " ".join(text)


def test_a_line_for_each_cpu() -> None:
    shares = {**dict.fromkeys(MODES, 0.0), "us": 0.25, "id": 0.75}
    text = render(frame_of(cpus={0: shares, 11: shares}), Shown(each_cpu=True), 80)
    assert text[2] == "%Cpu0  : 25.0 us,  0.0 sy,  0.0 ni, 75.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st "
    assert text[3].startswith("%Cpu11 : 25.0 us")


def test_a_share_never_exceeds_the_threads_or_the_machine() -> None:
    busy = process(1, cpu=57.0, num_threads=90)
    assert table(frame_of(busy), Shown(), [busy], 80)[1].split()[8] == "200.0"
    assert table(frame_of(busy, cpus={0: {}}), Shown(), [busy], 80)[1].split()[8] == "99.9"


def test_order_and_choice() -> None:
    a, b, c = process(1, cpu=0.5, uid=0), process(2, cpu=0.0, uid=7), process(3, cpu=0.5, uid=7)
    d = process(4, cpu=None, uid=None)
    everyone = (a, b, c, d)

    def pids(**values: object) -> list[int]:
        return [p.pid for p in arrange(frame_of(*everyone), Shown(**values))]  # type: ignore[arg-type]

    assert pids() == [1, 3, 2, 4]
    assert pids(descending=False) == [4, 2, 1, 3]
    assert pids(field="PID") == [4, 3, 2, 1]
    assert pids(uid=7) == [3, 2]
    assert pids(uid=7, others=True) == [1, 4]
    assert pids(idle=False) == [1, 3, 4]
    for field in KEYS:
        assert sorted(pids(field=field)) == [1, 2, 3, 4]


def test_json_of_a_tree_says_null_where_one_reading_cannot_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/stat").write_text("7 (x) S 1" + " 0" * 38 + "\n")
    assert main(["top", "--json", "--root", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["uptime_s"], said["load"], said["memory"]) == (1, None, None, None)
    assert said["cpu"] == dict.fromkeys(MODES)
    assert said["tasks"] == {"total": 1, "running": 0, "sleeping": 1, "stopped": 0, "zombie": 0}
    (only,) = said["processes"]
    assert (only["pid"], only["cpu"], only["resident_bytes"], only["swap_bytes"]) == (7, None, None, None)
    assert {gap["source"] for gap in said["gaps"]} >= {"proc/stat", "proc/meminfo"}
    assert main(["top", "-b", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("PID USER") == 1


def test_json_of_this_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--json", "-n", "2", "-d", "0.2"]) == 0
    frames = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(frames) == 2
    for said in frames:
        assert sum(said["cpu"].values()) == pytest.approx(1)
        me = next(p for p in said["processes"] if p["pid"] == os.getpid())
        assert (me["uid"], me["ppid"]) == (os.geteuid(), os.getppid())
        assert me["swap_bytes"] is not None
        assert 0 <= me["cpu"] <= me["threads"]


def test_only_one_users_processes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--json", "-u", str(os.geteuid())]) == 0
    mine = json.loads(capsys.readouterr().out)
    assert {p["uid"] for p in mine["processes"]} == {os.geteuid()}
    assert main(["top", "--json", "-u", f"!{os.geteuid()}"]) == 0
    assert os.geteuid() not in {p["uid"] for p in json.loads(capsys.readouterr().out)["processes"]}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("", 2, "no terminal"),
        ("-b -o NOPE", 2, "no field NOPE"),
        ("-b -o", 2, "no field given"),
        ("-b -n 0", 2, "-n 0"),
        ("-b -d -1", 2, "-d"),
        ("-b -d nan", 2, "-d nan"),
        ("-b -p 1,x", 2, "-p 1,x"),
        ("-b -u nosuchuser", 2, "no user nosuchuser"),
        ("-b -u root -p 1", 2, "exclude"),
        ("-b -w 2", 2, "-w 2"),
        ("-b --root /nonexistent", 3, "holds no process"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    words: str, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["top", *words.split()]) == status
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert said in output.err


def test_a_resting_process_used_exactly_nothing() -> None:
    """0.3 - 0.1 - 0.2 is not 0 in floating point; it would sort before those that truly rest."""
    both = [snapshot(at, stat_text(1, 1, 1), one(5, 1.0, utime=0.1, stime=0.2)) for at in (100.0, 101.0)]
    assert [p.cpu for p in frame(*both, name_of=str, sessions=0, pid_width=5).processes] == [0.0]
