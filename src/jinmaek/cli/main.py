"""The command line: finds the command, builds its parser alone, and turns every end into an exit status.

Only the module of the command that was asked for is imported; ``--help`` imports none.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys

from jinmaek import __version__
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

COMMANDS = {
    "diagnose": "watch this host for 5 s and say what is wrong, who does it, and what only looks wrong",
    "swap": "what is in swap and whose it is, whether anybody reads it back, and whether that matters",
    "memory": "where all the memory went: buckets that add up, their owners, and who calls what used",
    "free": "memory and swap: total, used, free, shared, buff/cache, available",
    "vmstat": "run queue, memory, swapping, block I/O, interrupts and CPU, since boot and by interval",
    "top": "the processes that use most CPU or memory, once, repeatedly or live",
    "load": "what the load average is made of: CPU, disk, locks, servers, or nobody; and who",
    "smem": "memory by process, user or mapping: own (USS), proportional (PSS), resident and in swap",
    "pmap": "the mappings of a process, and what its memory figures mean",
    "capacity": "would more RAM help, when does it run out, and who grows",
    "heap": "which mapping of a process grows, what fills it, and the next tool at that pid",
    "cache": "who holds the page cache: by file, process, cgroup or file system, and whether RAM is short",
    "cgroups": "what each cgroup holds, is allowed, did and waited for, and which one is held back",
    "buddyinfo": "free memory by block size, and how fragmented it is",
    "slabtop": "kernel object caches by size, count or use",
    "explain": "what a column, field, state, sysctl or rule means, with this host's figures",
    "tune": "what each vm.* sysctl would change on this host, and setting one so that it can be taken back",
    "record": "record this host every second: what replay, diff and diagnose --at look back at",
    "diff": "what took the memory between two recorded moments, and what else changed",
    "replay": "a recording on the terminal: step, jump, play, and go to the next thing that was wrong",
    "report": "what was wrong when, on one page: findings, charts, memory, load, processes at any moment",
    "recordings": "recordings: list, verify, prune, redact, export, import from sysstat or node_exporter",
    "tui": "the whole host on one screen: findings, processes, memory, load, swap, disks, cgroups, the past",
    "mcp": "read-only tools for an assistant: diagnose, memory, load, explain, a recorded moment, diff",
    "web": "the page: pulse, history, processes, memory, load, swap and cgroups in a browser, and an API",
    "agent": "record this host, judge it, and tell Prometheus: /metrics, remote write, OTLP",
    "fleet": "all hosts that Prometheus or VictoriaMetrics knows, judged by the same rules",
    "rules": "the catalogue of rules: list, show, export for Prometheus",
    "lab": "claims about the kernel as bounded experiments on this one; recall and false alarms, measured",
    "capture": "save this host's kernel files as a tree that --root can read",
}
"""Command to summary; the module is ``jinmaek.cli.<command>``."""

DEFAULT = "diagnose"
OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Help as wide as the terminal. argparse asks shutil for the width, the dearest import of all."""
    try:
        width = int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        try:
            width = os.get_terminal_size(1).columns or 80
        except OSError:
            width = 80
    return argparse.HelpFormatter(prog, width=width - 2)


class Parser(argparse.ArgumentParser):
    """Raises ``Usage`` where argparse would print its own page and leave."""

    def error(self, message: str) -> NoReturn:
        raise Usage(self.prog.removeprefix("jinmaek "), message, f"see {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 (--fail-on), 2 usage, 3 unreadable, 130, 141."""
    for stream in (sys.stdout, sys.stderr):
        # Names may hold bytes that are no text, and the terminal may not know every character.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        status = _run(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except Failure as failure:
        return _tell(failure)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _drop_output()
        return 141
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno in OUT_OF_SPACE and error.filename is None:
            _drop_output()
            return _tell(Failure("standard output", why, "send it somewhere it can be written"))
        what = error.filename if isinstance(error.filename, str) else "input or output"
        return _tell(SourceUnreadable(what, why, "see that it can be used, or name another"))


def _run(words: list[str]) -> int:
    name = words[0] if words else DEFAULT
    if name in ("--help", "-h"):
        print(_help(), end="")
        return 0
    if name in ("--version", "-V"):
        print(f"jinmaek {__version__}")
        return 0
    if name.startswith("-"):
        name = DEFAULT
    else:
        words = words[1:]
    if name not in COMMANDS:
        raise Usage(name, "there is no such command", _nearest(name))
    module = importlib.import_module(f"jinmaek.cli.{name}")
    # A view may give -h the meaning it has in the original tool; --help stays.
    parser = Parser(
        prog=f"jinmaek {name}",
        description=module.SUMMARY,
        conflict_handler="resolve",
        formatter_class=_formatter,
    )
    module.build(parser)
    try:
        args = parser.parse_args(words)
    except SystemExit as done:  # --help has printed its page
        return int(done.code or 0)
    status: int = module.run(args)
    return status


def _tell(failure: Failure) -> int:
    """One line, whatever a file name or an argument holds."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(failure))
    print(f"jinmaek: {line}", file=sys.stderr)
    return failure.status


def _drop_output() -> None:
    """Nobody reads standard output any more: the interpreter must not try to flush it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _nearest(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else "see jinmaek --help"


def _help() -> str:
    lines = [
        "usage: jinmaek [COMMAND] [OPTIONS]",
        "",
        "Takes the pulse of a Linux host. Without a command, or with an option first, it is diagnose.",
        "",
        "commands:",
        *(f"  {name:<10} {summary}" for name, summary in COMMANDS.items()),
        "",
        "options:",
        "  --help     this page; jinmaek COMMAND --help shows the options of a command",
        "  --version  the version",
        "",
        "exit status: 0 done; 1 a finding at or above --fail-on; 2 usage; 3 the source cannot be read",
    ]
    return "\n".join(lines) + "\n"
