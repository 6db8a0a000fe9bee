"""``jinmaek agent``: record this host, judge it, and tell Prometheus."""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from jinmaek.cli import door, engine, limits
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage
from jinmaek.cli.record import add_options, size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from jinmaek.agent.running import Page, Push, Settings

SUMMARY = "record this host, judge it, and tell Prometheus: /metrics, remote write, OTLP"

LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add_options(parser)
    add("--judge", type=seconds, default=15.0, metavar="TIME", help="between two judgements (default 15s)")
    add("--groups", type=int, default=20, metavar="N",
        help="groups of processes that are told apart, by name (default 20); the rest is one")  # fmt: skip
    add("--cgroups", type=int, default=100, metavar="N",
        help="control groups that are told, those near the root first (default 100)")  # fmt: skip
    limits.add_option(parser)
    add("--samples", type=int, metavar="N", help="stop after N samples")
    door.add_options(parser)
    add("--web", action="store_true", help="the page of jinmaek web there too")
    push = parser.add_argument_group("sending it elsewhere")
    push.add_argument(
        "--remote-write", metavar="URL", help="Prometheus remote write: http://HOST:9090/api/v1/write"
    )
    push.add_argument("--otlp", metavar="URL", help="OTLP over HTTP: http://HOST:4318")
    push.add_argument(
        "--push-interval", type=seconds, default=15.0, metavar="TIME", help="how often (default 15s)"
    )
    push.add_argument(
        "--push-token-file", metavar="FILE", help="a bearer token to show, read anew every time"
    )
    push.add_argument("--push-header-file", metavar="FILE", help="more headers, one NAME: VALUE a line")
    push.add_argument("--push-ca-file", metavar="FILE", help="certificates to trust, in PEM")
    push.add_argument("--label", type=label, action="append", default=[], metavar="NAME=VALUE",
        help="of every series sent, besides job=jinmaek and instance=HOSTNAME")  # fmt: skip
    push.add_argument(
        "--queue", metavar="DIR", help="where what cannot be sent waits (default beside the recording)"
    )
    push.add_argument("--queue-size", type=size, default=256 << 20, metavar="SIZE",
        help="the most that waits there for each (default 256M)")  # fmt: skip
    push.add_argument("--queue-age", type=seconds, default=86_400.0, metavar="TIME",
        help="drop what has waited longer (default 24h)")  # fmt: skip


def label(text: str) -> tuple[str, str]:
    """A label: ``env=prod``."""
    name, equals, value = text.partition("=")
    if not equals or not LABEL.fullmatch(name) or name.startswith("__"):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return name, value


def run(args: argparse.Namespace) -> int:
    """Go on until told to stop."""
    from jinmaek.agent import http, running
    from jinmaek.agent.push import queue
    from jinmaek.history.recording import folder
    from jinmaek.tasks.choose import Refused

    settings = _settings(args)
    try:
        with _page(args, settings) as page:
            running.run(settings, _say, page)
    except folder.Busy as busy:
        raise Failure(
            settings.recording, str(busy), "stop it: an agent records too, or name another folder"
        ) from None
    except queue.Busy as busy:
        raise Failure(str(busy), "another agent fills that queue", "name another with --queue") from None
    except Refused as refused:
        raise SourceUnreadable(f"--tasks {args.tasks}", refused.gap.detail, "use --tasks auto") from None
    except http.CannotListen as taken:
        raise Failure(
            args.listen, str(taken), "is an agent running there? --listen names another address"
        ) from None
    except http.BadCertificate as bad:
        raise Failure(args.tls_cert, str(bad), "is it a certificate in PEM, and --tls-key its key?") from None
    except http.NotInstalled:
        raise SourceUnreadable(
            "agent", "the library uvicorn is not installed", "pip install 'jinmaek[web]'"
        ) from None
    except ImportError as absent:
        what = "push" if settings.pushes else "web"
        raise SourceUnreadable("agent", str(absent), f"pip install 'jinmaek[{what}]'") from None
    except running.Died as died:
        raise Failure(f"the thread {died}", "ended by a fault of ours", "see above, and tell us") from None
    return 0


def _page(args: argparse.Namespace, settings: Settings) -> AbstractContextManager[Page | None]:
    if not args.web:
        return nullcontext()
    try:
        from jinmaek.cli.agent_page import page
    except ModuleNotFoundError as missing:
        raise SourceUnreadable(
            "--web", f"the module {missing.name} is not installed", "pip install 'jinmaek[web]'"
        ) from None
    return page(settings)


def _settings(args: argparse.Namespace) -> Settings:
    from jinmaek.agent.running import Settings
    from jinmaek.history.recording import folder

    if not 0.1 <= args.interval <= 60:
        raise Usage("--interval", f"{args.interval:g} s is not between 100ms and 60s", "1s is what most want")
    if not 1 <= args.judge <= 300:
        raise Usage("--judge", f"{args.judge:g} s is not between 1s and 5m", "15s is what most want")
    if not 0 <= args.groups <= 1000 or not 0 <= args.cgroups <= 10_000:
        raise Usage("--groups and --cgroups", "that many are not to be told apart", "20 and 100 do well")
    if args.samples is not None and args.samples < 1:
        raise Usage("--samples", f"{args.samples} is not a positive count", "give 1 or more")
    recording = os.path.abspath(args.recording or folder.default())
    return Settings(
        recording=recording,
        door=door.chosen(args),
        interval=args.interval,
        way=args.tasks,
        keep_s=args.keep,
        keep_bytes=args.keep_size,
        rules=limits.chosen(args),
        every=args.judge,
        groups=args.groups,
        cgroups=args.cgroups,
        pushes=tuple(_pushes(args, recording)),
        samples=args.samples,
    )


def _pushes(args: argparse.Namespace, recording: str) -> list[Push]:
    from jinmaek.agent.running import Push
    from jinmaek.history.prometheus.access import BadAddress, address

    if not 1 <= args.push_interval <= 3600:
        raise Usage("--push-interval", "it is not between 1s and 1h", "15s is what most want")
    labels = dict(args.label) or {}
    labels.setdefault("job", "jinmaek")
    labels.setdefault("instance", os.uname().nodename)
    queues = os.path.abspath(args.queue or f"{os.path.dirname(recording)}/push")
    found = []
    if args.push_ca_file is not None and not os.access(args.push_ca_file, os.R_OK):
        raise SourceUnreadable(args.push_ca_file, "it cannot be read", "--push-ca-file wants a file in PEM")
    headers = _headers(args)
    for option, to, url in (
        ("--remote-write", "remote-write", args.remote_write),
        ("--otlp", "otlp", args.otlp),
    ):
        if url is None:
            continue
        try:
            address(url)
        except BadAddress as bad:
            raise Usage(option, str(bad)) from None
        found.append(
            Push(
                to="otlp" if to == "otlp" else "remote-write",
                url=url,
                folder=f"{queues}/{to}",
                labels=labels,
                headers=headers,
                ca_file=args.push_ca_file,
                interval=args.push_interval,
                most_bytes=args.queue_size,
                oldest=args.queue_age,
            )
        )
    return found


def _headers(args: argparse.Namespace) -> Callable[[], Mapping[str, str]]:
    """What is sent along, read from the files each time: a token may be a new one by then."""
    token, more = args.push_token_file, args.push_header_file

    def read() -> dict[str, str]:
        found = dict(engine.headers(more)) if more is not None else {}
        if token is not None:
            found["Authorization"] = f"Bearer {engine.secret(token)}"
        return found

    def later() -> dict[str, str]:
        try:
            return read()
        except SourceUnreadable as unreadable:
            raise OSError(errno.EACCES, str(unreadable), token or more) from None

    read()  # what is wrong with a file is said at the start
    return later


def _say(text: str) -> None:
    print(f"jinmaek: {text}", file=sys.stderr, flush=True)
