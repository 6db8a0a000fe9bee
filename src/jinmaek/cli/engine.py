"""How a command reaches Prometheus or VictoriaMetrics: its options, and what goes wrong in words.

A secret is in a file or in the environment: other users see a command line.
"""

from __future__ import annotations

import os

from jinmaek.cli import moments
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.cli.progress import show, wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from jinmaek.history.prometheus.answer import NoAnswer
    from jinmaek.history.prometheus.http import Engine
    from jinmaek.history.prometheus.many import Progress

URL, TOKEN, PASSWORD = "JINMAEK_PROMETHEUS", "JINMAEK_PROMETHEUS_TOKEN", "JINMAEK_PROMETHEUS_PASSWORD"
LONGEST = 64 << 10
"""Bytes of a file with a secret or with headers."""
AT_ONCE = 16

WHAT_TO_DO = {
    "unreachable": "is it the address of Prometheus or VictoriaMetrics, and may this host reach it?",
    "timed out": "try again, or give it longer with --timeout",
    "denied": f"is the token or password right and not expired? See --token-file, --user and ${TOKEN}",
    "refused": "is it an engine that speaks PromQL?",
    "unavailable": "try again when it is less busy; --at-once 1 asks one thing at a time",
    "malformed": "is it the address of Prometheus' API, without /api/v1?",
    "too large": "ask about fewer hosts: --host, --match LABEL=VALUE",
}


def add_options(parser: ArgumentParser) -> None:
    """``--prometheus URL`` and how it is reached."""
    group = parser.add_argument_group("Prometheus or VictoriaMetrics")
    group.add_argument("--prometheus", metavar="URL", help=f"the engine: http://HOST:9090 (or ${URL})")
    group.add_argument("--token-file", metavar="FILE", help=f"a bearer token to show it (or ${TOKEN})")
    group.add_argument("--user", metavar="NAME", help="a user to log in as")
    group.add_argument("--password-file", metavar="FILE", help=f"that user's password (or ${PASSWORD})")
    group.add_argument("--header-file", metavar="FILE", help="more headers, one NAME: VALUE a line")
    group.add_argument("--ca-file", metavar="FILE", help="certificates to trust, in PEM")
    group.add_argument("--cert-file", metavar="FILE", help="a certificate of ours to show, in PEM")
    group.add_argument("--key-file", metavar="FILE", help="the key of that certificate")
    group.add_argument(
        "--timeout", type=_seconds, default=30.0, metavar="TIME", help="the longest wait for a query (30s)"
    )
    group.add_argument(
        "--at-once", type=_few, default=4, metavar="N", help="queries under way at a time (default 4)"
    )


def opened(args: Namespace) -> Engine:
    """The engine that was asked for. Raises ``Usage`` and ``SourceUnreadable``."""
    from jinmaek.history.prometheus.access import Access, BadAddress, address, basic, bearer
    from jinmaek.history.prometheus.http import Engine, NotInstalled

    asked = args.prometheus or os.environ.get(URL)
    if not asked:
        raise Usage("--prometheus", "no engine is named", f"give --prometheus http://HOST:9090, or set {URL}")
    try:
        url = address(asked)
    except BadAddress as bad:
        raise Usage("--prometheus", str(bad)) from None
    token = _secret(args.token_file, TOKEN)
    password = _secret(args.password_file, PASSWORD) if args.user else None
    if args.user and password is None:
        raise Usage("--user", "its password is not given", f"see --password-file, or set {PASSWORD}")
    if args.user and args.token_file:
        raise Usage("--user and --token-file", "they are two ways to say who asks", "leave out one")
    proof = basic(args.user, password or "") if args.user else bearer(token) if token else None
    for option, path in (
        ("--ca-file", args.ca_file),
        ("--cert-file", args.cert_file),
        ("--key-file", args.key_file),
    ):
        if path is not None and not os.access(path, os.R_OK):
            raise SourceUnreadable(path, "it cannot be read", f"{option} wants a file in PEM")
    access = Access(
        url=url,
        headers=headers(args.header_file) if args.header_file else (),
        authorization=proof,
        ca_file=args.ca_file,
        cert_file=args.cert_file,
        key_file=args.key_file,
        timeout=args.timeout,
        at_once=args.at_once,
    )
    try:
        return Engine(access)
    except NotInstalled:
        raise SourceUnreadable(
            "--prometheus", "the library urllib3 is not installed", "pip install 'jinmaek[fleet]'"
        ) from None


def moment(option: str, text: str, before: float) -> float:
    """Seconds since the epoch of what a user wrote, not after ``before``. Raises ``Usage``."""
    found = moments.moment(text, before)
    if found > before:
        raise Usage(f"{option} {text}", "that is yet to come", "name a time in the past")
    return found


def unanswered(url: str, fault: NoAnswer) -> SourceUnreadable:
    """What a query without an answer is to the user."""
    return SourceUnreadable(
        url, f"{fault.why}: {fault.detail}" if fault.detail else fault.why, WHAT_TO_DO[fault.why]
    )


def progress() -> Progress | None:
    """Shows on a terminal how many queries are answered."""
    if not wanted():
        return None

    def shown(done: int, of: int) -> None:
        show(f"asking: {done} of {of} queries" if done < of else "")

    return shown


def _secret(path: str | None, variable: str) -> str | None:
    """What a file or the environment holds, without the end of its line. Never shown, in no error either."""
    if path is None:
        return os.environ.get(variable) or None
    return secret(path)


def secret(path: str) -> str:
    """What a file holds, without the end of its line. Never shown. Raises ``SourceUnreadable``."""
    text = _text(path).strip()
    if not _printable(text):
        raise SourceUnreadable(path, "it does not hold one line of text", "write the secret alone into it")
    return text


def headers(path: str) -> tuple[tuple[str, str], ...]:
    """The headers in a file. Raises ``SourceUnreadable``."""
    found = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            name, colon, value = line.partition(":")
            if not colon or not name.strip().replace("-", "").isalnum() or not _printable(value.strip()):
                raise SourceUnreadable(path, f"line {number} is no header", "write it as NAME: VALUE")
            found.append((name.strip(), value.strip()))
    return tuple(found)


def _printable(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise SourceUnreadable(path, error.strerror or str(error), "name another file") from None
    if len(data) > LONGEST:
        raise SourceUnreadable(path, f"it is larger than {LONGEST >> 10} KiB", "is it the right file?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise SourceUnreadable(path, "it is no text in UTF-8", "is it the right file?") from None


def _seconds(text: str) -> float:
    from argparse import ArgumentTypeError

    from jinmaek.cli.diagnose import seconds

    value = seconds(text)
    if not 0.1 <= value <= 3600:
        raise ArgumentTypeError(f"{text!r} is not between 100ms and 1h")
    return value


def _few(text: str) -> int:
    from argparse import ArgumentTypeError

    if not text.isdecimal() or not 1 <= int(text) <= AT_ONCE:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to {AT_ONCE}")
    return int(text)
