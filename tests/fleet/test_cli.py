"""What the command line of an engine accepts, refuses, sends and never shows."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.certificates import certificate
from tests.fleet.fake_engine import Behaviour, Fake, fake, fault, reply, vector

from jinmaek.cli.engine import WHAT_TO_DO, moment
from jinmaek.cli.errors import Usage
from jinmaek.cli.main import main

pytest.importorskip("urllib3", reason="the extra fleet is not installed")

SECRET = "s3cr3t-t0ken"


def refuses(engine: Fake) -> Behaviour:
    return lambda handler, asked: reply(handler, fault("token is expired"), 401)


def knows_one_host(engine: Fake) -> Behaviour:
    """A heartbeat and nothing else."""
    host = ({"instance": "web-7:9100", "job": "node"}, 1.0)

    def answer(handler: object, asked: dict[str, str]) -> None:
        beat = "node_load1" in asked["query"] and "group by" in asked["query"]
        reply(handler, vector(host) if beat else vector())  # type: ignore[arg-type]

    return answer


def test_an_expired_token_is_said_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text(SECRET + "\n")
    headers = tmp_path / "headers"
    headers.write_text(f"# tenant\nX-Scope-OrgID: {SECRET}\n")
    with fake(refuses) as engine:
        words = ["fleet", "--prometheus", engine.url]
        assert main([*words, "--token-file", str(token), "--header-file", str(headers)]) == 3
        monkeypatch.setenv("JINMAEK_PROMETHEUS_TOKEN", SECRET)
        assert main(words) == 3
        monkeypatch.setenv("JINMAEK_PROMETHEUS_PASSWORD", SECRET)
        assert main([*words, "--user", "me"]) == 3
    sent = [one["Authorization"] for one in engine.headers]
    assert f"Bearer {SECRET}" in sent
    assert any(one.startswith("Basic ") for one in sent)
    assert engine.headers[0]["X-Scope-OrgID"] == SECRET
    said = capsys.readouterr()
    assert said.err.count("token is expired") == 3
    assert WHAT_TO_DO["denied"] in said.err
    assert SECRET not in said.err + said.out


def test_tls_is_checked_against_the_certificates_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], peer: Callable[[str], str]
) -> None:
    made, key = certificate(peer("openssl"), tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made, key)
    with fake(knows_one_host, tls) as engine:
        assert main(["fleet", "--prometheus", engine.url]) == 3
        assert "certificate verify failed" in capsys.readouterr().err
        assert main(["fleet", "--prometheus", engine.url, "--ca-file", str(made), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["hosts"] == ["web-7:9100"]
        assert main(["fleet", "--prometheus", engine.url, "--ca-file", str(tmp_path / "none")]) == 3
        assert main(["fleet", "--prometheus", engine.url, "--ca-file", str(key)]) == 3


def test_progress_is_shown_on_a_terminal_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake(knows_one_host) as engine:
        assert main(["fleet", "--prometheus", engine.url]) == 0
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        assert main(["fleet", "--prometheus", engine.url]) == 0
    shown = capsys.readouterr().err
    assert "asking:" in shown
    assert shown.endswith("\r\033[K")


@pytest.mark.parametrize("content", ["", "two\nlines", "nicht ä", "\x1b[31m"])
def test_a_secret_is_one_line(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    token = tmp_path / "token"
    token.write_text(content)
    assert main(["fleet", "--prometheus", "http://127.0.0.1:1", "--token-file", str(token)]) == 3
    assert "one line" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["no colon", "Bad Name: x", "Name:", "A: b\x07"])
def test_a_header_is_a_header(tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    headers = tmp_path / "headers"
    headers.write_text(line)
    assert main(["fleet", "--prometheus", "http://127.0.0.1:1", "--header-file", str(headers)]) == 3
    assert "line 1 is no header" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--prometheus", "prom:9090"],
        ["--prometheus", "http://me:secret@prom:9090"],
        ["--prometheus", "http://p", "--user", "me"],
        ["--prometheus", "http://p", "--at", "tomorrow"],
        ["--prometheus", "http://p", "--at", "2999-01-01"],
        ["--prometheus", "http://p", "--since", "1s"],
        ["--prometheus", "http://p", "--window", "1s"],
        ["--prometheus", "http://p", "--match", "env"],
        ["--prometheus", "http://p", "--by", "a-b"],
        ["--prometheus", "http://p", "--timeout", "0s"],
        ["--prometheus", "http://p", "--at-once", "1000"],
        ["--prometheus", "http://p", "--set", "no.such.limit=1"],
    ],
)
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JINMAEK_PROMETHEUS", raising=False)
    assert main(["fleet", *words]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "secret" not in said.err


def test_a_host_that_exports_nothing_a_rule_reads_is_unknown_not_quiet(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with fake(knows_one_host) as engine:
        assert main(["fleet", "--prometheus", engine.url, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["hosts"] == ["web-7:9100"]
    assert not said["findings"]
    assert all((one["found"], one["quiet"], one["unknown"]) == (0, 0, 1) for one in said["rules"])


def test_a_partial_answer_makes_what_is_not_found_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    def behave(engine: Fake) -> Behaviour:
        host = ({"instance": "web-7:9100"}, 1.0)
        return lambda handler, asked: reply(
            handler, vector(*([host] if "node_load1" in asked["query"] else []), isPartial=True)
        )

    with fake(behave) as engine:
        assert main(["fleet", "--prometheus", engine.url, "--lang", "en"]) == 0
        assert "PARTIAL" in capsys.readouterr().out
        assert main(["fleet", "--prometheus", engine.url, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["partial"]
    assert not sum(one["quiet"] for one in said["rules"])


def test_moments_with_a_zone() -> None:
    now = 1_800_000_000.0
    assert moment("--at", "2026-02-28T00:00:00Z", now) == 1_772_236_800
    assert moment("--at", "2026-02-28T09:00:00+09:00", now) == 1_772_236_800
    assert moment("--since", "2h", now) == now - 7200
    with pytest.raises(Usage):
        moment("--at", "2999-01-01", now)
