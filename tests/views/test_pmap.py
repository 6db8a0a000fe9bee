"""``jinmaek pmap`` beside procps' pmap over the same stopped process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tasks import children
from tests.tasks.children import agreed

from jinmaek.cli.main import main

Peer = Callable[[str], str]
MAPPED = (
    "import mmap, os, time; m = mmap.mmap(-1, 50 << 20); m[: 1 << 20] = b'x' * (1 << 20); "
    "n = mmap.mmap(-1, 5 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000); "
    "f = os.memfd_create('a b/\\x1b c'); os.ftruncate(f, 8192); k = mmap.mmap(f, 8192); k[0] = 1; "
    "print('ready', flush=True); time.sleep(60)"
)
FORMS = ("", "-x", "-q", "-q -x", "-p", "-p -x")


def procps(peer: Peer, *words: str) -> str:
    return subprocess.run([peer("pmap"), *words], capture_output=True, text=True, check=True).stdout


def test_prints_what_procps_prints(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    with children.child(MAPPED) as pid:
        children.stopped(pid)

        def ours(*words: str) -> str:
            assert main(["pmap", *words, str(pid), "2"]) == 0
            return capsys.readouterr().out

        for form in FORMS:
            # What it has in memory may be taken from it meanwhile.
            words = form.split()
            theirs, mine = agreed(
                lambda words=words: procps(peer, *words, str(pid), "2"),  # type: ignore[misc]
                lambda words=words: ours(*words),  # type: ignore[misc]
            )
            assert mine == theirs, form


@pytest.mark.parametrize("form", ["-X", "-X -q", "-X -p"])
def test_all_sizes_are_procps(form: str, peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    with children.child(MAPPED) as pid:
        children.stopped(pid)

        def told(text: str) -> list[list[str]]:
            """Lines in words. The seventh figure is Pss: it moves with whoever else starts and ends."""
            lines = text.replace("\x1b", "?").splitlines()
            head, ends = ([], []) if "-q" in form else (lines[:2], [lines[-2]])
            known = [[word for n, word in enumerate(line.split()) if n != 7] for line in lines[1:-2]]
            return [head, *known, ends]

        def ours() -> list[list[str]]:
            assert main(["pmap", *form.split(), str(pid)]) == 0
            return told(capsys.readouterr().out)

        # So does what it shares, and what it has in memory may be taken from it.
        theirs, mine = agreed(lambda: told(procps(peer, *form.split(), str(pid))), ours)
    assert mine == theirs


def test_explains_with_the_process_own_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    with children.child(MAPPED) as pid:
        children.stopped(pid)
        assert main(["pmap", "--explain", "--lang", "en", str(pid)]) == 0
        english = capsys.readouterr().out
        assert main(["pmap", "--explain", "--lang", "ko", str(pid)]) == 0
        korean = capsys.readouterr().out
    assert "VIRT 5.1 GiB is address space" in english
    assert "Commit: 5.0 GiB" in english
    assert "VIRT 5.1 GiB" in korean
    assert "address space" not in korean
    assert main(["pmap", "--explain", "--lang", "en", "2"]) == 0
    assert "no memory of its own" in capsys.readouterr().out


def test_a_process_that_is_gone_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert main(["pmap", "--json", str(child), str(os.getpid())]) == 42
    data = json.loads(capsys.readouterr().out)
    assert [(gap["pid"], gap["kind"]) for gap in data["gaps"]] == [(child, "gone")]
    assert data["processes"][0]["pid"] == os.getpid()
    assert main(["pmap", "x"]) == 2


def test_a_held_lock_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "proc/5"
    folder.mkdir(parents=True)
    (folder / "comm").write_text("st\x1buck\n")
    os.mkfifo(folder / "maps")
    assert main(["pmap", "--root", str(tmp_path), "5"]) == 42
    assert capsys.readouterr().err == "jinmaek: proc/5/maps: st?uck: timed out, mmap_lock held > 20 ms\n"
    os.close(os.open(folder / "maps", os.O_WRONLY | os.O_NONBLOCK))
