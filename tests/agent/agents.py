"""A real agent on a port of its own until the end of the block."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

READY = 120.0
WHERE = re.compile(r"metrics at (\S+)/metrics")


@dataclass
class Agent:
    url: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def metrics(self, **headers: str) -> str:
        request = urllib.request.Request(f"{self.url}/metrics", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text: str = answer.read().decode()
            return text

    def value(self, series: str) -> float | None:
        """The value of one series as it is written; None where it is not there."""
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.metrics(), re.MULTILINE)
        return float(found[1]) if found else None

    def wait_for(self, series: str, value: float = 1, seconds: float = READY) -> None:
        end = time.monotonic() + seconds
        while self.value(series) != value:
            assert time.monotonic() < end, f"{series} is {self.value(series)}"
            assert self.process.poll() is None, self.said
            time.sleep(0.2)


@contextlib.contextmanager
def agent(
    folder: Path, words: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Agent]:
    process = subprocess.Popen(
        [sys.executable, "-m", "jinmaek", "agent", "--recording", str(folder / "recording"), "--listen",
         "127.0.0.1:0", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    found = Agent("", process)
    told = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            found.said.append(line.rstrip())
            where = WHERE.search(line)
            if where:
                found.url = where[1]
                told.set()
        told.set()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        assert told.wait(READY), "it does not say where it listens"
        assert found.url, found.said
        end = time.monotonic() + READY
        while "jinmaek_agent_samples_total" not in found.metrics():
            assert time.monotonic() < end
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        thread.join(5)
