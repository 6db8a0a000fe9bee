"""``jinmaek smem`` beside smem over the same stopped processes, and what only ours says."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.cli.test_top_live import Terminal, terminal
from tests.tasks import children
from tests.tasks.children import until
from tests.tasks.test_guarded import answer, made
from tests.tasks.test_pss_kept import stat

from jinmaek.cli.main import main
from jinmaek.root import Root
from jinmaek.tasks.guarded import Missed
from jinmaek.tasks.pss import Process, Unread
from jinmaek.views.smem import Frame, note, table, units
from jinmaek.views.smem_live import screen

__all__ = ["terminal"]

Peer = Callable[[str], str]
MARK = f"smem-is-looking-for-this-{os.getpid()}"
FULL = """
import mmap, os, sys, time
m = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m[: int(sys.argv[1]) << 20] = b"x" * (int(sys.argv[1]) << 20)
more = []
for n in range(int(sys.argv[2])):
    more.append(mmap.mmap(-1, 4096, prot=1 + n % 2 * 2, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
print("ready", flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def stopped() -> Iterator[list[int]]:
    """Three processes that hold unlike amounts, stopped."""
    with contextlib.ExitStack() as stack:
        pids = [stack.enter_context(children.child(FULL, str(n), str(n * 40), MARK)) for n in (1, 3, 5)]
        for pid in pids:
            children.stopped(pid)
        yield pids


def captured(tmp_path: Path, pids: Sequence[int]) -> Path:
    """The processes' files as a tree: whoever looks at the live ones maps their libraries, and moves PSS."""
    for pid in pids:
        folder = tmp_path / "proc" / str(pid)
        folder.mkdir(parents=True)
        live = Path(f"/proc/{pid}")
        for name in ("cmdline", "comm", "stat", "statm", "status"):
            (folder / name).write_bytes((live / name).read_bytes())
        for _ in range(200):
            smaps, rollup, again = ((live / name).read_bytes() for name in ("smaps", "smaps_rollup", "smaps"))
            if smaps == again:
                break
        (folder / "smaps").write_bytes(smaps)
        (folder / "smaps_rollup").write_bytes(rollup)
    (tmp_path / "proc/meminfo").write_bytes(Path("/proc/meminfo").read_bytes())
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_bytes(Path("/etc/passwd").read_bytes())
    return tmp_path


def both(smem: str, tree: Path, words: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What the peer and we print over the same files."""
    theirs = subprocess.run(
        [smem, "-S", str(tree), *shlex.split(words)], capture_output=True, text=True, check=True
    ).stdout
    capsys.readouterr()
    assert main(["smem", "--root", str(tree), *shlex.split(words)]) == 0
    return theirs, capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        "-c 'pid user name swap uss rss' -t -s rss",
        "-c 'pid command uss rss' -s uss -r -k -t",
        "-H -c 'pid user uss' -s pid -U ^root$",
        "-u -t -c 'user count swap uss rss' -s rss",
        "-m -t",
        "-m -H -c 'map count pids swap uss pss rss vss avgpss avgrss' -s map -r",
    ],
)
def test_prints_what_smem_prints(
    words: str, peer: Peer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stopped() as pids:
        tree = captured(tmp_path, pids)
    for pid in pids:
        # smem prints a newline in a command as it is.
        (tree / f"proc/{pid}/cmdline").write_bytes(b"a\0command %d\0" % pid)
    theirs, ours = both(peer("smem"), tree, words, capsys)
    assert ours == theirs


def test_pss_is_smem_s_without_its_rounding(
    peer: Peer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stopped() as pids:
        tree = captured(tmp_path, pids)
    theirs, ours = both(peer("smem"), tree, "-H -c 'pid pss' -s pid", capsys)
    for their_line, our_line in zip(theirs.splitlines(), ours.splitlines(), strict=True):
        (pid, less), (same, more) = map(str.split, (their_line, our_line))
        assert pid == same
        mappings = (tree / f"proc/{pid}/smaps").read_bytes().count(b"VmFlags")
        # The kernel rounds each Pss of smaps down to KiB; smem adds those.
        assert 0 <= int(more) - int(less) < mappings


def test_users_and_mappings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["smem", "-u", "-t", "-c", "user,count,pss,swappss"]) == 0
    assert capsys.readouterr().out.startswith("User     Count      PSS  SwapPss \n")
    with stopped():
        assert main(["smem", "-m", "--json", "-P", MARK]) == 0
    rows = {row["mapping"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["[stack]"]["mappings"] == rows["[stack]"]["processes"] == 3
    assert rows["<anonymous>"]["uss_bytes"] >= 9 << 20


def test_users_apart_though_their_names_are_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = made(tmp_path, [7, 8, 9])
    for pid in (7, 8, 9):
        uids = "\t".join([str(pid // 8)] * 4)
        (tmp_path / f"proc/{pid}/status").write_text(f"Name:\tx\nUid:\t{uids}\nThreads:\t1\n")
    assert main(["smem", "-u", "-H", "-c", "count pss", "--root", root.base]) == 0
    assert capsys.readouterr().out == "    1        7 \n    2       14 \n"


def test_totals_of_a_tree_and_hostile_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = made(tmp_path, [7, 8])
    (tmp_path / "proc/7/cmdline").write_bytes(b"\x1b[2Jclear\nme\0\xff\0")
    (tmp_path / "proc/8/cmdline").write_bytes(b"")
    (tmp_path / "proc/8/comm").write_bytes(b"a\nb)\n")
    assert main(["smem", "-t", "--root", root.base]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["7", "?", "?[2Jclear?me", "\\xff", "4", "3", "7", "12"],
        ["8", "?", "[a?b)]", "4", "3", "7", "12"],
        ["-" * 79],
        ["2", "1", "8", "6", "14", "24"],
    ]
    assert main(["smem", "--json", "--root", root.base]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["swap_pss_bytes"] == 6 << 10


def with_stat(root: Root, pids: Sequence[int]) -> Root:
    for pid in pids:
        stat(root, pid)
    return root


def test_tables_one_after_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = with_stat(made(tmp_path, [7, 8, 9, 10]), [7, 8, 9, 10])
    words = ["--root", root.base, "-d", "0", "-n", "3"]
    assert main(["smem", "-H", "-c", "pid pss", "-s", "pid", "--keep", "2", *words]) == 0
    said = capsys.readouterr()
    table = "    7        7 \n    8        7 \n    9        7 \n   10        7 \n"
    assert said.out == "\n".join([table] * 3)
    notes = said.err.splitlines()
    assert len(notes) == 2
    assert all(
        re.fullmatch(r"2 of 4 processes as in an earlier table, the oldest read \d\.\d s ago", n)
        for n in notes
    )


def test_each_table_is_a_line_of_json_and_each_row_has_its_age(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = with_stat(made(tmp_path, [7, 8]), [7, 8])
    assert main(["smem", "--json", "--root", root.base, "-d", "0.05", "-n", "2"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["kept"], second["kept"], second["processes"]) == (0, 1, 2)
    fresh, kept = sorted(row["age_s"] for row in second["rows"])
    assert kept - fresh >= 0.049
    assert kept == second["oldest_s"]
    assert first["totals"] == second["totals"]
    assert main(["smem", "-u", "--json", "--root", root.base, "-d", "0.05", "-n", "2"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert second["rows"][0]["age_s"] == second["oldest_s"] >= 0.049


def test_age_is_a_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_stat(made(tmp_path, [7, 8]), [7, 8])
    words = ["--root", root.base, "-c", "pid age", "-s", "age", "-t"]
    clock, later = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock() + sum(later))
    # A stall of a busy host is short beside an hour.
    monkeypatch.setattr(time, "sleep", later.append)
    assert main(["smem", *words, "-d", "3600", "-n", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  PID    Age "
    assert lines[3] == "-------------"
    first = [line.split() for line in (*lines[1:3], lines[4])]
    assert sorted(pid for pid, _ in first[:2]) == ["7", "8"]
    assert first[2][0] == "2"
    assert all(float(age) < 1800 for _, age in first)
    fresh, kept, _, total = (float(line.split()[-1].strip("-") or 0) for line in lines[7:])
    assert fresh < 1800 < 3600 <= kept == total
    assert main(["smem", *words]) == 0
    last = capsys.readouterr().out.splitlines()[-1].split()
    assert last[0] == "2"
    assert float(last[1]) < 1800


def test_mappings_are_read_anew_for_each_table(capsys: pytest.CaptureFixture[str]) -> None:
    with stopped():
        assert main(["smem", "-m", "-H", "-c", "map pids", "-P", MARK, "-d", "0", "-n", "2"]) == 0
    said = capsys.readouterr()
    first, second = said.out.split("\n\n")
    assert first + "\n" == second
    assert "earlier" not in said.err


def test_a_budget_that_is_used_up_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = made(tmp_path, [7, 8, 9], [7])
    (tmp_path / "proc/7/statm").write_text("10 9 1 1 0 1 0\n")
    assert main(["smem", "--root", root.base, "--budget", "0"]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert said.err == "budget used up: 3 processes not read\n"
    answer(root, 7)


def test_the_note() -> None:
    unread = [Unread(n, f"a\n{n}", Missed("timed out", "", "", "lock held")) for n in range(9)]
    unread += [
        Unread(10, "x", Missed("denied", "")),
        Unread(11, "x", Missed("timed out", "", "", "budget used up")),
    ]
    one = Process(1)
    one.at = 3
    names = ", ".join(f"a?{n} [{n}]" for n in range(8))
    assert note(Frame("process", [one], unread, 5.04, [one], 1)) == (
        f"10 processes not read: 9 lock held: {names}, …; 1 denied; budget used up: 1 process not read; "
        "1 of 1 process as in an earlier table, the oldest read 2.0 s ago"
    )
    assert note(Frame("process", [one], [], 5, [one])) == ""


def test_the_screen_is_never_larger_than_the_terminal() -> None:
    rows = [Process(pid) for pid in range(40)]
    frame = Frame("process", rows, [], 0, rows)
    for columns, height in ((80, 24), (20, 3), (200, 60)):
        lines = screen(frame, table(frame, ("pid", "command")), columns, height).split("\r\n")
        assert len(lines) == min(height, 44)
        assert all(len(line.removesuffix("\x1b[K")) <= columns for line in lines)


def test_a_live_screen(terminal: Terminal) -> None:
    command = f"{shlex.quote(sys.executable)} -m jinmaek smem -d 0.2 -c 'pid pss age'; echo status=$?"
    with stopped() as pids:
        terminal.type(command, "Enter")
        until(lambda: "PID      PSS    Age" in terminal.text and "earlier table" in terminal.text)
        assert terminal.second_screen

        def sizes() -> list[int]:
            """Nothing while the screen is being painted."""
            lines = [line.split() for line in terminal.text.split("\n")]
            head = next((i for i, words in enumerate(lines) if words == ["PID", "PSS", "Age"]), len(lines))
            rows = [words for words in lines[head + 1 :] if words]
            return [int(words[1]) for words in rows] if all(len(words) == 3 for words in rows) else []

        def sorted_so(*, reverse: bool) -> bool:
            found = sizes()
            return found == sorted(found, reverse=reverse) and len(set(found)) > 1

        until(lambda: sorted_so(reverse=True))
        terminal.type("r")
        until(lambda: sorted_so(reverse=False))
        terminal.type("q")
        until(lambda: "status=0" in terminal.text)
        assert not terminal.second_screen
        assert pids


@pytest.mark.parametrize(
    "words",
    [
        ["-c", "pid nonsense"],
        ["-s", "x"],
        ["-m", "-u"],
        ["-m", "-c", "age"],
        ["-P", "("],
        ["-n", "0"],
        ["--keep", "0"],
        ["-d", "-1"],
        ["-d", "nan"],
        ["--budget", "-1"],
    ],
)
def test_what_cannot_be_asked_is_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["smem", *words]) == 2
    assert capsys.readouterr().out == ""


def test_units() -> None:
    assert [units(n) for n in (0, 1023, 1536, 5 << 20, 3 << 30, 2 << 40)] == [
        "0",
        "1023.0",
        "1.5K",
        "5.0M",
        "3.0G",
        "2.0T",
    ]
