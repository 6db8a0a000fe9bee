"""``jinmaek vmstat`` prints what procps' vmstat prints over the same /proc/stat, vmstat and meminfo."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.views import frozen

from jinmaek.cli.main import main

FILES = ("proc/stat", "proc/vmstat", "proc/meminfo")
RUNS = (
    *("", "-a", "-w", "-s", "-f", "-n", "-a -w", "-w -n", "-t", "-a -w -t"),
    *(f"-S {letter}" for letter in "bBkKmM"),
    *("-s -S k", "-s -S m", "-s -S M", "-s -S b", "-w -S b", "-a -w -S m"),
)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", re.MULTILINE)


def host(
    *,
    cpu: str = "482206 1532 118734 9130442 20711 0 4410 1299 812 3",
    memory: Mapping[str, int],
    swapped: tuple[int, int] = (0, 0),
    paged: tuple[int, int] = (4_112_093, 8_099_311),
    running: int = 3,
    happened: tuple[int, int] = (48_120_933, 91_230_412),
) -> dict[str, str]:
    """A host of one CPU: KiB of memory and paging, pages of swapping, interrupts and switches."""
    return {
        "proc/stat": (
            f"cpu  {cpu}\ncpu0 {cpu}\nintr {happened[0]} 9 0\nctxt {happened[1]}\n"
            f"btime 1763900000\nprocesses 77120\nprocs_running {running}\nprocs_blocked 1\n"
        ),
        "proc/vmstat": (
            f"nr_free_pages 1\npgpgin {paged[0]}\npgpgout {paged[1]}\n"
            f"pswpin {swapped[0]}\npswpout {swapped[1]}\n"
        ),
        "proc/meminfo": "".join(f"{name}: {kib} kB\n" for name, kib in memory.items()),
    }


NAMES = (
    *("MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SReclaimable"),
    *("Active", "Inactive", "Shmem", "SwapTotal", "SwapFree"),
)


def memory(*kib: int) -> dict[str, int]:
    return dict(zip(NAMES, kib, strict=True))


NORMAL = memory(
    *(8_038_504, 511_220, 5_871_116, 212_004, 5_002_888, 402_980),
    *(3_100_400, 2_900_112, 3_012, 2_097_148, 900_031),
)
SYNTHETIC: Mapping[str, dict[str, str]] = {
    "swapping": host(memory=NORMAL, swapped=(70_331_204, 91_004_117)),
    "no-swap": host(memory={**NORMAL, "SwapTotal": 0, "SwapFree": 0}),
    "no-MemAvailable": host(memory={k: v for k, v in NORMAL.items() if k != "MemAvailable"}),
    "12TiB": host(
        memory=memory(
            *(12_884_901_884, 9_999_999_996, 10_000_000_004, 99_999_999, 1_048_051_713, 33_554_433),
            *(2_000_000_001, 900_000_003, 77, 1_073_741_823, 1_073_689_397),
        ),
        cpu="90000000001 55 80000000007 700000000003 123456 7 99 0 80000000000 2",
        paged=(90_000_000_000, 123_456_789_012),
    ),
    "32MiB": host(memory=memory(27_820, 1_016, 9_996, 988, 9_224, 12, 8_000, 9_000, 0, 0, 0)),
    "just-booted": host(memory=NORMAL, cpu="0 0 0 0 0 0 0 0 0 0", paged=(0, 0), running=1, happened=(7, 9)),
    "guests-above-user": host(memory=NORMAL, cpu="100 3 400 70000 12 0 1 0 150 4"),
}

# procps gives up on a cpu line without steal (2.6.10 and older).
HOSTS = {
    name: tree
    for name, tree in frozen.trees(FILES).items()
    if len((tree / "proc/stat").read_text().split("\n", 1)[0].split()) > 8
}


def test_at_least_six_different_hosts_are_compared() -> None:
    texts = {"".join(texts.values()) for texts in SYNTHETIC.values()}
    texts |= {"".join((tree / file).read_text() for file in FILES) for tree in HOSTS.values()}
    assert len(texts) >= len(SYNTHETIC) + 1


@pytest.mark.parametrize("name", [*HOSTS, *SYNTHETIC])
def test_prints_what_procps_prints(
    name: str,
    peer: frozen.Peer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    tree = HOSTS.get(name) or frozen.write(tmp_path, SYNTHETIC[name])
    for words, theirs in zip(RUNS, frozen.run(peer, "vmstat", RUNS, tree, FILES), strict=True):
        assert main(["vmstat", *words.split(), "--root", str(tree)]) == 0
        ours = capsys.readouterr().out
        assert len(TIME.findall(ours)) == ("-t" in words)
        assert TIME.sub("now", ours) == TIME.sub("now", theirs), words


# Over an interval procps 4.0.2 repeats the memory figures of its first reading, and counts guest time since
# boot: both stand still here, and have tests of their own below.
BEFORE = host(memory=NORMAL, cpu="482206 1532 118734 9130442 20711 0 4410 1299 0 0", swapped=(1000, 2000))
AFTER = host(
    memory=NORMAL,
    cpu="482299 1532 118777 9130500 20713 0 4411 1302 0 0",
    swapped=(1301, 9777),
    paged=(4_112_133, 8_100_000),
    running=5,
    happened=(48_127_000, 91_250_001),
)


def interval(
    words: str, tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Our output when the host goes from BEFORE to AFTER while we sleep."""
    frozen.write(tree, BEFORE)
    monkeypatch.setattr(time, "sleep", lambda _: frozen.write(tree, AFTER))
    assert main(["vmstat", *words.split(), "--root", str(tree)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("words", ["2 2", "-y 2 1", "-w -a -S m 2 2"])
def test_an_interval_is_what_procps_makes_of_it(
    words: str,
    peer: frozen.Peer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree, later = frozen.write(tmp_path / "tree", BEFORE), frozen.write(tmp_path / "later", AFTER)
    [theirs] = frozen.run(peer, "vmstat", [words], tree, FILES, later)
    assert interval(words, tree, capsys, monkeypatch) == theirs


def test_guest_time_and_memory_are_those_of_the_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = host(
        cpu="482299 1532 118777 9130500 20713 0 4411 1302 50 0",
        memory={**NORMAL, "MemFree": 400_000, "SwapFree": 800_000},
    )
    for file, text in later.items():
        monkeypatch.setitem(AFTER, file, text)
    *_, last = interval("-w -y 2 1", tmp_path, capsys, monkeypatch).splitlines()
    cells = last.split()
    assert cells[2:4] == ["1297148", "400000"]
    assert cells[-6:] == ["22", "22", "29", "1", "2", "25"]


def test_json_is_exact_where_the_page_is_rounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = frozen.write(tmp_path, SYNTHETIC["12TiB"])
    assert main(["vmstat", "--json", "--root", str(tree)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["since"] == "boot"
    assert data["memory_bytes"]["cache"] == (1_048_051_713 + 33_554_433) * 1024
    assert sum(data["cpu_ratio"].values()) == pytest.approx(1)
    assert main(["vmstat", "-s", "--json", "--root", str(tree)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["memory_bytes"]["total"] == 12_884_901_884 * 1024
    assert data["cpu_seconds"]["user"] == 900000000.01
    assert data["paged_bytes"]["out"] == 123_456_789_012 * 1024


def test_a_field_this_kernel_lacks_is_not_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = host(memory={"MemTotal": 64_000, "MemFree": 1_000}, cpu="5 0 5 90")
    bare["proc/vmstat"] = "nr_free_pages 250\n"
    tree = frozen.write(tmp_path, bare)
    assert main(["vmstat", "-w", "--root", str(tree)]) == 0
    cells = capsys.readouterr().out.splitlines()[-1].split()
    assert cells[2:10] == ["-", "1000", "-", "-", "-", "-", "-", "-"]
    assert cells[12:] == ["5", "5", "90", "-", "-", "-"]
    assert main(["vmstat", "--json", "--root", str(tree)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["cpu_ratio"]["guest"] is None
    assert data["io_bytes_per_s"] == {"in": None, "out": None}


@pytest.mark.parametrize("words", ["0", "1 0", "x", "-S q", "1 2 3"])
def test_wrong_use_is_one_line_and_status_2(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vmstat", *words.split()]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("jinmaek: vmstat: ")
    assert said.err.count("\n") == 1
