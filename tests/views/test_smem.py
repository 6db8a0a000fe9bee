"""``jinmaek smem`` beside smem over the same stopped processes, and what only ours says."""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.tasks import children
from tests.tasks.test_guarded import made

from jinmaek.cli.main import main
from jinmaek.views.smem import units

Peer = Callable[[str], str]
MARK = "smem-is-looking-for-this"
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


@pytest.mark.parametrize("words", [["-c", "pid nonsense"], ["-s", "x"], ["-m", "-u"], ["-P", "("]])
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
