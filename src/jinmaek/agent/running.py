"""The agent from its start to its end: recording in the main thread, all else beside it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jinmaek.accounts.process_groups import MOST
from jinmaek.agent.exposition import Teller
from jinmaek.agent.http import Door, Server, application
from jinmaek.agent.judging import Judge
from jinmaek.agent.latest import Latest
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.recording.recorder import record
from jinmaek.sampling import Snapshot
from jinmaek.tasks.choose import Way
from jinmaek.views.http_guard import App
from jinmaek.views.openmetrics.series import Samples
from jinmaek.views.openmetrics.tables import CGROUPS

EVERY = 15.0
"""Seconds between two judgements."""
FAREWELL = 5.0
"""Seconds a thread is waited for at the end."""


@dataclass(frozen=True, slots=True)
class Push:
    """Where samples are sent, how often, and what is kept while they cannot be."""

    to: Literal["remote-write", "otlp"]
    url: str
    folder: str
    labels: Mapping[str, str]
    headers: Callable[[], Mapping[str, str]] = field(default=dict, repr=False)
    ca_file: str | None = None
    interval: float = 15.0
    most_bytes: int = 256 << 20
    oldest: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What an agent is told."""

    recording: str
    door: Door
    interval: float = 1.0
    way: Way = "auto"
    keep_s: float | None = None
    keep_bytes: int | None = None
    rules: tuple[Rule, ...] = ()
    every: float = EVERY
    groups: int = MOST
    cgroups: int = CGROUPS
    pushes: tuple[Push, ...] = ()
    samples: int | None = None
    """How many to record and end; None to go on."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to serve beside the metrics, and what ends its streams: they would not end by themselves."""

    app: App
    end: Callable[[], None]


class Died(Exception):
    """A thread of the agent ended by a fault of ours: its traceback is on standard error."""


def run(settings: Settings, tell: Callable[[str], None], page: Page | None = None) -> int:
    """Record, judge, serve and send until told to stop; gives how many samples were recorded.

    Raises ``folder.Busy``, ``queue.Busy``, ``choose.Refused``, ``http.NotInstalled``, ``ImportError`` where a
    library for pushing is not there, ``OSError``, ``Died``.
    """
    latest = Latest(settings.interval)
    judge = Judge(settings.rules, latest, settings.every, groups=settings.groups)
    teller = Teller(settings.rules, latest, judge, settings.cgroups)
    beside = Beside()
    for push in settings.pushes:
        _push(push, teller, latest, beside, tell)
    server = Server(application(teller, None if page is None else page.app), settings.door)

    def seen(snapshot: Snapshot, written: bool) -> None:
        if latest.scan is None:
            tell(f"metrics at {settings.door.url(server.port)}/metrics")
        latest.sampled(snapshot)
        teller.paused = not written

    clock = time.pthread_getcpuclockid(threading.get_ident())
    teller.costs |= {
        "recorder": lambda: time.clock_gettime(clock),
        "judge": lambda: 0.0 if judge.judged is None else judge.judged.cpu_s,
        "http": server.cpu_s,
    }
    beside.add("judge", judge.run)
    try:
        server.start()
        beside.start()
        done = record(
            settings.recording,
            settings.interval,
            way=settings.way,
            keep_s=settings.keep_s,
            keep_bytes=settings.keep_bytes,
            tell=tell,
            samples=settings.samples,
            seen=seen,
        )
    finally:
        beside.close()
        if page is not None:
            page.end()
        server.close()
    if beside.died is not None:
        raise Died(beside.died)
    return done


class Beside:
    """Threads that run beside the recorder until told to stop. One that dies takes the agent with it."""

    def __init__(self) -> None:
        self.died: str | None = None
        self.closing: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def add(self, name: str, work: Callable[[threading.Event], None]) -> None:
        """One more, not yet started."""

        def lived() -> None:
            try:
                work(self._stop)
            finally:
                if not self._stop.is_set():
                    self.died = name
                    os.kill(os.getpid(), signal.SIGTERM)

        self._threads.append(threading.Thread(target=lived, name=name, daemon=True))

    def start(self) -> None:
        """All of them."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Tell all to stop, and wait for them a little: one may be sending to somebody slow."""
        self._stop.set()
        end = time.monotonic() + FAREWELL
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))
        for close in self.closing:
            close()


def _push(push: Push, teller: Teller, latest: Latest, beside: Beside, tell: Callable[[str], None]) -> None:
    from jinmaek.agent.push.otlp import Otlp, endpoint
    from jinmaek.agent.push.queue import Queue
    from jinmaek.agent.push.remote_write import RemoteWrite
    from jinmaek.agent.push.sender import Form, Sender, Target

    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    form: Form = RemoteWrite(push.labels) if push.to == "remote-write" else Otlp(push.labels, booted)
    url = push.url if push.to == "remote-write" else endpoint(push.url)
    queue = Queue(push.folder, most_bytes=push.most_bytes, oldest=push.oldest)
    beside.closing.append(queue.close)

    def take() -> Samples:
        return [] if latest.scan is None else teller.samples()

    sender = Sender(Target(url, push.headers, push.ca_file), form, queue, take, push.interval, tell)
    earlier = teller.pushed
    teller.pushed = lambda: [*earlier(), *sender.samples()]
    beside.add(f"{push.to} fill", sender.fill)
    beside.add(f"{push.to} send", sender.send)
