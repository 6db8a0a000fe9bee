"""``jinmaek agent`` as a process: what it tells, how it ends, what it refuses, what it does not miss."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.agent.agents import Agent, agent
from tests.tasks.children import ZOMBIES, child, until
from tests.views.test_openmetrics import parsed

from jinmaek.accounts.process_groups import REST
from jinmaek.agent.exposition import Teller
from jinmaek.agent.judging import Judge
from jinmaek.agent.latest import Latest
from jinmaek.agent.running import Beside
from jinmaek.cli.main import main
from jinmaek.history.recording.recording import Recording
from jinmaek.root import LIVE
from jinmaek.rules import rules
from jinmaek.sampling import take
from jinmaek.tasks.choose import Scanner
from jinmaek.tasks.table import Scan, TaskTable

pytest.importorskip("uvicorn", reason="the extra web is not installed")
UNIT = Path(__file__).parents[2] / "systemd" / "jinmaek-agent.service"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with agent(tmp_path_factory.mktemp("agent"), ["--judge", "1s", "--groups", "5"]) as one:
        one.wait_for('jinmaek_rule_state{rule="cpu.saturated",state="unknown"}', 0)
        yield one


def test_promtool_takes_all_of_it(running: Agent, peer: Callable[[str], str]) -> None:
    """Also what a host has only sometimes: there are zombies."""
    with child(ZOMBIES, "3") as parent:
        until(lambda: f'ppid="{parent}"' in running.metrics(), 60)
        told = running.metrics()
    run = subprocess.run(
        [peer("promtool"), "check", "metrics"],
        input=told.encode(),
        capture_output=True,
        check=False,
    )
    said = (run.stdout + run.stderr).decode()
    # promtool dislikes names of node_exporter and cAdvisor, too: it says so and ends with 3.
    assert run.returncode in (0, 3), said
    own = [line for line in said.splitlines() if not line.startswith(("node_", "container_"))]
    assert own == []


def test_the_host_the_verdicts_the_groups_and_its_own_cost(running: Agent) -> None:
    told = parsed(running.metrics())
    names = {name for name, _ in told}
    assert {"node_load1", "node_memory_MemTotal_bytes", "node_cpu_seconds_total", "node_boot_time_seconds",
            "node_uname_info", "node_time_seconds"} <= names  # fmt: skip
    states = {dict(labels)["rule"]: 0.0 for name, labels in told if name == "jinmaek_rule_state"}
    for (name, labels), value in told.items():
        if name == "jinmaek_rule_state":
            states[dict(labels)["rule"]] += value
    assert states == {rule.id: 1.0 for rule in rules()}
    groups = {
        dict(labels)["groupname"] for name, labels in told if name == "namedprocess_namegroup_num_procs"
    }
    assert REST in groups
    assert len(groups) <= 6
    assert told["process_cpu_seconds_total", ()] > 0
    threads = {
        dict(labels)["thread"] for name, labels in told if name == "jinmaek_agent_thread_cpu_seconds_total"
    }
    assert threads == {"recorder", "judge", "http"}
    assert 0 <= told["jinmaek_agent_reading_age_seconds", ()] < 30
    assert 1e6 < told["process_resident_memory_bytes", ()] < 1e9


def test_openmetrics_where_it_is_asked_for(running: Agent) -> None:
    text = running.metrics(Accept="application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")
    assert "# TYPE node_cpu_seconds counter\n" in text
    assert not re.search(r"^# TYPE \S+ untyped$", text, re.MULTILINE)


def test_what_is_read_is_read_once_however_many_ask(running: Agent) -> None:
    began = time.monotonic()
    before = running.value("jinmaek_agent_samples_total")
    for _ in range(30):
        running.metrics()
    after = running.value("jinmaek_agent_samples_total")
    assert before is not None
    assert after is not None
    assert after - before <= time.monotonic() - began + 2


def test_a_service_is_ready_alive_and_stops_in_order(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(address))
        heard.settimeout(60)
        with agent(tmp_path, ["--interval", "200ms"], {"NOTIFY_SOCKET": str(address)}) as one:
            assert heard.recv(100) == b"READY=1"
            assert heard.recv(100) == b"WATCHDOG=1"
            one.process.send_signal(signal.SIGTERM)
            while (told := heard.recv(100)) == b"WATCHDOG=1":
                pass
            assert told == b"STOPPING=1"
            assert one.process.wait(60) == 0
        assert [line for line in one.said if "metrics at" not in line] == []
    folder = tmp_path / "recording"
    with Recording(str(folder)) as recording:
        assert recording.end(recording.entries[-1]) == "stopped"
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_judging_and_scrapes_do_not_delay_the_recorder(tmp_path: Path) -> None:
    """Samples five times a second, judged every second and scraped all the time: none is missed for long."""
    with agent(tmp_path, ["--interval", "200ms", "--judge", "1s"]) as one:

        def told() -> tuple[float, float]:
            of = parsed(one.metrics())
            return of["jinmaek_agent_samples_total", ()], of["jinmaek_agent_missed_samples_total", ()]

        def well() -> bool:
            samples, missed = told()
            return samples >= 15 and missed <= samples / 2

        # Others may hold up both for a while: then there are more samples to wait for.
        end = time.monotonic() + 60
        while not well():
            if time.monotonic() > end:
                assert os.getloadavg()[0] > (os.cpu_count() or 1), told()
                break
            time.sleep(0.02)


def test_a_second_agent_on_one_recording_is_refused(
    running: Agent, capsys: pytest.CaptureFixture[str]
) -> None:
    words = re.search(r"--recording\0([^\0]+)", Path(f"/proc/{running.process.pid}/cmdline").read_text())
    assert words
    assert main(["agent", "--recording", words[1], "--listen", "127.0.0.1:0"]) == 3
    said = capsys.readouterr().err
    assert "is recording there" in said


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--listen", "0.0.0.0:9876"], 2, "--token-file"),
        (["--listen", "[::]:9876"], 2, "--token-file"),
        (["--listen", "web-7:9876"], 2, "--token-file"),
        (["--listen", "9876"], 2, "ADDRESS:PORT"),
        (["--listen", "127.0.0.1:99999"], 2, "ADDRESS:PORT"),
        (["--token-file", "SHORT"], 2, "guessed"),
        (["--token-file", "/nothing/here"], 3, "name another file"),
        (["--tls-cert", "SHORT"], 2, "give both"),
        (["--tls-cert", "SHORT", "--tls-key", "/nothing/here"], 3, "cannot be read"),
        (["--tls-cert", "SHORT", "--tls-key", "SHORT", "--listen", "127.0.0.1:0"], 3, "in PEM"),
        (["--judge", "10m"], 2, "--judge"),
        (["--remote-write", "prom:9090"], 2, "--remote-write"),
        (["--remote-write", "http://me:pw@prom/"], 2, "other users see"),
        (["--otlp", "ftp://x"], 2, "--otlp"),
        (["--label", "1x=y"], 2, "NAME=VALUE"),
        (["--otlp", "http://x:1", "--push-token-file", "/nothing/here"], 3, "name another file"),
    ],
)
def test_what_it_refuses_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str
) -> None:
    short = tmp_path / "short"
    short.write_text("tooshort\n")
    given = [str(short) if word == "SHORT" else word for word in words]
    assert main(["agent", "--recording", str(tmp_path / "recording"), *given]) == status
    told = capsys.readouterr().err
    assert told.count("\n") == 1, told
    assert said in told
    assert "tooshort" not in told


def test_a_port_that_is_taken(tmp_path: Path, running: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    where = running.url.removeprefix("http://")
    assert main(["agent", "--recording", str(tmp_path), "--listen", where]) == 3
    assert "in use" in capsys.readouterr().err


def test_a_thread_that_dies_takes_the_agent_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    beside, came, seen = Beside(), list[str](), list[object]()
    monkeypatch.setattr(threading, "excepthook", lambda told: seen.append(told.exc_type))

    def work(_: threading.Event) -> None:
        raise ZeroDivisionError

    was = signal.signal(signal.SIGTERM, lambda *_: came.append("SIGTERM"))
    try:
        beside.add("judge", work)
        beside.start()
        until(lambda: bool(came))
    finally:
        signal.signal(signal.SIGTERM, was)
    beside.close()
    assert beside.died == "judge"
    assert seen == [ZeroDivisionError]


def test_a_unit_that_can_do_what_it_must() -> None:
    text = UNIT.read_text()
    assert "jinmaek agent" in text
    assert "Type=notify" in text
    assert "DeviceAllow" not in text, "it reads /dev/kmsg"
    for line in (
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    ):
        assert line in text


def test_as_many_series_with_ten_thousand_processes() -> None:
    """The host's own tables, and two task scans: of these processes, and of ten thousand others."""
    with Scanner(LIVE) as scanner:
        scan = scanner.scan(details=True)
    few = told_of(scan)
    many = told_of(replace(scan, processes=_many(10_000)))
    more = told_of(replace(scan, processes=_many(10_000, turn=1)))
    kinds = {name for name, _ in few} | {name for name, _ in many}
    assert len(many) <= len(few) + 21 * 16
    assert len(more) == len(many)
    assert {name for name, _ in many} <= kinds


def told_of(scan: Scan) -> set[tuple[str, object]]:
    latest = Latest(1.0)
    judge = Judge((), latest, 15.0)
    latest.sampled(take(LIVE, ("meminfo", "stat", "processes", "threads", "zombies", "waits"), scan))
    judge.turn()
    body = Teller((), latest, judge).body("text", zipped=False).decode()
    return {(name, labels) for name, labels in parsed(body)}


def _many(count: int, turn: int = 0) -> TaskTable:
    return TaskTable(
        pid=list(range(1, count + 1)),
        start_time=[float(turn)] * count,
        comm=[f"p{n}-{turn}" for n in range(count)],
        state=["S"] * count,
        flags=[0] * count,
        utime=[1.0] * count,
        stime=[1.0] * count,
        minflt=[0] * count,
        majflt=[0] * count,
        num_threads=[1] * count,
        vsize=[1 << 20] * count,
        resident=[1 << 16] * count,
        vm_swap=[0] * count,
        read_bytes=[0] * count,
        write_bytes=[0] * count,
    )


def test_old_readings_are_thinned_and_bounded() -> None:
    latest = Latest(1.0)
    judge = Judge((), latest, 15.0)
    with Scanner(LIVE) as scanner:
        snapshot = take(LIVE, ("loadavg",), scanner.scan(details=False))
    for n in range(1000):
        judge._keep(replace(snapshot, monotonic=snapshot.monotonic + 15.0 * n))
    kept = judge.ring().times
    assert 200 < len(kept) < 300
    assert kept[-1] - kept[0] <= 7200
    assert all(later - earlier == 15.0 for earlier, later in zip(kept[-12:], kept[-11:], strict=False))
    judge._keep(replace(snapshot, boot_id="another"))
    assert len(judge.ring().times) == 1


def test_an_age_goes_on_when_nothing_is_read_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    latest = Latest(1.0)
    teller = Teller((), latest, Judge((), latest, 15.0))
    with Scanner(LIVE) as scanner:
        latest.sampled(take(LIVE, ("loadavg",), scanner.scan(details=True)))
    monkeypatch.setattr("jinmaek.agent.exposition.FRESH", 0.0)
    ages = []
    for _ in range(2):
        told = parsed(teller.body("text", zipped=False).decode())
        ages.append(told["jinmaek_agent_reading_age_seconds", ()])
        time.sleep(0.02)
    assert 0 <= ages[0] < ages[1]


def test_missed_samples_are_counted() -> None:
    latest = Latest(1.0)
    with Scanner(LIVE) as scanner:
        snapshot = take(LIVE, ("loadavg",), scanner.scan(details=False))
    for at in (0.0, 1.0, 2.05, 5.0, 6.0):
        latest.sampled(replace(snapshot, monotonic=at))
    assert (latest.seen().samples, latest.seen().missed) == (5, 2)


def test_verdicts_of_the_agent_are_the_judges(running: Agent) -> None:
    told = parsed(running.metrics())
    unknown = {dict(labels)["rule"] for (name, labels), value in told.items()
               if name == "jinmaek_rule_state" and value and dict(labels)["state"] == "unknown"}  # fmt: skip
    judged = {dict(labels)["rule"] for name, labels in told if name == "jinmaek_finding"}
    assert not unknown & judged
    assert judged | unknown >= {rule.id for rule in rules() if rule.severity != "benign"}


def test_refused_without_the_right_host_name(running: Agent) -> None:
    with pytest.raises(urllib.error.HTTPError, match="421"):
        running.metrics(Host="evil.example")


def test_the_page_beside_the_metrics(tmp_path: Path) -> None:
    pytest.importorskip("starlette", reason="the extra web is not installed")
    with agent(tmp_path, ["--web"]) as one:
        with urllib.request.urlopen(f"{one.url}/", timeout=60) as answer:
            assert b"<title>jinmaek</title>" in answer.read()
        with urllib.request.urlopen(f"{one.url}/api/v1/openapi.json", timeout=60) as answer:
            assert json.load(answer)["openapi"].startswith("3.1")
        with urllib.request.urlopen(f"{one.url}/api/v1/events", timeout=60) as stream:
            assert stream.readline().startswith((b"retry:", b"event:"))
            one.process.send_signal(signal.SIGTERM)
            assert one.process.wait(60) == 0, "a client that listens does not keep it from stopping"
    with agent(tmp_path) as one, pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{one.url}/", timeout=60)
