"""``jinmaek web``: the page and its API, on this host's loopback unless told otherwise."""

from __future__ import annotations

import argparse
import socket
import sys

from jinmaek.agent.http import loopback
from jinmaek.cli import door, limits
from jinmaek.cli.errors import Failure, SourceUnreadable
from jinmaek.i18n import LANGUAGES, from_locale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.diagnosis.rule import Rule
    from jinmaek.views.web.archive import Archive

SUMMARY = "the page: pulse, history, processes, memory, load, swap and cgroups in a browser, and an API"


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    door.add_options(parser)
    add("--name", action="append", default=[], metavar="HOST", help="a name or address this host is asked "
        "by, besides its own; may be given again")  # fmt: skip
    add("--recording", metavar="DIR", help="show what jinmaek record wrote there, not this host as it is now")
    add("--tasks", choices=("auto", "bpf", "procfs"), default="auto", help="how processes are read")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language the time line is judged in while "
        "nobody looks; the page has its own switch")  # fmt: skip
    limits.add_option(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    here = door.chosen(args)
    rules = limits.chosen(args)
    try:
        from jinmaek.views.http_guard import LOOPBACK, guard
        from jinmaek.views.web.application import application
        from jinmaek.views.web.serve import bound, serve
    except ModuleNotFoundError as missing:
        raise Failure(
            "web", f"the module {missing.name} is not installed", "pip install 'jinmaek[web]'"
        ) from None
    tls = (here.cert_file, here.key_file) if here.cert_file and here.key_file else None
    archive = _archive(args.recording, rules)
    try:
        listening = bound(here.host, here.port)
    except OSError as error:
        raise Failure(args.listen, error.strerror or str(error), "name another with --listen") from None
    # What a name of elsewhere points to is no name of this host, token or not.
    hosts = LOOPBACK | own_names(here.host) | {name.lower().strip("[]") for name in args.name}
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
    where = here.url(listening.getsockname()[1])
    print(f"jinmaek: {where}/ (Ctrl-C stops)", file=sys.stderr, flush=True)
    try:
        serve(guard(app, token=here.token, hosts=hosts), app.state.hub, listening, tls)
    finally:
        if live is not None:
            live.stop()
        if archive is not None:
            archive.close()
    return 0


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
