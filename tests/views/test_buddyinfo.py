"""``jinmaek buddyinfo`` prints /proc/buddyinfo, and the kernel's own two indices of fragmentation."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.views import frozen

from jinmaek.cli.main import main
from jinmaek.kernel.buddyinfo import parse
from jinmaek.views.buddyinfo import fragmentation, index_lines, lines, unusable, zones

HOSTS = frozen.trees(("proc/buddyinfo",))


@pytest.mark.parametrize("name", [*HOSTS])
def test_prints_the_file_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["buddyinfo", "--root", str(HOSTS[name])]) == 0
    ours = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in ours] == [
        line.rstrip() for line in (HOSTS[name] / "proc/buddyinfo").read_text().splitlines()
    ]


def test_indices_by_hand() -> None:
    # 3 + 4 * 2 + 1 * 8 = 19 pages in 8 blocks
    blocks = [3, 4, 0, 1, 0]
    assert unusable(blocks) == [0.0, 0.157, 0.578, 0.578, 1.0]
    # 1 - (1 + 19 / 16) / 8 = 0.727
    assert fragmentation(blocks) == [-1.0, -1.0, -1.0, -1.0, 0.727]


def test_no_free_memory() -> None:
    assert unusable([0, 0, 0]) == [1.0, 1.0, 1.0]
    assert fragmentation([0, 0, 0]) == [0.0, 0.0, 0.0]


def test_index_shows_every_zone_three_times(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = "Node 0, zone      DMA      3      4      0      1      0 \n"
    tree = frozen.write(tmp_path, {"proc/buddyinfo": text})
    assert main(["buddyinfo", "--index", "--root", str(tree)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line for line in shown if line.startswith("Node")] == [
        "Node 0, zone      DMA      3      4      0      1      0 ",
        "Node 0, zone      DMA 0.000 0.157 0.578 0.578 1.000 ",
        "Node 0, zone      DMA -1.000 -1.000 -1.000 -1.000 0.727 ",
    ]
    assert len(shown) == 5


def test_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = "Node 1, zone   Normal      3      4      0      1      0 \n"
    tree = frozen.write(tmp_path, {"proc/buddyinfo": text})
    assert main(["buddyinfo", "--json", "--root", str(tree)]) == 0
    data = json.loads(capsys.readouterr().out)
    page = os.sysconf("SC_PAGESIZE")
    [zone] = data["zones"]
    assert (zone["node"], zone["zone"], zone["free_blocks"]) == (1, "Normal", [3, 4, 0, 1, 0])
    assert zone["free_bytes"] == 19 * page
    assert zone["fragmentation_index"][-1] == 0.727


@pytest.mark.kernel
def test_indices_are_the_kernels_own(peer: frozen.Peer) -> None:
    """debugfs prints both; compared when free memory stood still around the three reads."""
    script = """
    mount -t debugfs none /sys/kernel/debug 2>/dev/null || true
    cd /sys/kernel/debug/extfrag || exit 77
    for try in $(seq 100); do
        cat /proc/buddyinfo; echo; cat unusable_index; echo; cat extfrag_index; echo
        cat /proc/buddyinfo; echo =
    done
    """
    command = [peer("unshare"), "-m", "--propagation", "private", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("debugfs is not to be had here")
    still = []
    for take in done.stdout.split("=\n")[:-1]:
        before, useless, scattered, after = take.split("\n\n")
        if before.strip() == after.strip():
            still.append((before, useless, scattered))
    if not still:
        pytest.skip("free memory never stood still")
    for blocks, useless, scattered in still:
        ours = [line.split() for line in index_lines(zones(parse(blocks))) if line.startswith("Node")]
        assert ours == [line.split() for line in (useless + "\n" + scattered).splitlines()]


def test_zone_names_print_harmlessly() -> None:
    hostile = "Node 0, zone \x1b[31mDMA      1      2 \n"
    assert all(line.isprintable() for line in lines(zones(parse(hostile))))


def test_absent_file_is_one_line_and_status_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["buddyinfo", "--root", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith(f"jinmaek: {tmp_path}/proc/buddyinfo: there is no such file; ")
    assert said.err.count("\n") == 1
