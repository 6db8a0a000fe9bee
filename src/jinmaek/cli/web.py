"""``jinmaek web``: the page and its API, on this host's loopback unless told otherwise."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from jinmaek.cli import limits
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.diagnosis.rule import Rule
    from jinmaek.views.web.archive import Archive

SUMMARY = "the page: pulse, history, processes, memory, load, swap and cgroups in a browser, and an API"

LISTEN = "127.0.0.1:9876"
SHORTEST = 16
"""Characters of a token: a shorter one can be guessed."""


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add("--listen", default=LISTEN, metavar="HOST:PORT", help=f"where to answer (default {LISTEN}); anything "
        "but the loopback needs --token-file")  # fmt: skip
    add("--token-file", metavar="FILE", help="holds the token that every request must bring (0600, one line)")
    add("--name", action="append", default=[], metavar="HOST", help="a name or address this host is asked "
        "by, besides its own; may be given again")  # fmt: skip
    add("--tls-cert", metavar="FILE", help="certificate (PEM) to answer by HTTPS with")
    add("--tls-key", metavar="FILE", help="its key (PEM)")
    add("--recording", metavar="DIR", help="show what jinmaek record wrote there, not this host as it is now")
    add("--tasks", choices=("auto", "bpf", "procfs"), default="auto", help="how processes are read")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language the time line is judged in while "
        "nobody looks; the page has its own switch")  # fmt: skip
    limits.add_option(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    host, port = address(args.listen)
    token = _token(args.token_file)
    tls = _tls(args.tls_cert, args.tls_key)
    if not loopback(host) and token is None:
        raise Usage(
            f"--listen {args.listen}", "others could read all of this host there", "add --token-file FILE"
        )
    rules = limits.chosen(args)
    try:
        from jinmaek.views.http_guard import LOOPBACK, guard
        from jinmaek.views.web.application import application
        from jinmaek.views.web.serve import bound, serve
    except ModuleNotFoundError as missing:
        raise Failure(
            "web", f"the module {missing.name} is not installed", "pip install 'jinmaek[web]'"
        ) from None
    archive = _archive(args.recording, rules)
    try:
        listening = bound(host, port)
    except OSError as error:
        raise Failure(args.listen, error.strerror or str(error), "name another with --listen") from None
    # What a name of elsewhere points to is no name of this host, token or not.
    hosts = LOOPBACK | own_names(host) | {name.lower().strip("[]") for name in args.name}
    live = None
    if args.recording is None:
        from jinmaek.tasks.choose import Refused
        from jinmaek.views.web.live import Live

        try:
            live = Live(rules, args.tasks, args.lang)
            live.start()
        except Refused as refused:
            raise SourceUnreadable(f"--tasks {args.tasks}", str(refused), "leave it out") from None
    app = application(live, archive, rules)
    shown = host if ":" not in host else f"[{host}]"
    scheme = "http" if tls is None else "https"
    print(
        f"jinmaek: {scheme}://{shown}:{listening.getsockname()[1]}/ (Ctrl-C stops)",
        file=sys.stderr,
        flush=True,
    )
    try:
        serve(guard(app, token=token, hosts=hosts), app.state.hub, listening, tls)
    finally:
        if live is not None:
            live.stop()
        if archive is not None:
            archive.close()
    return 0


def address(text: str) -> tuple[str, int]:
    """``HOST:PORT``, ``[::1]:PORT``. Raises ``Usage``."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise Usage(f"--listen {text}", "it is not HOST:PORT", f"write it like {LISTEN}")
    return host, int(port)


def loopback(host: str) -> bool:
    """Whether nobody else reaches an address."""
    from ipaddress import ip_address

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def own_names(host: str) -> frozenset[str]:
    """Names and addresses a request may ask for where ``host`` is listened on."""
    if loopback(host):
        return frozenset({host.lower()})
    found = {host, socket.gethostname(), socket.getfqdn()}
    try:
        for *_, where in socket.getaddrinfo(socket.gethostname(), None):
            found.add(str(where[0]))
    except OSError:
        pass  # a host that does not know its own name is asked by address
    return frozenset(name.lower() for name in (*found, *_routed()))


def _routed() -> list[str]:
    """The addresses from which this host speaks to others. Nothing is sent."""
    found: list[str] = []
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((elsewhere, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue  # no such network here
    return found


def _token(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            token = file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SourceUnreadable(path, why or str(error), "--token-file wants one line of text") from None
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise Usage(
            f"--token-file {path}",
            f"a token is one word of at least {SHORTEST} ASCII characters",
            f"openssl rand -hex 32 > {path}",
        )
    return token


def _tls(cert: str | None, key: str | None) -> tuple[str, str] | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise Usage("--tls-cert and --tls-key", "one needs the other", "give both")
    import ssl

    try:
        for path in (cert, key):
            os.stat(path)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except ssl.SSLError as error:
        raise SourceUnreadable(cert, error.reason or "no certificate", "give PEM files that fit") from None
    return cert, key


def _archive(path: str | None, rules: tuple[Rule, ...]) -> Archive | None:
    """The recording asked for; else the one that is being written on this host, for what was before."""
    from jinmaek.history.recording import folder
    from jinmaek.views.web.archive import Archive, NotThere

    where = folder.default() if path is None else path
    if path is None and folder.recorder(where) is None:
        return None
    try:
        return Archive(where, rules)
    except OSError as error:
        if path is None:
            return None
        raise SourceUnreadable(where, error.strerror or str(error), "jinmaek record makes one") from None
    except NotThere as empty:
        if path is None:
            return None
        raise SourceUnreadable(where, str(empty), "is it the folder jinmaek record writes to?") from None
