"""``jinmaek tune``: what is printed, in two languages and as JSON, what is refused, and how it is undone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.advice.kernel_settings import restored, settings
from tests.conftest import CAPTURES
from tests.tasks.children import until

from jinmaek.advice import setting
from jinmaek.advice.knobs import knobs
from jinmaek.cli.main import main

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "tune.schema.json").read_text())
TREE = str(CAPTURES / "6.12")
NAMES = [knob.name for knob in knobs()]


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["tune", "--lang", "en", *words]) == status
    out = capsys.readouterr().out
    if "--json" in words:
        jsonschema.validate(json.loads(out), SCHEMA)
    return out


def refusal(capsys: pytest.CaptureFixture[str], *words: str, status: int = 2) -> str:
    assert main(["tune", "--lang", "en", *words]) == status
    printed = capsys.readouterr()
    assert not printed.out
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("jinmaek: ")
    return printed.err


@pytest.fixture
def untouchable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any write fails the test."""
    monkeypatch.setattr(setting, "put", lambda path, value: pytest.fail(f"wrote {value} to {path}"))


def test_overview_of_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "--root", TREE)
    for name in NAMES:
        assert name in shown
    assert shown.index("irrelevant here ──") < shown.index("fits ──") < shown.index("unknown ──")
    assert "one reading" in shown


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("name", NAMES)
def test_long_form(name: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", name, "--root", TREE, "--lang", lang]) == 0
    shown = capsys.readouterr().out
    knob = next(one for one in knobs() if one.name == name)
    assert f"/{knob.path}" in shown
    assert "{" not in shown
    assert ("수식" in shown) == (lang == "ko")


def test_what_if_of_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "min_free_kbytes=70000", "--root", TREE)
    assert "vm.min_free_kbytes: 35908 KiB → 70000 KiB" in shown
    assert "sysctl -w vm.min_free_kbytes=70000" in shown
    assert "sysctl -w vm.min_free_kbytes=35908" in shown
    assert "--apply: " in shown, "9 % of memory is refused"


def test_json_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "--root", TREE, "--json"))
    assert (document["schema"], document["window_s"]) == (1, 0.0)
    assert {one["name"] for one in document["knobs"]} == set(NAMES)
    for one in document["knobs"]:
        assert one["answer"] in ("misfit", "irrelevant", "fits", "unknown")
        assert (one["gap"] is not None) == (one["answer"] == "unknown")
        assert (one["try"] is not None) == (one["answer"] == "misfit")
        assert one["sentence"]
        assert all(fact["span"] in ("now", "since boot") for fact in one["evidence"])
    swappiness = next(one for one in document["knobs"] if one["name"] == "swappiness")
    assert (swappiness["value"], swappiness["default"], swappiness["file"]) == (
        60,
        60,
        "/proc/sys/vm/swappiness",
    )
    assert document["what_if"] == []


def test_json_of_a_what_if(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "dirty_bytes=1000000", "thp.enabled", "--root", TREE, "--json"))
    (one,) = document["what_if"]
    assert (one["old"], one["new"], one["revert"]) == (0, 1000000, ["sysctl -w vm.dirty_ratio=20"])
    assert one["refused"]
    assert {figure["unit"] for figure in one["figures"]} == {"bytes"}
    (knob,) = document["knobs"]
    assert (knob["value"], knob["about"]["words"]) == ("always", ["never", "madvise", "always"])


def test_a_tree_without_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "proc").mkdir()
    assert main(["tune", "--root", str(tmp_path), "--lang", "en"]) == 3
    printed = capsys.readouterr()
    assert "unknown 18" in printed.out
    assert printed.err.count("\n") == 1
    assert main(["tune", "--root", str(tmp_path / "none")]) == 3


def test_hostile_cgroup_names_print_harmlessly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, text in {
        "proc/meminfo": "MemTotal: 1000 kB\nMemFree: 1 kB\nSwapTotal: 9 kB\nSwapFree: 9 kB\n"
        "AnonPages: 900 kB\nCached: 0 kB\nBuffers: 0 kB\n",
        "proc/vmstat": "pgscan_anon 5\npgscan_file 5\n",
        "proc/sys/vm/swappiness": "60\n",
        "sys/fs/cgroup/memory/\x1b[31mevil\x07/memory.stat": "total_rss 921600\ntotal_cache 0\n",
        "sys/fs/cgroup/memory/\x1b[31mevil\x07/memory.swappiness": "60\n",
    }.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for words in (["swappiness"], ["swappiness=10"], []):
        shown = said(capsys, *words, "--root", str(tmp_path))
        assert "evil" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["drop_caches"], "drop_caches is no knob"),
        (["--apply", "drop_caches=3"], "drop_caches is no knob"),
        (["--apply", "compact_memory=1"], "compact_memory is no knob"),
        (["--apply", "kernel.panic=1"], "not on the list"),
        (["--apply", "../../kernel/panic=1"], "not on the list"),
        (["swapiness"], "did you mean swappiness?"),
        (["--apply", "swappiness"], "no value"),
        (["--apply", "swappiness=1; reboot"], "a number from 0 to 200"),
        (["--apply", "swappiness=$(id)"], "a number from 0 to 200"),
        (["--apply", "swappiness=\x1b[31m"], "a number from 0 to 200"),
        (["--apply", "thp.enabled=sometimes"], "one of never, madvise, always"),
        (["--apply", "swappiness=1", "--root", TREE], "a captured tree cannot be changed"),
        (["--measure", "swappiness", "--root", TREE], "a captured tree cannot be changed"),
        (["--apply", "swappiness=1", "dirty_ratio"], "one NAME=VALUE"),
        (["--force"], "it is for --apply and --measure"),
        (["--force", "--measure", "swappiness"], "it is for --apply"),
        (["--revert", "--measure", "swappiness"], "nothing to take back"),
        (["--revert", "--apply", "swappiness=1"], "add --measure"),
        (["--measure"], "one NAME to watch"),
        (["--measure", "swappiness=3"], "one NAME to watch"),
        (["--cgroup", "/x"], "it is for --apply and --measure"),
        (["--measure", "swappiness", "--cgroup", "/no/such"], "no cgroup with a memory.stat"),
        (["--measure", "swappiness", "--cgroup", "../../../etc"], "no cgroup with a memory.stat"),
        (["--measure", "swappiness", "--cgroup", "a\x00b"], "no cgroup with a memory.stat"),
        (["--for", "0s"], "too short"),
        (["--for", "9s", "--apply", "swappiness=1"], "--apply does not watch"),
    ],
)
def test_refused(words: list[str], why: str, capsys: pytest.CaptureFixture[str], untouchable: None) -> None:
    assert why in refusal(capsys, *words)


@pytest.mark.kernel
@pytest.mark.parametrize(
    "unsafe",
    [
        "min_free_kbytes=512",
        f"min_free_kbytes={os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGESIZE') // 1024 // 10}",
        "vfs_cache_pressure=0",
        "watermark_scale_factor=2500",
        "dirty_ratio=0",
        "dirty_ratio=100",
        "dirty_bytes=8192",
        "dirty_writeback_centisecs=0",
        "page-cluster=20",
        f"nr_hugepages={os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGESIZE') >> 21}",
    ],
)
def test_unsafe_values_want_force(unsafe: str, capsys: pytest.CaptureFixture[str], untouchable: None) -> None:
    told = refusal(capsys, "--apply", unsafe)
    assert "refused: " in told
    assert "--force" in told


@pytest.mark.kernel
def test_strict_overcommit_below_what_is_promised(capsys: pytest.CaptureFixture[str]) -> None:
    with restored() as before:
        put = next(knob for knob in knobs() if knob.name == "overcommit_kbytes")
        setting.apply(put, 2048)
        assert "is promised already" in refusal(capsys, "--apply", "overcommit_memory=2")
        assert settings()["overcommit_memory"] == before["overcommit_memory"]


@pytest.mark.kernel
def test_apply_says_how_to_go_back_and_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    with restored() as before:
        if not before["dirty_ratio"]:
            pytest.skip("dirty_ratio is not in force here")
        shown = said(capsys, "--apply", "dirty_bytes=900000000")
        assert "dirty_ratio: " in shown
        assert f"sysctl -w vm.dirty_ratio={before['dirty_ratio']}" in shown
        assert "/etc/sysctl.d/" in shown
        back = next(line for line in shown.splitlines() if "jinmaek tune --apply" in line)
        said(capsys, "--apply", back.split()[-1])
        assert settings() == before


@pytest.mark.kernel
def test_apply_as_json_and_forced(capsys: pytest.CaptureFixture[str]) -> None:
    with restored() as before:
        old = before["vfs_cache_pressure"]
        document = json.loads(said(capsys, "--apply", "vfs_cache_pressure=0", "--force", "--json"))
        assert document["schema"] == 1
        done = document["applied"]
        assert (done["name"], done["old"], done["new"]) == ("vfs_cache_pressure", old, 0)
        assert (done["verified"], done["reverted"], done["coupled"]) == (True, False, [])
        assert settings()["vfs_cache_pressure"] == 0
        assert f"sysctl -w vm.vfs_cache_pressure={old}" in done["revert"]


@pytest.mark.kernel
def test_the_way_back_to_an_unsafe_value_says_force(capsys: pytest.CaptureFixture[str]) -> None:
    with restored():
        said(capsys, "--apply", "vfs_cache_pressure=0", "--force")
        shown = said(capsys, "--apply", "vfs_cache_pressure=90")
        assert "vfs_cache_pressure=0 --force" in shown


def start(*words: str, **more: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "jinmaek", "tune", "--lang", "en", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def until_applied(process: subprocess.Popen[str], before: Any) -> None:
    until(lambda: process.poll() is not None or settings() != before)
    assert process.poll() is None, process.communicate()


@pytest.mark.kernel
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_a_measurement_takes_it_back(sent: signal.Signals) -> None:
    with restored() as before:
        with start(
            "--measure", "--revert", "--for", "3s", "--apply", "dirty_background_bytes=700000000"
        ) as measuring:
            try:
                until_applied(measuring, before)
                measuring.send_signal(sent)
                out, err = measuring.communicate(timeout=60)
            finally:
                measuring.kill()
        assert settings() == before
        assert measuring.returncode in (130, 128 + sent)
        assert (out, err) == ("", "")


@pytest.mark.kernel
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_without_revert_says_how_to_go_back(sent: signal.Signals) -> None:
    with restored() as before:
        with start("--measure", "--for", "3s", "--apply", "swappiness=61") as measuring:
            try:
                until_applied(measuring, before)
                measuring.send_signal(sent)
                _, err = measuring.communicate(timeout=60)
            finally:
                measuring.kill()
        assert measuring.returncode in (130, 128 + sent)
        assert f"jinmaek tune --apply swappiness={before['swappiness']}" in err


@pytest.mark.kernel
def test_measure_of_an_immediate_effect(capsys: pytest.CaptureFixture[str]) -> None:
    with restored() as before:
        old = before["min_free_kbytes"]
        assert isinstance(old, int)
        new = f"min_free_kbytes={old + old // 10}"
        document = json.loads(said(capsys, "--measure", "--revert", "--for", "1s", "--apply", new, "--json"))
        assert settings() == before
        found = document["measure"]
        assert (found["predicted"], found["seen"], found["reverted"]) == ("up", "as predicted", True)
        assert found["after"]["zoneinfo.low"] > found["before"]["zoneinfo.low"]
        assert document["applied"]["reverted"] is True


@pytest.mark.kernel
def test_measure_only_watches_without_apply(capsys: pytest.CaptureFixture[str], untouchable: None) -> None:
    document = json.loads(said(capsys, "--measure", "swappiness", "--for", "1s", "--json"))
    found = document["measure"]
    assert (found["after"], found["predicted"], found["seen"]) == (None, None, None)
    assert found["before"]["vmstat.pswpout:rate"] is not None
    assert "applied" not in document


@pytest.mark.kernel
def test_an_ordinary_user_can_ask_but_not_set() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to become nobody")
    before = settings()
    status, out, err = as_nobody("--for", "1s", "--json")
    assert (status, err) == (0, "")
    found = {one["name"]: one["answer"] for one in json.loads(out)["knobs"]}
    assert set(found) == set(NAMES)
    for words in (["--apply", "swappiness=61"], ["--measure", "--apply", "swappiness=61"]):
        status, out, err = as_nobody(*words)
        assert (status, out) == (3, "")
        assert "run it as root" in err
        assert err.count("\n") == 1
    assert settings() == before


def as_nobody(*words: str) -> tuple[int, str, str]:
    """In a fork, because the interpreter itself may be out of nobody's reach."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            status = 99
            try:
                sys.stdout, sys.stderr = out, err
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
                status = main(["tune", "--lang", "en", *words])
            finally:
                out.flush()
                err.flush()
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
        return os.waitstatus_to_exitcode(ended), texts[0], texts[1]
