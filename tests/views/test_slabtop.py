"""``jinmaek slabtop`` prints what procps' slabtop prints over the same /proc/slabinfo."""

from __future__ import annotations

import errno
import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.views import frozen

from jinmaek import procfile
from jinmaek.cli.main import main
from jinmaek.views.slabtop import KEYS

FILES = ("proc/slabinfo",)
RUNS = ("-o", *(f"-o -s {letter}" for letter in KEYS))

HEAD = """slabinfo - version: 2.1
# name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables : slabdata
"""


def slabinfo(caches: Sequence[tuple[str, int, int, int, int, int, int, int]]) -> str:
    """Caches by name and the kernel's numbers: active, all, size, per slab, pages, active slabs, slabs."""
    return HEAD + "".join(
        f"{name:<17} {active:>6} {objs:>6} {size:>6} {per:>4} {pages:>4} : tunables    0    0    0 "
        f": slabdata {active_slabs:>6} {slabs:>6}      0\n"
        for name, active, objs, size, per, pages, active_slabs, slabs in caches
    )


SYNTHETIC = {
    "ties": slabinfo(
        [
            ("b", 10, 20, 64, 64, 1, 1, 1),
            ("a", 10, 20, 64, 64, 1, 1, 1),
            ("Z_empty", 0, 0, 512, 8, 1, 0, 0),
            ("c", 19, 20, 64, 64, 2, 1, 3),
        ]
    ),
    # Shares whose hundredfold is a whole number only after rounding to single precision.
    "shares": slabinfo([(f"of-100-{n}", n, 100, 8, 512, 1, 1, 1) for n in range(101)]),
    "huge": slabinfo(
        [
            ("dentry", 987_654_321, 1_234_567_890, 192, 21, 1, 58_788_947, 58_788_947),
            ("a_cache_with_a_name_longer_than_the_column", 1, 3, 50_280, 1, 16, 3, 3),
        ]
    ),
}

HOSTS = frozen.trees(FILES)


@pytest.mark.parametrize("name", [*HOSTS, *SYNTHETIC])
def test_prints_what_procps_prints(
    name: str, peer: frozen.Peer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = HOSTS.get(name) or frozen.write(tmp_path, {"proc/slabinfo": SYNTHETIC[name]})
    for words, theirs in zip(RUNS, frozen.run(peer, "slabtop", RUNS, tree, FILES), strict=True):
        assert main(["slabtop", *words.split(), "--root", str(tree)]) == 0
        assert capsys.readouterr().out == theirs, words


def test_json_adds_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = frozen.write(tmp_path, {"proc/slabinfo": SYNTHETIC["ties"]})
    assert main(["slabtop", "-s", "c", "--json", "--root", str(tree)]) == 0
    data = json.loads(capsys.readouterr().out)
    page = os.sysconf("SC_PAGESIZE")
    assert [cache["name"] for cache in data["caches"]] == ["c", "b", "a", "Z_empty"]
    assert data["caches"][0]["memory_bytes"] == 6 * page
    assert data["totals"]["memory_bytes"] == 8 * page
    assert data["totals"]["object_bytes"] == 60 * 64
    assert data["totals"]["active_caches"] == 3


def test_no_caches_is_not_a_division_by_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = frozen.write(tmp_path, {"proc/slabinfo": HEAD})
    assert main(["slabtop", "-o", "--root", str(tree)]) == 0
    assert " Active / Total Objects (% used)    : 0 / 0 (-)\n" in capsys.readouterr().out


def test_follows_on_a_terminal_until_q(tmp_path: Path) -> None:
    tree = frozen.write(tmp_path, {"proc/slabinfo": SYNTHETIC["ties"]})
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jinmaek", "slabtop", "-d", "60", "--root", str(tree)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        try:
            first = shown_until(ours, b"\x1b[J")
            os.write(ours, b"n")  # sort by name
            second = shown_until(ours, b"\x1b[J")
            os.write(ours, b"q")
            last = shown_until(ours, b"\x1b[?1049l")
            assert running.wait(60) == 0
        finally:
            running.kill()
            os.close(ours)
    assert names(first) == ["b", "a", "c", "Z_empty"]
    assert names(second) == ["Z_empty", "a", "b", "c"]
    assert last.endswith("\x1b[?25h\x1b[?1049l")


def shown_until(terminal: int, mark: bytes) -> str:
    """What appears on the terminal up to ``mark``, within two minutes."""
    shown = b""
    while mark not in shown:
        assert select.select([terminal], [], [], 120)[0], shown
        shown += os.read(terminal, 4096)
    return shown.decode()


def names(screen: str) -> list[str]:
    """The last word of every line below the heading."""
    lines = [line.removesuffix("\x1b[K") for line in screen.split("\r\n")]
    heading = next(number for number, line in enumerate(lines) if "CACHE SIZE NAME" in line)
    return [line.split()[-1] for line in lines[heading + 1 :] if "%" in line]


def test_without_permission_says_who_may(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(path: str, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(procfile, "open", denied, raising=False)
    assert main(["slabtop"]) == 3
    assert capsys.readouterr() == ("", "jinmaek: /proc/slabinfo: permission denied; run it as root\n")


@pytest.mark.parametrize("words", ["-o -d 3", "-d 0", "-s x", "-d x"])
def test_wrong_use_is_one_line_and_status_2(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slabtop", *words.split()]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
