"""The entry point: which command runs, how it ends, and what it must not import."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jinmaek import __version__
from jinmaek.cli.main import COMMANDS, main

MEMINFO = "MemTotal: 8000000 kB\nMemFree: 500000 kB\nMemAvailable: 6000000 kB\n"
JINMAEK = (sys.executable, "-m", "jinmaek")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(MEMINFO)
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_that_of_the_command(name: str) -> None:
    assert COMMANDS[name] == importlib.import_module(f"jinmaek.cli.{name}").SUMMARY


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_page_of_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: jinmaek {name} ")


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_lists_all_commands(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    shown = capsys.readouterr().out
    for name, summary in COMMANDS.items():
        assert f"  {name:<10} {summary}\n" in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"jinmaek {__version__}\n"


@pytest.mark.parametrize(
    ("word", "hint"),
    [("fre", "did you mean free?"), ("vmsat", "did you mean vmstat?"), ("xyzzy", "see jinmaek --help")],
)
def test_unknown_command(word: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"jinmaek: {word}: there is no such command; {hint}\n")


@pytest.mark.parametrize("words", [[], ["--nothing-of-the-kind"]])
def test_without_a_command_it_is_diagnose(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    diagnose = importlib.import_module("jinmaek.cli.diagnose")
    monkeypatch.setattr(diagnose, "run", lambda args: 17)
    assert main(words) == (2 if words else 17)
    assert ("diagnose: unrecognized arguments: --nothing-of-the-kind" in capsys.readouterr().err) == bool(
        words
    )


def test_a_hostile_word_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a\nb\x1b[31m\udcff"]) == 2
    assert capsys.readouterr().err == (
        "jinmaek: a\\nb\\x1b[31m\\udcff: there is no such command; see jinmaek --help\n"
    )


def test_absent_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["free", "--root", str(tmp_path)]) == 3
    assert capsys.readouterr().err == (
        f"jinmaek: {tmp_path}/proc/meminfo: there is no such file; "
        "this kernel lacks it, or --root is not a tree with proc/ and sys/\n"
    )


def test_malformed_source(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "proc/meminfo").write_text("MemTotal: much kB\n")
    assert main(["free", "--root", str(tree)]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"jinmaek: {tree}/proc/meminfo: line 1: ")
    assert said.count("\n") == 1


def test_a_source_of_another_kind(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "proc/meminfo").unlink()
    (tree / "proc/meminfo").symlink_to("meminfo")
    assert main(["free", "--root", str(tree)]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"jinmaek: {tree}/proc/meminfo: Too many levels of symbolic links; ")
    assert said.count("\n") == 1


def test_a_closed_pipe_ends_quietly(tree: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*JINMAEK, "free", "--root", str(tree)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_disk_is_one_line(tree: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [*JINMAEK, "free", "--root", str(tree)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith(b"jinmaek: standard output: No space left on device; ")
    assert done.stderr.count(b"\n") == 1


def test_without_standard_output(tree: Path) -> None:
    command = ["sh", "-c", 'exec "$@" >&- <&-', "sh", *JINMAEK, "free", "--root", str(tree)]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_interrupt_ends_quietly(tree: Path) -> None:
    command = [*JINMAEK, "free", "-s", "60", "--root", str(tree)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    assert (running.returncode, said) == (130, b"")


def test_free_imports_nothing_that_makes_it_slow(tree: Path) -> None:
    program = (
        "import sys; from jinmaek.cli.main import main; "
        f"main(['free', '--root', {str(tree)!r}]); print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    slow = {"dataclasses", "typing", "pathlib", "inspect", "json", "shutil", "pkgutil", "subprocess", "rich"}
    loaded = set(done.stderr.split())
    assert "jinmaek.views.free" in loaded
    assert not loaded & slow
    assert {name for name in loaded if name.startswith("jinmaek.kernel.")} <= {
        "jinmaek.kernel.meminfo",
        "jinmaek.kernel.digits",
    }


def test_help_imports_no_command() -> None:
    program = (
        "import sys; from jinmaek.cli.main import main; "
        "main(['--help']); print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    ours = {name for name in done.stderr.split() if name.startswith("jinmaek.cli.")}
    assert ours == {"jinmaek.cli.main", "jinmaek.cli.errors"}
