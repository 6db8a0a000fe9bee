"""``jinmaek swap`` over captured hosts, and its screen from an account made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.accounts.made_memory import AGES, MIB, text
from tests.conftest import CAPTURES
from tests.views.frozen import trees, write

from jinmaek.accounts.memory_owners import Owner
from jinmaek.accounts.memory_processes import Processes
from jinmaek.accounts.swap import Part, SwapAccount
from jinmaek.accounts.swap_reading import SwapLook
from jinmaek.cli.main import main
from jinmaek.diagnosis.sentence import Sentence
from jinmaek.diagnosis.swap_verdict import SENTENCES, SwapVerdict
from jinmaek.kernel.swaps import Swap
from jinmaek.model import Culprit
from jinmaek.views.swap import lines
from jinmaek.views.swap_json import data as as_json

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/swap.schema.json").read_text())
HOSTS = trees(("proc/meminfo", "proc/swaps"))
KINDS = {"anon", "shmem", "cgroup", "swapcached", "zram", "zswap"}


def data(capsys: pytest.CaptureFixture[str], tree: Path, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["swap", "--json", "--lang", "en", "--root", str(tree), *words]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, SCHEMA)
    return found


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_the_contract_on_every_captured_host(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, host)
    assert found["schema"] == 1
    assert {part["kind"] for part in found["parts"]} <= KINDS
    assert found["active"] is None  # one reading
    assert set(found["rates"].values()) == {None}
    assert found["used_bytes"] == sum(one["used_bytes"] for one in found["devices"])
    added = [part["bytes"] for part in found["parts"] if part["adds"]]
    if found["unexplained_bytes"] is None:
        assert None in added
    else:
        assert sum(added) + found["unexplained_bytes"] == found["used_bytes"]


def test_zram_of_a_captured_host(capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, CAPTURES / "6.12")
    parts = {part["kind"]: part for part in found["parts"]}
    assert parts["zram"]["bytes"] == 23834624
    assert parts["zram"]["who"][0]["orig_bytes"] == 23527424
    assert parts["anon"]["who"][0]["name"] == "tail"
    assert (parts["anon"]["bound"], parts["shmem"]["bytes"]) == ("upper", None)
    assert found["state"] == "unknown"
    assert "one reading cannot tell" in found["sentence"]


def test_a_host_without_swap(capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, CAPTURES / "6.1")
    assert (found["state"], found["used_bytes"], found["total_bytes"]) == ("none", 0, 0)
    assert main(["swap", "--lang", "ko", "--root", str(CAPTURES / "6.1")]) == 0
    assert "스왑이 없습니다" in capsys.readouterr().out


def test_without_meminfo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", "--root", str(tmp_path)]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_too_short_a_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", "--for", "100ms"]) == 2
    assert "too short" in capsys.readouterr().err


def test_swaps_that_cannot_be_read_leave_what_meminfo_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = {**AGES["6.1"], "SwapFree": 3_000_000}
    found = data(capsys, write(tmp_path, {"proc/meminfo": text(fields)}))
    assert found["used_bytes"] == 1_000_000 * 1024
    assert "proc/swaps" in {gap["source"] for gap in found["gaps"]}


ACCOUNT = SwapAccount(
    devices=(
        Swap(filename="/swap\x1bfile", type="file", size=512 * MIB, used=300 * MIB, priority=-2),
        Swap(filename="/dev/zram0", type="partition", size=64 * MIB, used=0, priority=100),
    ),
    total=576 * MIB,
    used=300 * MIB,
    cached=10 * MIB,
    parts=(
        Part(
            "anon",
            200 * MIB,
            adds=True,
            bound="upper",
            who=tuple(
                Owner("process", str(pid), f"app{pid}", (30 - pid) * MIB, {"pid": pid}) for pid in range(8)
            ),
        ),
        Part(
            "shmem",
            90 * MIB,
            adds=True,
            bound="lower",
            who=(
                Owner("sysv", "4", "0x0000002a", 50 * MIB, {"holder": "db", "pid": 9, "holders": 3}),
                Owner("tmpfs", "0:27", "/mnt/a", None, {"held_bytes": 100 * MIB}),
            ),
        ),
        Part("swapcached", 4 * MIB, adds=True, bound="exact", who=()),
        Part("zswap", 0, adds=False, bound="exact", who=()),
    ),
)
LOOK = SwapLook(ACCOUNT, 5 * MIB, Processes((), 0, (), (), ()), (), 0.1, 0.1)
VERDICT = SwapVerdict(
    state="active",
    active=True,
    severity="warning",
    sentences=(
        Sentence(SENTENCES["active-who"], {"in_rate": 1234.0, "out_rate": 0.0, "who": "db [9]"}),
        Sentence(SENTENCES["level-only"], {"left_bytes": 9 * MIB, "total_bytes": 576 * MIB}),
    ),
    rates={"pswpin": 1234.0, "pswpout": 0.0, "zswpin": None, "zswpout": 0.0, "pgmajfault": 600.0},
    readers=(Culprit("process", "db", "many faults", share=0.9, pid=9),),
    helps=("More memory, or zram for a short peak",),
    does_not_help=("More swap alone: room for more pages, not faster ones",),
)


def test_the_screen() -> None:
    screen = "\n".join(lines(LOOK, VERDICT, "en"))
    assert screen.startswith(
        "swap: 300.0 MiB of 576.0 MiB in use\n    /swap?file  file, priority -2, 300.0 MiB"
    )
    assert "at most 200.0 MiB   66.7%" in screen
    assert "app4 [4]" in screen
    assert "app5 [5]" not in screen
    assert "and 3 more (--all)" in screen
    assert "at least 90.0 MiB" in screen
    assert "50.0 MiB  System V segment 0x0000002a, shmid 4, db [9] and 2 more" in screen
    assert "tmpfs on /mnt/a, holding 100.0 MiB in RAM and swap" in screen
    assert "unexplained" in screen
    assert "the use of swap changed by 5.0 MiB while all this was read" in screen
    assert "10.0 MiB of it is in RAM as well (SwapCached), so 290.0 MiB is in swap alone" in screen
    assert "now: from swap 1,234 pages/s, to swap 0 pages/s, major faults 600/s" in screen
    assert "Programs work in swap: 1,234 pages/s come back, 0 pages/s leave. Most wait in db [9]." in screen
    assert " 90%  db [9]  many faults" in screen
    assert "helps     More memory" in screen
    assert "does not  More swap alone" in screen
    assert "zswap" not in screen
    assert "app7 [7]" in "\n".join(lines(LOOK, VERDICT, "en", whole=True))


def test_the_screen_in_korean() -> None:
    screen = " ".join(" ".join(lines(LOOK, VERDICT, "ko")).split())
    assert "최대 200.0 MiB" in screen
    assert "가장 많이 기다리는 프로세스: db [9]" in screen


def test_json_of_the_same() -> None:
    found: Any = as_json(LOOK, VERDICT, "en")
    jsonschema.validate(found, SCHEMA)
    assert json.loads(json.dumps(found)) == found
    assert found["unexplained_bytes"] == 6 * MIB
    assert (found["active"], found["state"], found["severity"]) == (True, "active", "warning")
    assert found["parts"][1]["who"][1]["bytes"] is None
    assert found["rates"]["zswpin"] is None
    assert found["readers"] == [{"pid": 9, "name": "db", "share": 0.9, "why": "many faults"}]
