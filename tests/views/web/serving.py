"""A server of the page on a port of its own, and questions to it without any library between."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY = 120.0
GOLDEN = Path(__file__).parents[2] / "history" / "recording" / "golden" / "1"
"""A recording of the first format."""
HOSTILE = b"<b>\x1b[31m\xe2\x80\xae<i x"
"""What a process may be called: markup, an escape sequence, a mark that turns what follows (15 bytes)."""


@dataclass(slots=True)
class Server:
    """One that answers."""

    port: int
    words: tuple[str, ...]
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        body: bytes | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers in lower case, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def get(self, path: str) -> dict[str, Any]:
        """The object at a path, which must be there."""
        status, _, body = self.ask(path)
        assert status == 200, (path, status, body[:300])
        told: dict[str, Any] = json.loads(body)
        return told

    def stop(self) -> int:
        """End it by SIGINT; its exit status."""
        self.process.send_signal(2)
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()

    def resident(self) -> int:
        """Bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def start(*words: str, port: int = 0) -> Server:
    """Start one and wait until it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jinmaek", "web", "--listen", f"127.0.0.1:{port}", *words],
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r":(\d+)/ ", line)
    assert found, line + process.stderr.read()
    made = Server(int(found[1]), words, process)
    end = time.monotonic() + READY
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            made.ask("/static/app.css")
            return made
        time.sleep(0.05)
    raise AssertionError("it does not answer")


@contextlib.contextmanager
def running(*words: str) -> Iterator[Server]:
    """One until the end of the block."""
    server = start(*words)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


@contextlib.contextmanager
def hostile_process() -> Iterator[int]:
    """A process with a name nobody should be able to do anything with, that uses a little CPU."""
    code = (
        "import sys,time\n"
        f"open('/proc/self/comm','wb').write({HOSTILE!r})\n"
        "print('ready', flush=True)\n"
        "end = time.time() + 7200\n"
        "while time.time() < end:\n"
        "    sum(range(60000)); time.sleep(0.05)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
    finally:
        process.kill()
        process.wait()
