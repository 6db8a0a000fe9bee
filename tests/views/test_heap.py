"""The account of a process as text and JSON, in both languages."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console
from tests.accounts.heap.made import vma

from jinmaek.accounts.heap.account import Account, Cost, totals
from jinmaek.accounts.heap.content import Content
from jinmaek.accounts.heap.malloc import Chunks
from jinmaek.accounts.heap.regions import group
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.strings import Repeated
from jinmaek.accounts.heap.tools import Subject, hand_over
from jinmaek.accounts.heap.verdict import Seen, judge
from jinmaek.kernel import pid_status
from jinmaek.model import Gap
from jinmaek.views.heap import show
from jinmaek.views.heap_json import document, render

MIB = 1 << 20
BASE = 0x7F00_0000_0000
STATUS = "Uid:\t0\t0\t0\t0\nRssAnon:\t 31748 kB\nRssShmem:\t0 kB\nVmSwap:\t4 kB\n"


def account(*, second: bool = True, text: str | None = None) -> Account:
    first = [vma(BASE, 64 * MIB, Rss=20 * MIB, Anonymous=20 * MIB, Swap=0)]
    last = [vma(BASE, 64 * MIB, Rss=31 * MIB, Anonymous=31 * MIB, Swap=0, Pss=31 * MIB)]
    others = [vma(0x1000 * n, 4096, "r-xp", f"/lib/\x1b]0;evil{n}.so", n) for n in range(1, 12)]
    regions = group([[*others, *first], [*others, *last]], "native")
    runtime = Runtime("cpython", "3.11", ("/usr/bin/py\x1bthon",), allocator="glibc")
    strings = (Repeated("sesxxxx=9999", text, "ascii", 12, 700, 8400),)
    content = Content(
        sampled=8 * MIB,
        start=BASE + 20 * MIB,
        end=BASE + 31 * MIB,
        new=True,
        of=11 * MIB,
        zero_share=0.25,
        entropy_bits=4.5,
        pointer_share=0.125,
        printable_share=0.5,
        kind="text",
        strings=strings,
    )
    seen = Seen(1, 10.0, regions if second else None, [(0.0, 20 * MIB), (10.0, 31 * MIB)], runtime)
    verdict = judge(seen)
    subject = Subject(pid=4711, runtime=runtime, uid=0, own_uid=0)
    return Account(
        pid=4711,
        start_time=12.5,
        name="py\x1b[31mthon",
        runtime=runtime,
        window=10.0,
        asked=10.0,
        regions=seen.regions,
        totals=totals(regions, pid_status.parse(STATUS), complete=second),
        subject=regions[0],
        content=content if second else None,
        chunks=Chunks(MIB, 2, 3, 4, 5) if second else None,
        verdict=verdict,
        next=hand_over(subject, "anonymous", growing=True, window=10.0),
        gaps=() if second else (Gap("timed out", "proc/4711/smaps", "mmap_lock held > 20 ms"),),
        cost=Cost(0.3, 10.4, (0.004, 0.005), 0.001, 8 * MIB),
    )


def shown(one: Account, lang: str = "en", width: int = 100) -> str:
    out = io.StringIO()
    show(one, lang, Console(file=out, width=width, highlight=False, markup=False, emoji=False))
    return out.getvalue()


def test_the_screen() -> None:
    lines = shown(account()).splitlines()
    assert lines[0] == "py?[31mthon [4711]  CPython 3.11, malloc: glibc  watched for 10.0 s"
    assert lines[2].startswith(" GROWING  anonymous 7f0000000000-7f0004000000 (1) grows by 66.0 MiB a minute")
    table = lines[lines.index(next(line for line in lines if line.startswith("region"))) :]
    title = "anonymous 7f0000000000-7f0004000000 (1)"
    assert " ".join(table[1].split()) == f"{title} 20.0 MiB 31.0 MiB 0 B +11.0 MiB"
    assert table[2].split()[:2] == ["11", "others"]
    assert ["700", "8.2", "KiB", "12", "sesxxxx=9999"] in [line.split() for line in lines]
    assert any("memray attach" in line for line in lines)
    assert any(line.startswith("this look cost 0.30 s of CPU in 10.4 s") for line in lines)
    assert all(len(line) <= 100 for line in lines)


def test_korean() -> None:
    text = shown(account(), "ko")
    for word in ("증가", "영역", "처음 RSS", "새로 생긴 페이지", "다음에 실행할 것", "주의:", "그 밖의 11개"):
        assert word in text
    for word in ("GROWING", "region ", "caution", "others", "what to run"):
        assert word not in text


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_nothing_steers_the_terminal(lang: str) -> None:
    hostile = account(text="sess\x1b]0;x\x07=12")
    assert not [c for c in shown(hostile, lang) if c != "\n" and not c.isprintable()]


def test_what_is_not_asked_for_is_not_shown() -> None:
    hidden, told = account(), account(text="session=0042")
    assert "session=0042" not in shown(hidden) + render(hidden, "en")
    assert "--content shows it" in shown(hidden)
    assert "session=0042" in shown(told)
    assert document(told, "en")["content"]["strings"] == [
        {"text": "session=0042", "encoding": "ascii", "length": 12, "count": 700, "bytes": 8400}
    ]
    assert document(hidden, "en")["content"]["strings"][0]["shape"] == "sesxxxx=9999"
    assert "text" not in document(hidden, "en")["content"]["strings"][0]


def test_json_closes() -> None:
    said = json.loads(render(account(), "en"))
    assert said["schema"] == 1
    assert said["state"] == "growing"
    assert sum(one["growth_bytes"] for one in said["regions"]) == said["totals"]["growth_bytes"] == 11 * MIB
    assert said["totals"]["anonymous_bytes"] == sum(one["anonymous_bytes"] for one in said["regions"])
    assert said["unexplained_bytes"] == (31748 + 4) * 1024 - said["totals"]["anonymous_bytes"]
    assert said["regions"][0]["bytes_per_s"] == 1.1 * MIB
    assert said["content"]["range"] == [BASE + 20 * MIB, BASE + 31 * MIB]
    assert said["malloc"]["walked_bytes"] == MIB
    assert said["runtime"]["evidence"] == ["/usr/bin/py\x1bthon"]
    assert said["next"][0]["caution"]


def test_an_unread_second_look_is_null_not_zero() -> None:
    half = account(second=False)
    said = document(half, "en")
    assert said["regions"] is said["content"] is said["malloc"] is said["unexplained_bytes"] is None
    assert said["totals"]["own_bytes"] is said["totals"]["growth_bytes"] is None
    assert "which mapping does is not known" in said["sentence"]
    assert said["gaps"] == [
        {"kind": "timed out", "source": "proc/4711/smaps", "detail": "mmap_lock held > 20 ms"}
    ]
    text = shown(half)
    assert "lock held" in text
    assert "RSS first" not in text


def test_a_stretched_window_is_said() -> None:
    assert "longer than asked for" in shown(replace(account(), asked=1.0))
    assert "longer than asked for" not in shown(account())


def test_commands_can_be_copied_from_a_narrow_screen() -> None:
    lines = shown(account(), width=60).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("  memray"))
    last = next(n for n in range(first, len(lines)) if not lines[n].endswith("\\"))
    joined = " ".join(" ".join(line.rstrip("\\").split()) for line in lines[first : last + 1])
    assert joined == account().next[0].command
    assert last > first
