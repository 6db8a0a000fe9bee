"""``jinmaek cache`` as text and JSON: the figures, the words, and names that mean harm."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.accounts.caches import DISK, GIB, SHM, cache, file, limited

from jinmaek.accounts.page_cache.account import BlockDevice, PageCache, Skipped, Totals
from jinmaek.accounts.page_cache.verdict import judge
from jinmaek.cli.main import main
from jinmaek.kernel.cachestat import PAGE, Cachestat
from jinmaek.model import Gap
from jinmaek.views.cache import BY, By, account, lines, table
from jinmaek.views.cache_json import data
from jinmaek.views.cache_words import WIDTH, explain, sentence
from jinmaek.views.fit import cells

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/cache.schema.json").read_text())

FILES = [
    file("/db/data", 262144, 7, dirty=256, evicted=512, recently=128, size=524288),
    file("/libc.so.6", 512, 7, 8, 9),
    file("/old", 300),
    file("/shm/ring", 1024, 8, system=SHM, dirty=1024, evicted=16),
    file("/image", 256, "loop0"),
]
WHOLE = cache(
    FILES,
    cgroups={7: "/system.slice/db.service", 8: "/user.slice", 9: "/user.slice"},
    rows=[
        limited("/system.slice/db.service", current=GIB, limit=None, hits=0, cache=GIB),
        limited("/backup", current=GIB, limit=None, hits=0, cache=2 * GIB),
    ],
    devices=(BlockDevice("/dev/sda1", Cachestat(GIB // 2, 0, 0, 0, 0)),),
)
EVERYTHING = replace(
    WHOLE,
    looked=replace(
        WHOLE.looked,
        skipped=(
            Skipped("processes", "denied", "", 3, "1"),
            Skipped("files", "remote", "nfs4", 1, "/net/x"),
            Skipped("folders", "other mount", "", 1, "/net"),
            Skipped("files", "unknown file system", "", 1, "/odd"),
            Skipped("processes", "locked", "", 1, "java [9]"),
            Skipped("files", "no file", "", 1, "/tmp/fifo"),
            Skipped("folders", "out of time", "", 1234, "/home"),
            Skipped("folders", "limit", "", 2, "/home"),
            Skipped("devices", "error", "Input/output error", 1, "/dev/sdz"),
        ),
    ),
    gaps=(Gap("absent", "cachestat(2)", "Function not implemented"),),
    mounted={"/dev/shm": 8 * PAGE},
)


def text(one: PageCache, by: By = "file", top: int = 20, lang: str = "en") -> str:
    return "\n".join(lines(one, judge(one), by, top, lang))


ACCOUNT = """
page cache 5.0 GiB of 16.0 GiB RAM
Cached     4.0 GiB  page cache of files
           1.0 GiB  in 4 files found here
           1.0 GiB  Shmem: tmpfs and shared memory, never dropped but swapped (4.0 MiB found here)
           2.0 GiB  in files nobody has open, or out of reach: --scan or a PATH finds them
Buffers    1.0 GiB  page cache of block devices: metadata of file systems (/dev/sda1 512.0 MiB)
"""
BY_FILE = """
    CACHED  %FILE %CACHE      DIRTY  WRITEBACK    EVICTED   RECENTLY WHO                            FILE
   1.0 GiB   50.0   25.0    1.0 MiB        0 B    2.0 MiB  512.0 KiB p7 [7]                         /db/data
   4.0 MiB  100.0    0.1          -        0 B   64.0 KiB        0 B p8 [8]                         /shm/ring
   2.0 MiB  100.0    0.0        0 B        0 B        0 B        0 B p7 [7] +2                      /libc.so.6
   1.2 MiB  100.0    0.0        0 B        0 B        0 B        0 B -                              /old
   1.0 MiB  100.0    0.0        0 B        0 B        0 B        0 B loop0                          /image
"""


def test_the_account_adds_up() -> None:
    assert list(account(WHOLE, "en")) == ACCOUNT.strip().split("\n")


def test_by_file() -> None:
    assert list(table(WHOLE, "file", 0, "en")) == BY_FILE.strip("\n").split("\n")


def test_a_deleted_file_is_marked() -> None:
    gone = cache([file("/gone", 1, 7, deleted=True)])
    assert list(table(gone, "file", 0, "en"))[1].endswith(" p7 [7]                         /gone (deleted)")


def test_what_is_left_out_is_summed() -> None:
    rows = list(table(WHOLE, "file", 2, "en"))
    assert len(rows) == 4
    assert rows[-1] == "   4.2 MiB in 3 more"


def test_by_process() -> None:
    heading, first, *_ = table(WHOLE, "process", 0, "en")
    assert heading == (
        "     SHARE        OWN       USES      DIRTY    EVICTED   RECENTLY  FILES     PID "
        "NAME             CGROUP"
    )
    assert first.split()[-4:] == ["2", "7", "p7", "/system.slice/db.service"]
    assert first.startswith("   1.0 GiB    1.0 GiB    1.0 GiB    1.0 MiB    2.0 MiB  512.0 KiB")


def test_by_cgroup_those_that_are_charged_and_have_nothing_open_come_too() -> None:
    rows = [line.split() for line in table(WHOLE, "cgroup", 0, "en")]
    assert rows[0][0] == "CHARGED"
    assert [(row[0], row[-1]) for row in rows[1:]] == [
        ("2.0", "/backup"),
        ("1.0", "/system.slice/db.service"),
        ("-", "/user.slice"),
        ("-", "-"),
    ]
    some = replace(WHOLE, files=tuple(replace(one, given=True) for one in FILES[:2]), paths=("/db",))
    assert [line.split()[-1] for line in table(some, "cgroup", 0, "en")][1:] == [
        "/system.slice/db.service",
        "/user.slice",
    ]


def test_by_file_system() -> None:
    rows = list(table(replace(WHOLE, mounted={"/dev/shm": 8 * PAGE}), "filesystem", 0, "en"))
    assert [row.split()[-1] for row in rows[1:]] == ["/", "/dev/shm"]
    assert rows[2].split() == [
        *("4.0", "MiB", "-", "64.0", "KiB", "0", "B", "1", "32.0", "KiB", "tmpfs", "tmpfs", "/dev/shm")
    ]


def test_only_the_files_asked_for() -> None:
    some = replace(WHOLE, files=(replace(FILES[0], given=True), *FILES[1:]), paths=("/db",))
    assert "1.0 GiB  under /db" in text(some)
    assert "libc" not in text(some)
    assert data(some, judge(some), 0, "en")["shown_bytes"] == GIB


def test_unknown_is_a_dash_and_null() -> None:
    old = cache(
        [file("/f", 1, 1, dirty=None, evicted=None, recently=None)],
        totals=Totals(None, None, None, None, None),
        mincore=True,
    )
    row = next(line for line in table(old, "file", 0, "en") if "/f" in line)
    assert row.split()[:7] == ["4.0", "KiB", "100.0", "-", "-", "-", "-"]
    told = data(old, judge(old), 0, "en")
    for name in ("memory_bytes", "cached_bytes", "unattributed_bytes", "shmem_bytes", "buffers_bytes"):
        assert told[name] is None
    assert "page cache - of - RAM" in text(old)
    assert "cannot be told" in text(old)


def test_a_rest_below_zero_is_told_as_it_is() -> None:
    less = replace(WHOLE, totals=replace(WHOLE.totals, cached=2 * GIB))
    assert "-4.2 MiB  moved while it was looked at" in text(replace(less, everywhere=True))
    assert "out of reach, or metadata kept" in text(replace(WHOLE, everywhere=True))


def test_every_reason_is_said_in_both_languages() -> None:
    english, korean = text(EVERYTHING), text(EVERYTHING, lang="ko")
    assert "The figures are lower bounds: not everything could be looked at." in english
    assert "Root sees more" not in english
    assert "Root sees more." in text(replace(EVERYTHING, privileged=False))
    for one in EVERYTHING.looked.skipped:
        assert f"({one.example})" in english
        assert f"({one.example})" in korean
    assert "folders: 1,234, the time was up" in english
    assert "cachestat(2) absent (Function not implemented)" in english
    for word in ("files:", "folders:", "devices:", "processes:", "lower bound", "absent"):
        assert word not in korean


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_explain_fits_and_has_the_figures(lang: str) -> None:
    told = list(explain(WHOLE, lang))
    assert max(cells(line) for line in told) <= WIDTH
    assert "4.0 GiB" in " ".join(told)
    assert "2.0 GiB" in " ".join(told)


def test_the_sentence_names_the_cgroup_safely() -> None:
    name = "/evil\x1b[2J\u202e"
    lost = cache(
        [file("/data", 1000, 1, evicted=512, recently=512)],
        cgroups={1: name},
        rows=[limited(name, current=GIB, limit=GIB, hits=1, cache=0)],
    )
    said = sentence(judge(lost), "en")
    assert "The limit is that of /evil?[2J?." in said
    assert "12.0 GiB of 16.0 GiB" in said
    assert "2.0 MiB of these files" in said


@pytest.mark.parametrize("by", BY)
def test_hostile_names_steer_no_terminal(by: By) -> None:
    bad = "\x1b]0;x\x07\n\u202e\udcff"
    hostile = cache(
        [file(f"/{bad}", 10, 1), file("/ok", 5, 1, system=replace(DISK, path=f"/{bad}", source=bad))],
        cgroups={1: f"/{bad}"},
        rows=[limited(f"/{bad}", current=0, limit=None, hits=0, cache=9)],
        devices=(BlockDevice(f"/dev/{bad}", Cachestat(PAGE)),),
        skipped=(Skipped("files", "error", bad, 1, bad),),
        gaps=(Gap("denied", "proc", bad),),
    )
    named = replace(hostile, holders={1: replace(hostile.holders[1], name=bad)})
    for line in text(named, by).split("\n"):
        assert line.isprintable(), line


@pytest.mark.parametrize("one", [WHOLE, EVERYTHING, cache()], ids=["whole", "everything", "nothing"])
def test_json_is_what_the_schema_says(one: PageCache) -> None:
    told = json.loads(json.dumps(data(one, judge(one), 2, "ko")))
    Draft202012Validator(SCHEMA).validate(told)
    assert len(told["files"]) == min(2, len(one.files))
    assert len(told["files"]) + told["files_left_out"] == len(one.files)
    for part in ("processes", "cgroups", "filesystems"):
        assert (
            sum(row["share_bytes"] for row in told[part]) == told["found_bytes"] + told["found_shmem_bytes"]
        )


def test_the_live_json_is_what_the_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "--json", "--top", "3", "--lang", "en"]) == 0
    told = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(told)
    assert told["cached_bytes"] == told["found_bytes"] + told["shmem_bytes"] + told["unattributed_bytes"]
    assert told["sentence"]


@pytest.mark.parametrize("by", BY)
def test_the_live_text(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "--by", by, "--top", "3", "--lang", "en", "--explain"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("page cache ")
    assert "it cost" in out
    assert "\nBuffers" in out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--root", "/x"], 2, "which no captured tree can answer"),
        (["--top", "-1"], 2, "--top"),
        (["--limit", "0"], 2, "--limit"),
        (["--by", "user"], 2, "--by"),
        (["--budget", "soon"], 2, "not a length of time"),
        (["/nowhere/at/all"], 3, "/nowhere/at/all: No such file or directory"),
    ],
)
def test_what_cannot_be_asked(
    words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", *words]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1
