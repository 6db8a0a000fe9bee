"""``jinmaek heap`` on processes that really leak, keep, or do neither."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.cli.leaking import CLEARED, JAVA, NODE, PYTHON, READER, SHARED, C
from tests.tasks import children

from jinmaek.cli.main import main

pytestmark = pytest.mark.kernel

MIB = 1 << 20


@contextlib.contextmanager
def started(command: Sequence[str]) -> Iterator[int]:
    """The pid of a program that has said it is ready."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process.pid
        finally:
            process.kill()


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed here")
    return path


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("native")
    (folder / "leak.c").write_text(C)
    subprocess.run([program("gcc"), "-O0", "-o", folder / "leak", folder / "leak.c", "-lpthread"], check=True)
    return folder / "leak"


def heap(pid: int, *words: str, span: str = "3s", grows: bool = True) -> dict[str, Any]:
    """What is said of a process; of one that grows, once it did: a busy host may hold it up."""
    for _ in range(5):
        before = resident(pid)
        said = looked(pid, *words, span=span)
        if not grows or resident(pid) - before > MIB * float(span.removesuffix("s")):
            break
    return said


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def looked(pid: int, *words: str, span: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "jinmaek", "heap", str(pid), "--for", span, "--json", "--lang", "en"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def leak(said: dict[str, Any], kind: str, runtime: str) -> None:
    """The region that grows most, and the runtime."""
    assert said["state"] == "growing"
    assert said["regions"][0]["kind"] == kind
    assert said["runtime"]["name"] == runtime
    assert said["regions"][0]["growth_bytes"] > 0.5 * said["totals"]["growth_bytes"]
    assert abs(said["unexplained_bytes"]) < 16 << 20
    assert said["content"]["new_pages"] is True
    assert "leak if that goes on" in said["sentence"]
    assert not said["gaps"]


def first_text(said: dict[str, Any]) -> str:
    text: str = said["content"]["strings"][0]["text"]
    return text


def test_python() -> None:
    with started([sys.executable, "-I", "-S", "-c", PYTHON]) as pid:
        told, hidden = heap(pid, "--content"), heap(pid)
    leak(told, "anonymous", "cpython")
    assert told["runtime"]["version"] == f"3.{sys.version_info.minor}"
    assert first_text(told).startswith("PLANTED-python-session-")
    assert told["content"]["strings"][0]["count"] > 1000
    assert hidden["content"]["strings"][0]["shape"] == "PLAXXXX-xxxxxx-xxxxxxx-99999999-xxxx-xxx-xxxx"
    assert "PLANTED" not in json.dumps(hidden)
    assert told["next"][0]["command"].startswith("memray attach")
    assert str(pid) in told["next"][0]["command"]


def test_c_in_its_heap(native: Path) -> None:
    with started([str(native), "leak", "0"]) as pid:
        said = heap(pid, "--content")
    leak(said, "heap", "native")
    assert first_text(said).startswith("PLANTED-c-session-")
    assert said["content"]["class"] == "text"
    assert said["malloc"] is not None
    assert said["malloc"]["free_bytes"] < 0.1 * said["malloc"]["walked_bytes"]


def test_c_in_arenas(native: Path) -> None:
    with started([str(native), "leak", "4"]) as pid:
        said = heap(pid, "--content")
    leak(said, "arena", "native")
    assert first_text(said).startswith("PLANTED-c-session-")
    commands = [one["command"] for one in said["next"]]
    assert f"gdb -p {pid} -batch -ex 'call (int)malloc_trim(0)'" in commands
    assert "MALLOC_ARENA_MAX=2" in commands


def test_node() -> None:
    with started([program("node"), "-e", NODE]) as pid:
        said = heap(pid, "--content")
    leak(said, "v8-heap", "node")
    assert first_text(said).startswith("PLANTED-node-session-")
    assert said["next"][0]["command"] == f"kill -USR1 {pid}"


def test_java(tmp_path: Path) -> None:
    compiler = program("javac")
    (tmp_path / "Leak.java").write_text(JAVA)
    subprocess.run([compiler, "Leak.java"], cwd=tmp_path, check=True)
    with started([program("java"), "-Xmx256m", "-cp", str(tmp_path), "Leak"]) as pid:
        said = heap(pid, "--content")
    leak(said, "java-heap", "jvm")
    assert said["regions"][0]["end"] - said["regions"][0]["start"] == 256 << 20
    assert any("grows without a leak" in note for note in said["notes"])
    assert first_text(said).startswith("PLANTED-java-session-")


def test_kept_by_malloc_and_not_leaked(native: Path) -> None:
    with started([str(native), "keep", "4"]) as pid:
        said = heap(pid, span="1s", grows=False)
    assert said["state"] == "not growing"
    assert any(note.startswith("Retention suspected") for note in said["notes"])
    assert said["malloc"]["free_resident_pages_bytes"] > 0.7 * said["malloc"]["walked_bytes"]


def test_thread_stacks(native: Path) -> None:
    with started([str(native), "threads", "1"]) as pid:
        said = heap(pid)
    leak(said, "thread-stack", "native")
    assert said["regions"][0]["sure"] is True
    assert said["next"][0]["command"] == f"ls /proc/{pid}/task | wc -l"
    assert any(note.startswith("Threads: ") for note in said["notes"])


def test_a_memfd() -> None:
    with started([sys.executable, "-I", "-S", "-c", SHARED]) as pid:
        said = heap(pid, "--content")
    leak(said, "memfd", "cpython")
    assert said["regions"][0]["name"] == "memfd:leaky-cache"
    assert first_text(said).startswith("PLANTED-shared-record-")


def test_a_mapped_file_is_cache(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))
    with started([sys.executable, "-I", "-S", "-c", READER, str(tmp_path / "big")]) as pid:
        said = heap(pid, span="2s")
    assert said["state"] == "not growing"
    read = [one for one in said["regions"] if one["name"] == str(tmp_path / "big")]
    assert read[0]["cache_growth_bytes"] > 1 << 20
    assert read[0]["growth_bytes"] == 0
    assert any("page cache" in note for note in said["notes"])


def test_touched_and_not_written() -> None:
    with started([sys.executable, "-I", "-S", "-c", CLEARED]) as pid:
        said = heap(pid, span="2s")
    leak(said, "anonymous", "cpython")
    assert said["content"]["class"] == "zeros: allocated but not used"
    assert any("zeros" in note for note in said["notes"])


def test_steady() -> None:
    with children.named(b"steady") as pid:
        said = heap(pid, span="2s", grows=False)
        text = subprocess.run(
            [
                sys.executable,
                "-m",
                "jinmaek",
                "heap",
                str(pid),
                "--for",
                "1s",
                "--sample",
                "0",
                "--lang",
                "ko",
            ],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
    assert said["state"] == "not growing"
    assert said["totals"]["growth_bytes"] == 0
    assert "a minute does not show" in said["sentence"]
    assert said["next"][0]["command"] == f"jinmaek heap {pid} --for 10m"
    assert "늘고 있지 않습니다" in text.stdout
    assert text.stderr == ""


def test_no_memory_is_read_when_none_is_to_be() -> None:
    with started([sys.executable, "-I", "-S", "-c", PYTHON]) as pid:
        said = heap(pid, "--sample", "0", span="1s")
    assert said["content"] is said["malloc"] is None
    assert said["cost"]["read_bytes"] == 0
    assert said["state"] == "growing"


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["heap", *words]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_what_has_no_memory(capsys: pytest.CaptureFixture[str]) -> None:
    if Path("/proc/2/comm").read_text() == "kthreadd\n":
        assert "process 2: a kernel thread has no memory of its own" in refused(capsys, "2")
    with children.child(children.ZOMBIES, "1") as parent:
        (zombie,) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        assert f"process {zombie}: it has ended and holds no memory" in refused(capsys, zombie)
    assert f"process {parent}: there is none" in refused(capsys, str(parent))


def test_a_process_that_ends_meanwhile(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["sleep", "600"]) as process:

        def end(_: float) -> None:
            process.kill()
            process.wait()

        monkeypatch.setattr(time, "sleep", end)
        assert "it ended during the look" in refused(capsys, str(process.pid), "--for", "4s")


def test_a_process_that_starts_another_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = time.sleep
    process = subprocess.Popen(["sh", "-c", "read -r _; exec sleep 600"], stdin=subprocess.PIPE)

    def start(seconds: float) -> None:
        monkeypatch.setattr(time, "sleep", sleep)
        assert process.stdin is not None
        process.stdin.close()
        children.until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n")
        sleep(seconds)

    children.until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sh\n")
    monkeypatch.setattr(time, "sleep", start)
    try:
        assert "started another program (exec)" in refused(capsys, str(process.pid), "--for", "2s")
    finally:
        process.kill()
        process.wait()


def test_another_user_s_process() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become nobody")
    # Nobody may not be able to read this installation: all of it is loaded before.
    import jinmaek.accounts.heap.look

    assert jinmaek.accounts.heap.look
    reading, writing = os.pipe()
    with children.named(b"root's") as pid:
        child = os.fork()
        if child == 0:
            os.setresuid(65534, 65534, 65534)
            said = io.StringIO()
            with contextlib.redirect_stderr(said):
                status = main(["heap", str(pid), "--for", "1s"])
            os.write(writing, said.getvalue().encode())
            os._exit(status)
        os.close(writing)
        with open(reading, encoding="utf-8") as told:
            text = told.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert text == (
        f"jinmaek: proc/{pid}/smaps: permission denied; run it as root, or as the user of the process\n"
    )


def test_an_interrupt_ends_it_quietly() -> None:
    with (
        children.named(b"waits") as pid,
        subprocess.Popen(
            [sys.executable, "-m", "jinmaek", "heap", str(pid), "--for", "60s"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running,
    ):
        children.until(lambda: children.state(running.pid) == "S")
        children.resting(running.pid, 0.3)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize(
    "words", [["x"], ["1", "--for", "10ms"], ["1", "--sample", "8Q"], ["1", "--sample", "2G"], []]
)
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["heap", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
