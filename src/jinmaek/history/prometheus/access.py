"""How an engine is reached: address, who asks, how long to wait."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import urlsplit

API = "/api/v1"


class BadAddress(ValueError):
    """An address that is none, or one that should not be given like this."""


@dataclass(frozen=True, slots=True)
class Access:
    """``url`` is what stands before ``/api/v1``. Secrets are not in its ``repr``."""

    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    authorization: str | None = field(default=None, repr=False)
    """The value of that header."""
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    timeout: float = 30.0
    """Seconds for a query, with all that is tried again."""
    at_once: int = 4
    """Queries under way at a time."""


def address(text: str) -> str:
    """An engine's address without what belongs to the API. Raises ``BadAddress``."""
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        raise BadAddress("its port is no number") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise BadAddress("an address is http://HOST:9090, or https://HOST/PATH before /api/v1")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("other users see a command line: give --user and --password-file instead")
    if parts.query or parts.fragment:
        raise BadAddress("an address has no ? and no #")
    path = parts.path.rstrip("/")
    for tail in ("/graph", "/vmui", API):
        path = path.removesuffix(tail).rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}"


def basic(user: str, password: str) -> str:
    """The header of basic authentication (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def bearer(token: str) -> str:
    """The header of a bearer token (RFC 6750)."""
    return f"Bearer {token}"
