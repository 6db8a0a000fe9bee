"""What a peer is to the lab: a name, and the alarms it had between two moments."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jinmaek.lab.bench import Bench
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.storage import TOOLS, run_tool
from jinmaek.lab.sentence import CannotMake, Sentence

PATIENCE = 30.0
"""Seconds for a peer to answer after it was started."""
ANSWER = 10.0
"""Seconds for an answer."""
SHORT = 10
"""Seconds that windows are cut to where a peer is given its best case."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of a peer; ``culprit`` is the process it names first, if it names any."""

    name: str
    culprit: str | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer that runs. ``said`` gives the alarms it had from one moment to another, by the wall clock.

    ``said`` raises ``NoAnswer``.
    """

    name: str
    version: str
    how: Sentence
    """How it is held against the runs."""
    said: Callable[[float, float], tuple[Alarm, ...]]


@dataclass(frozen=True, slots=True)
class Absent:
    """A peer that is not to be had here, and why."""

    name: str
    why: Sentence


class NoAnswer(Exception):
    """A peer that ran does not answer any more."""


def program(name: str) -> str:
    """Where a program is. Raises ``CannotMake``."""
    path = shutil.which(name, path=TOOLS)
    if path is None:
        raise CannotMake("{tool} is not installed", tool=name)
    return path


def started(bench: Bench, *command: str, out: str = os.devnull) -> None:
    """Start a server that ends with the lab; what it says goes to a file."""
    start(bench, f"jm-{os.path.basename(command[0])}"[:15], _become, command, out)


def _become(_: Line, command: tuple[str, ...], out: str) -> None:
    os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
    os.execve(command[0], command, {"PATH": TOOLS, "LANG": "C.UTF-8", "HOME": "/nonexistent"})  # noqa: S606


def answer_of(bench: Bench, *command: str) -> str:
    """What a program prints that ends at once. Raises ``CannotMake``."""
    out = f"{bench.folder}/answer"
    run_tool(bench, *command, out=out)
    with open(out, encoding="utf-8", errors="replace") as file:
        said = file.read()
    os.unlink(out)
    if not any(letter.isdecimal() for letter in said):
        raise CannotMake("{name} does not answer: {why}", name=command[0], why=said[:80])
    return said


def free_port() -> int:
    """A port of the loopback nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def get(port: int, path: str) -> Any:
    """A JSON answer of a server on the loopback. Raises ``NoAnswer``."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=ANSWER) as answer:
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise NoAnswer(str(error)) from None


def answering(name: str, port: int, path: str) -> Any:
    """Wait until a server answers. Raises ``CannotMake`` where it does not."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return get(port, path)
        except NoAnswer as silent:
            if time.monotonic() > end:
                raise CannotMake("{name} does not answer: {why}", name=name, why=str(silent)) from None
            time.sleep(0.2)
