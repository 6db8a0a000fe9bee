"""Where ``agent`` and ``web`` listen, and who may come in: one set of options for both."""

from __future__ import annotations

import os

from jinmaek.cli import engine
from jinmaek.cli.errors import SourceUnreadable, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from jinmaek.agent.http import Door

LISTEN = "127.0.0.1:9876"
SHORTEST = 16
"""Characters of a token: a shorter one can be guessed."""


def add_options(parser: ArgumentParser) -> None:
    """``--listen``, ``--token-file``, ``--tls-cert``, ``--tls-key``."""
    door = parser.add_argument_group("who may read it")
    door.add_argument("--listen", default=LISTEN, metavar="ADDRESS:PORT", help=f"where (default {LISTEN}); "
        "any other than this host's own wants a token")  # fmt: skip
    door.add_argument("--token-file", metavar="FILE", help="holds the token that every request must bring, "
        "on one line (0600)")  # fmt: skip
    door.add_argument("--tls-cert", metavar="FILE", help="a certificate, in PEM: https instead of http")
    door.add_argument("--tls-key", metavar="FILE", help="its key")


def chosen(args: Namespace) -> Door:
    """What these options say. Raises ``Usage``, ``SourceUnreadable``."""
    from jinmaek.agent.http import Door

    host, port = address(args.listen)
    token = None if args.token_file is None else _token(args.token_file)
    _check_certificate(args.tls_cert, args.tls_key)
    door = Door(host, port, token, args.tls_cert, args.tls_key)
    if token is None and not door.loopback:
        raise Usage(
            f"--listen {args.listen}",
            "others can reach that address, and nobody would have to show a token",
            f"add --token-file FILE, or listen on {LISTEN}",
        )
    return door


def address(text: str) -> tuple[str, int]:
    """``HOST:PORT``, ``[::1]:PORT``. Raises ``Usage``."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise Usage(f"--listen {text}", "that is no ADDRESS:PORT", f"write it as {LISTEN} or [::1]:9876")
    return host, int(port)


def _token(path: str) -> str:
    token = engine.secret(path)
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise Usage(
            f"--token-file {path}",
            f"a token is one word of at least {SHORTEST} ASCII characters, or it can be guessed",
            f"openssl rand -hex 32 > {path}",
        )
    return token


def _check_certificate(cert: str | None, key: str | None) -> None:
    if cert is None and key is None:
        return
    if cert is None or key is None:
        raise Usage("--tls-cert and --tls-key", "one is of no use without the other", "give both")
    import ssl

    for path in (cert, key):
        if not os.access(path, os.R_OK):
            raise SourceUnreadable(path, "it cannot be read", "--tls-cert and --tls-key want files in PEM")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except ssl.SSLError as error:
        raise SourceUnreadable(
            cert, error.reason or "no certificate", "is it a certificate in PEM, and --tls-key its key?"
        ) from None
