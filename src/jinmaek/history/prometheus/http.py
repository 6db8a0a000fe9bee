"""One question to an engine over HTTP: tried again where that may help, and over by its deadline.

urllib3 comes with the extra ``fleet``; it is imported when an engine is opened and not before.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from jinmaek.history.prometheus.access import API, Access
from jinmaek.history.prometheus.answer import Answer, NoAnswer, document, message, parse

if TYPE_CHECKING:
    import urllib3

TRIES = 3
PAUSE = 0.2
"""Seconds before the second try, twice that before the third."""
AGAIN = (429, 502, 503, 504)
"""States of an engine that may pass: overload, restart."""
LARGEST = 256 << 20
"""Bytes of one answer."""
CHUNK = 1 << 16


class NotInstalled(Exception):
    """The library for this is not there."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A query at one moment, in seconds since the epoch."""

    query: str
    at: float

    @property
    def call(self) -> tuple[str, dict[str, str]]:
        return "query", {"query": self.query, "time": _seconds(self.at)}


@dataclass(frozen=True, slots=True)
class Over:
    """A query at every ``step`` seconds from ``start`` to ``end``, both included."""

    query: str
    start: float
    end: float
    step: float

    @property
    def call(self) -> tuple[str, dict[str, str]]:
        span = {"start": _seconds(self.start), "end": _seconds(self.end), "step": _seconds(self.step)}
        return "query_range", {"query": self.query, **span}


Query = Instant | Over


class Engine:
    """Connections to one engine. May be used by several threads."""

    def __init__(self, access: Access) -> None:
        try:
            import urllib3
        except ImportError:
            raise NotInstalled from None
        self.access = access
        self._pool = _pool(access)
        self._headers = urllib3.HTTPHeaderDict(access.headers)
        if access.authorization is not None:
            self._headers["Authorization"] = access.authorization
        self._headers["Accept-Encoding"] = "gzip"
        self._headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._method = "POST"

    def ask(self, query: Query) -> Answer:
        """The answer to a query, within the deadline. Raises ``NoAnswer``."""
        what, fields = query.call
        # VictoriaMetrics leaves out the last 30 s and rounds times where it may keep the answer.
        fields = {**fields, "timeout": _seconds(self.access.timeout), "nocache": "1"}
        deadline = time.monotonic() + self.access.timeout
        for attempt in range(1, TRIES + 1):
            try:
                return parse(self._body(f"{self.access.url}{API}/{what}", fields, deadline))
            except _Passing as passing:
                pause = max(PAUSE * 2 ** (attempt - 1), passing.pause)
                if attempt == TRIES or time.monotonic() + pause >= deadline:
                    raise NoAnswer(passing.fault.why, passing.fault.detail) from None
                time.sleep(pause)
        raise AssertionError

    def _body(self, url: str, fields: dict[str, str], deadline: float) -> bytes:
        import urllib3

        left = deadline - time.monotonic()
        try:
            get = self._method == "GET"
            response = self._pool.request(
                self._method,
                f"{url}?{urlencode(fields)}" if get else url,
                body=None if get else urlencode(fields),
                headers=self._headers,
                timeout=urllib3.Timeout(total=max(0.001, left)),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                body = _read(response, deadline)
            finally:
                response.close()
        except urllib3.exceptions.HTTPError as fault:
            raise _fault(fault) from None
        if response.status == 405 and self._method == "POST":
            self._method = "GET"
            return self._body(url, fields, deadline)
        if response.status != 200:
            raise _refusal(response.status, response.headers, body)
        return body


class _Passing(Exception):
    """What may be over in a moment."""

    def __init__(self, fault: NoAnswer, pause: float = 0.0) -> None:
        super().__init__()
        self.fault = fault
        self.pause = pause


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The whole body: as it comes, so that one that trickles is noticed, and one without end too."""
    parts, size = [], 0
    while chunk := response.read1(CHUNK, decode_content=True):
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST:
            raise NoAnswer("too large", f"an answer of more than {LARGEST >> 20} MiB")
        if time.monotonic() > deadline:
            raise NoAnswer("timed out", "the answer did not end in time")
    return b"".join(parts)


def _fault(fault: urllib3.exceptions.HTTPError) -> Exception:
    from urllib3 import exceptions

    match fault:
        case exceptions.NewConnectionError():  # in urllib3 a ConnectTimeoutError too
            return _Passing(NoAnswer("unreachable", _told(fault)))
        case exceptions.ConnectTimeoutError():
            return NoAnswer("timed out", "no connection in time")
        case exceptions.TimeoutError():
            return NoAnswer("timed out", "no answer in time")
        case exceptions.SSLError() | exceptions.ProxyError() | exceptions.LocationValueError():
            return NoAnswer("unreachable", _told(fault))
        case exceptions.DecodeError() | exceptions.InvalidHeader():
            return NoAnswer("malformed", _told(fault))
        case _:
            return _Passing(NoAnswer("unreachable", _told(fault)))


def _told(fault: BaseException) -> str:
    """The reason inside the reasons: ``Connection refused``, not the pool it was found by."""
    while True:
        inner = getattr(fault, "original_error", None) or fault.__cause__ or fault.__context__
        if inner is None or isinstance(fault, OSError):
            break
        fault = inner
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return str(fault).rpartition(">: ")[2] or type(fault).__name__


def _refusal(status: int, headers: urllib3.HTTPHeaderDict, body: bytes) -> Exception:
    try:
        said = message(document(body))
    except NoAnswer:
        said = ""
    told = f"HTTP {status}" + (f": {said}" if said else "")
    if status in (401, 403, 407):
        return NoAnswer("denied", told)
    if status in (400, 422) and said:
        return NoAnswer("refused", told)
    if status in AGAIN:
        return _Passing(NoAnswer("unavailable", told), _pause(headers.get("Retry-After")))
    if status >= 500:
        return NoAnswer("unavailable", told)
    if 300 <= status < 400:
        return NoAnswer("malformed", f"{told}: it sends elsewhere, to {headers.get('Location', '?')[:200]}")
    return NoAnswer("malformed", f"{told}: no query API here")


def _pause(text: str | None) -> float:
    """Seconds; a date is taken for none."""
    return float(text) if text and text.isdecimal() else 0.0


def _pool(access: Access) -> urllib3.PoolManager:
    """TLS as told; a proxy as the environment says, for this scheme and host."""
    import urllib3

    tls: dict[str, Any] = {
        "ca_certs": access.ca_file,
        "cert_file": access.cert_file,
        "key_file": access.key_file,
    }
    proxy = proxy_for(access.url)
    if proxy is None:
        return urllib3.PoolManager(maxsize=access.at_once, **tls)
    parts = urlsplit(proxy)
    secret = f"{parts.username}:{parts.password or ''}" if parts.username else None
    headers = urllib3.make_headers(proxy_basic_auth=secret) if secret else None
    return urllib3.ProxyManager(proxy, maxsize=access.at_once, proxy_headers=headers, **tls)


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy is None or proxy_bypass(parts.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _seconds(time: float) -> str:
    """To the millisecond, as engines count."""
    return f"{time:.3f}".rstrip("0").rstrip(".")
