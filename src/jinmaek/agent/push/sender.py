"""Sending the batches of a queue, oldest first, for as long as it takes.

What may pass (nobody there, no time, 408, 429, 5xx) and what somebody must mend (credentials, an address that
is somebody else's) keeps the samples and is tried again, later and later; what is wrong with the samples
themselves (any other 4xx) would be wrong again, so they are dropped and counted.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from jinmaek.agent.push.queue import REASONS, Batch, Queue
from jinmaek.views.openmetrics.series import Family, Samples, series

Why = Literal["unreachable", "timed out", "busy", "denied", "elsewhere"]
WHY: tuple[Why, ...] = ("unreachable", "timed out", "busy", "denied", "elsewhere")

FIRST, LONGEST = 0.5, 60.0
"""Seconds between two tries: the first, doubled up to the longest."""
MOST_ASKED = 600.0
"""The longest wait that is granted to who asks for one (Retry-After)."""
CONNECT, WHOLE = 10.0, 30.0
"""Seconds for a connection, and for a request from its beginning to the end of its answer."""
ANSWER = 64 << 10
"""Bytes of an answer that are read."""
SAID = 200
"""Characters of it that are told."""

SENT = Family("jinmaek_push_sent_samples_total", "counter", "samples sent and taken")
DROPPED = Family("jinmaek_push_dropped_samples_total", "counter", "samples given up, and why")
FAILED = Family("jinmaek_push_failures_total", "counter", "tries to send that failed and were tried again")
WAITING = Family("jinmaek_push_queue_samples", "gauge", "samples that wait on the disk to be sent")
BYTES = Family("jinmaek_push_queue_bytes", "gauge", "what waits on the disk to be sent")
AGE = Family(
    "jinmaek_push_queue_age_seconds", "gauge", "how long the oldest samples have waited; 0: none wait"
)


class Form(Protocol):
    """How samples are put into a request."""

    @property
    def name(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def body(self, samples: Samples, time: float) -> bytes: ...

    def rejected(self, answer: bytes) -> int: ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where samples go. ``headers`` gives what is sent along, read anew each time: tokens expire."""

    url: str
    headers: Callable[[], Mapping[str, str]] = field(default=dict, repr=False)
    ca_file: str | None = None
    timeout: float = WHOLE


class Failed(Exception):
    """A try that did not succeed, and whether another may."""

    def __init__(self, why: Why, detail: str, wait: float = 0.0) -> None:
        super().__init__(detail)
        self.why = why
        self.detail = detail
        self.wait = wait


class Refused(Exception):
    """The samples are not taken, and would not be the next time."""


class Sender:
    """Takes samples every ``interval`` seconds and sends them. Two threads: one is never waited for."""

    def __init__(
        self,
        target: Target,
        form: Form,
        queue: Queue,
        take: Callable[[], Samples],
        interval: float,
        tell: Callable[[str], None],
    ) -> None:
        self.target, self.form, self.queue = target, form, queue
        self.sent = 0
        self.failures: Counter[Why] = Counter(dict.fromkeys(WHY, 0))
        self._take, self._interval, self._tell = take, interval, tell
        self._there = threading.Event()
        self._pool = _pool(target)
        self._was: str | None = None
        """What kept the last try from succeeding."""
        self._full = False

    def fill(self, stop: threading.Event) -> None:
        """Put samples into the queue until told to stop."""
        moment = time.monotonic()
        while not stop.wait(max(0.0, moment - time.monotonic())):
            self.put(time.time())
            moment = max(moment + self._interval, time.monotonic())
        self._there.set()

    def put(self, now: float) -> None:
        """Put the samples of this moment into the queue."""
        samples = self._take()
        if not samples:
            return  # nothing was read yet
        error = self.queue.put(self.form.body(samples, now), len(samples), now)
        if error is not None and not self._full:
            self._say(f"samples are dropped: {self.queue.folder}: {error.strerror or error}")
        self._full = error is not None
        self._there.set()

    def send(self, stop: threading.Event) -> None:
        """Send what waits until told to stop."""
        tries = 0
        while not stop.is_set():
            first = self.queue.first(time.time())
            if first is None:
                self._there.wait(self._interval)
                self._there.clear()
                continue
            wait = self.attempt(*first, tries)
            tries = 0 if wait is None else tries + 1
            if wait is not None and stop.wait(wait):
                return

    def attempt(self, batch: Batch, body: bytes, tries: int) -> float | None:
        """Send one batch; gives the seconds to wait where it must be tried again."""
        try:
            rejected = self._post(body)
        except Refused as refused:
            self.queue.refuse(batch)
            self._say(f"{batch.samples} samples are dropped: {refused}")
            return None
        except Failed as failed:
            self.failures[failed.why] += 1
            if failed.detail != self._was:
                self._say(f"{failed.why}: {failed.detail}; samples are kept")
            self._was = failed.detail
            # Full jitter, so that a fleet does not come back as one.
            doubled = min(LONGEST, FIRST * 2.0 ** min(tries, 16))
            return max(failed.wait, random.uniform(doubled / 2, doubled))  # noqa: S311 - no secret
        self.sent += batch.samples - rejected
        if rejected:
            self.queue.refuse(batch, rejected)
            self._say(f"{rejected} samples are dropped: the receiver took only a part")
        else:
            self.queue.done(batch)
        if self._was is not None:
            self._say(f"goes on; {len(self.queue)} batches wait")
            self._was = None
        return None

    def samples(self) -> Samples:
        """What it tells of itself."""
        to = {"to": self.form.name}
        oldest = self.queue.oldest
        return [
            (series(SENT, to), self.sent),
            *((series(DROPPED, {**to, "reason": why}), self.queue.dropped[why]) for why in REASONS),
            *((series(FAILED, {**to, "reason": why}), self.failures[why]) for why in WHY),
            (series(BYTES, to), self.queue.size),
            (series(WAITING, to), self.queue.samples),
            (series(AGE, to), 0 if oldest is None else max(0.0, time.time() - oldest)),
        ]

    def _say(self, text: str) -> None:
        self._tell(f"push to {self.target.url}: {text}")

    def _post(self, body: bytes) -> int:
        """Send a body; gives how many samples were not taken. Raises ``Failed`` and ``Refused``."""
        import urllib3

        deadline = time.monotonic() + self.target.timeout
        try:
            response = self._pool.request(
                "POST",
                self.target.url,
                body=body,
                headers={**self.form.headers, "User-Agent": "jinmaek", **self._headers()},
                timeout=urllib3.Timeout(
                    connect=min(CONNECT, self.target.timeout),
                    read=self.target.timeout,
                    total=self.target.timeout,
                ),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                answer = _read(response, deadline)
            finally:
                response.close()
        except urllib3.exceptions.ConnectTimeoutError as fault:
            if isinstance(fault, urllib3.exceptions.NewConnectionError):
                raise Failed("unreachable", _told(fault)) from None
            raise Failed("timed out", "no connection in time") from None
        except urllib3.exceptions.TimeoutError:
            raise Failed("timed out", "no answer in time") from None
        except urllib3.exceptions.HTTPError as fault:
            raise Failed("unreachable", _told(fault)) from None
        return self._judged(response.status, response.headers, answer)

    def _headers(self) -> Mapping[str, str]:
        try:
            return self.target.headers()
        except OSError as error:
            raise Failed("denied", f"{error.filename}: {error.strerror}") from None

    def _judged(self, status: int, headers: Any, answer: bytes) -> int:
        said = _printed(answer)
        told = f"HTTP {status}" + (f": {said}" if said else "")
        if 200 <= status < 300:
            if "text/html" in headers.get("Content-Type", "").lower():
                raise Failed("elsewhere", f"HTTP {status}: a page, not a receiver of metrics")
            return self.form.rejected(answer)
        wait = asked_to_wait(headers.get("Retry-After"), time.time())
        if status in (408, 429) or status >= 500:
            raise Failed("busy", told, wait)
        if status in (401, 403, 407):
            raise Failed("denied", told, LONGEST / 2)
        if status < 400:
            raise Failed(
                "elsewhere", f"{told}: it sends elsewhere, to {headers.get('Location', '?')[:SAID]}", wait
            )
        raise Refused(told)


def asked_to_wait(text: str | None, now: float) -> float:
    """Seconds of a Retry-After header (RFC 9110), a number of them or a date; bounded."""
    if not text:
        return 0.0
    if text.strip().isdecimal():
        return min(float(text), MOST_ASKED)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - now), MOST_ASKED)
    except ValueError:
        return 0.0


def _read(response: Any, deadline: float) -> bytes:
    """The beginning of the body, as it comes: one that trickles is not waited for."""
    found = b""
    while len(found) < ANSWER and (chunk := response.read1(ANSWER, decode_content=True)):
        found += chunk
        if time.monotonic() > deadline:
            raise Failed("timed out", "the answer did not end in time")
    return found


def _printed(answer: bytes) -> str:
    """What an answer says, on one line and harmless."""
    text = " ".join(answer[: 4 * SAID].decode("utf-8", "replace").split())
    return "".join(c if c.isprintable() else "?" for c in text)[:SAID]


def _told(fault: BaseException) -> str:
    """The reason inside the reasons: ``Connection refused``, not the pool it was found by."""
    while not (isinstance(fault, OSError) and fault.strerror):
        inner = getattr(fault, "original_error", None) or fault.__cause__ or fault.__context__
        if inner is None:
            return str(fault).rpartition(">: ")[2] or type(fault).__name__
        fault = inner
    return fault.strerror


def _pool(target: Target) -> Any:
    import urllib3

    from jinmaek.history.prometheus.http import proxy_for

    proxy = proxy_for(target.url)
    if proxy is None:
        return urllib3.PoolManager(maxsize=1, ca_certs=target.ca_file)
    parts = urlsplit(proxy)
    secret = f"{parts.username}:{parts.password or ''}" if parts.username else None
    headers = urllib3.make_headers(proxy_basic_auth=secret) if secret else None
    return urllib3.ProxyManager(proxy, maxsize=1, proxy_headers=headers, ca_certs=target.ca_file)
