"""``jinmaek free`` prints what procps' free prints over the same /proc/meminfo."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.views import frozen

from jinmaek.cli.main import main

FILES = ("proc/meminfo",)

UNITS = ("", "-b", "-k", "-m", "-g", "--tebi", "--pebi", "--kilo", "--mega", "--giga", "--tera", "--peta")
SCALES = (*UNITS, *(f"{unit} --si" for unit in UNITS[:6]), "-h", "-h --si", "-h -k", "-h -m --si")
PARTS = ("", "-w", "-t", "-l", "-v", "-w -t", "-w -l", "-t -l", "-w -t -l", "-w -t -l -v")
PAIRS = (*itertools.product(SCALES, (PARTS[0], PARTS[-1])), *itertools.product(("", "-m", "-h"), PARTS))
RUNS = [f"{scale} {part}".strip() for scale, part in dict.fromkeys(PAIRS)]

MODERN = {
    "MemTotal": 8_038_504,
    "MemFree": 511_220,
    "MemAvailable": 5_871_116,
    "Buffers": 212_004,
    "Cached": 5_002_888,
    "SwapCached": 1_204,
    "Shmem": 301_112,
    "SReclaimable": 402_980,
    "SwapTotal": 2_097_148,
    "SwapFree": 1_900_031,
    "CommitLimit": 6_116_400,
    "Committed_AS": 7_804_332,
}


def changed(**fields: int | None) -> dict[str, int]:
    """The modern host with some fields another value, or gone."""
    return {name: value for name, value in {**MODERN, **fields}.items() if value is not None}


SYNTHETIC: Mapping[str, Mapping[str, int]] = {
    "modern": MODERN,
    "no-swap": changed(SwapTotal=0, SwapFree=0),
    "no-MemAvailable": changed(MemAvailable=None),
    "available-above-total": changed(MemAvailable=260_000_000),
    "free-above-total": changed(MemAvailable=260_000_000, MemFree=250_000_000),
    "swap-free-above-total": changed(SwapFree=2_097_152),
    "12TiB": changed(
        MemTotal=12_884_901_888,
        MemFree=9_999_999_996,
        MemAvailable=10_000_000_004,
        Cached=1_048_051_712,
        SwapTotal=1_073_741_820,
        SwapFree=1_073_689_396,
    ),
    "7PiB": changed(MemTotal=7 * 2**40, MemFree=2**40 + 4, MemAvailable=2**42 + 12),
    "32MiB": changed(
        MemTotal=27_820,
        MemFree=1_016,
        MemAvailable=9_996,
        Buffers=988,
        Cached=9_224,
        Shmem=0,
        SReclaimable=12,
        SwapTotal=0,
        SwapFree=0,
    ),
    "highmem": changed(HighTotal=3_276_800, HighFree=120_004, LowTotal=890_112, LowFree=391_216),
    "edges-of-rounding": changed(
        MemTotal=10_238_976,  # 9.765 GiB
        MemAvailable=10_228_348,
        MemFree=1023,
        Shmem=1024,
        Buffers=9,
        Cached=10_188,  # 9.949 MiB
        SReclaimable=0,
        SwapTotal=976_562,  # 999.999 MB
        SwapFree=10,
    ),
}


def meminfo(fields: Mapping[str, int]) -> str:
    return "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in fields.items())


HOSTS = frozen.trees(FILES)


def test_at_least_six_different_hosts_are_compared() -> None:
    texts = {meminfo(fields) for fields in SYNTHETIC.values()}
    texts |= {(tree / "proc/meminfo").read_text() for tree in HOSTS.values()}
    assert len(texts) >= len(SYNTHETIC) + 1


@pytest.mark.parametrize("host", [*HOSTS, *SYNTHETIC])
def test_prints_what_procps_prints(
    host: str, peer: frozen.Peer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = HOSTS.get(host) or frozen.write(tmp_path, {"proc/meminfo": meminfo(SYNTHETIC[host])})
    for words, theirs in zip(RUNS, frozen.run(peer, "free", RUNS, tree, FILES), strict=True):
        assert main(["free", *words.split(), "--root", str(tree)]) == 0
        assert capsys.readouterr().out == theirs, words


def test_a_field_this_kernel_lacks_is_not_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = frozen.write(tmp_path, {"proc/meminfo": meminfo(changed(Shmem=None, SwapFree=None))})
    assert main(["free", "-t", "--root", str(tree)]) == 0
    _, mem, swap, total = capsys.readouterr().out.splitlines()
    assert mem.split() == ["Mem:", "8038504", "2167388", "511220", "-", "5617872", "5871116"]
    assert swap.split() == ["Swap:", "2097148", "-", "-"]
    assert total.split() == ["Total:", "10135652", "-", "-"]
    assert main(["free", "--json", "--root", str(tree)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["mem"]["shared"] is None
    assert data["swap"] == {"total": 2097148 * 1024, "used": None, "free": None}
    assert data["mem"]["used"] == 2167388 * 1024


def test_json_names_what_stands_for_available(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = frozen.write(tmp_path, {"proc/meminfo": meminfo(changed(MemAvailable=None))})
    main(["free", "--json", "--root", str(tree)])
    mem = json.loads(capsys.readouterr().out)["mem"]
    assert (mem["available"], mem["available_source"]) == (511_220 * 1024, "MemFree")


def test_repeats_count_times_with_an_empty_line_between(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = frozen.write(tmp_path, {"proc/meminfo": meminfo(MODERN)})
    main(["free", "--root", str(tree)])
    once = capsys.readouterr().out
    assert main(["free", "-c", "3", "-s", "0.01", "--root", str(tree)]) == 0
    assert capsys.readouterr().out == "\n".join([once] * 3)


def test_line_mode_keeps_one_line_per_reading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = frozen.write(tmp_path, {"proc/meminfo": meminfo(MODERN)})
    assert main(["free", "-L", "-c", "2", "-s", "0.01", "--root", str(tree)]) == 0
    line = "SwapUse      197117 CachUse     5617872  MemUse     2167388 MemFree      511220 \n"
    assert capsys.readouterr().out == line * 2


@pytest.mark.parametrize("words", ["-c 0", "-s 0", "-s nan", "-c x", "-b -m", "--nothing", "left-over"])
def test_wrong_use_is_one_line_and_status_2(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["free", *words.split()]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("jinmaek: free: ")
    assert said.err.count("\n") == 1
