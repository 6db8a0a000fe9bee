"""Reference pages of Markdown: every column of every kernel table, and every command with its options."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from jinmaek.catalog import Ref
from jinmaek.i18n import explained, tr
from jinmaek.views.rules_markdown import plain

HIDDEN = argparse.SUPPRESS


def columns(refs: Iterable[Ref], lang: str) -> str:
    """A section for each table, a line for each of its columns."""
    heads = tr(lang, "column"), tr(lang, "kind"), tr(lang, "unit"), tr(lang, "meaning"), "Prometheus"
    lines: list[str] = []
    table = ""
    for one in refs:
        if one.table != table:
            table = one.table
            labels = f"; {tr(lang, 'labels')}: {', '.join(one.labels)}" if one.labels else ""
            lines += ["", f"## {plain(table)}", "", f"`{one.file}`{labels}", ""]
            lines += [f"| {' | '.join(heads)} |", "|---|---|---|---|---|"]
        kind = {"counter": tr(lang, "counter"), "gauge": tr(lang, "gauge")}[one.column.kind]
        meaning = plain(explained(lang, one.column.help))
        lines.append(
            f"| `{one.column.name}` | {kind} | {one.column.unit} | {meaning} | `{one.metric.name}` |"
        )
    return "\n".join((*lines[1:], ""))


def commands(parsers: Iterable[tuple[str, str, argparse.ArgumentParser]]) -> str:
    """A section for each command: what it does, and its arguments."""
    return "\n".join(line for name, summary, parser in parsers for line in _command(name, summary, parser))


def _command(name: str, summary: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield from (f"## jinmaek {name}", "", plain(_sentence(summary)), "")
    below: list[tuple[str, argparse.ArgumentParser, str]] = []
    rows: list[str] = []
    for action in parser._actions:  # argparse has no other list of them
        if isinstance(action, argparse._SubParsersAction):
            told = {one.dest: one.help or "" for one in action._choices_actions}
            below += [(word, made, told.get(word, "")) for word, made in action.choices.items()]
        elif action.help != HIDDEN:
            rows.append(f"| {_called(action)} | {plain((action.help or '').replace('%%', '%'))} |")
    yield from ("| | |", "|---|---|", *rows, "")
    for word, made, help_text in below:
        yield from _command(f"{name} {word}", help_text, made)


def _called(action: argparse.Action) -> str:
    """The argument as it is written: ``-n N``, ``--json``, ``PID``."""
    metavar = action.metavar
    if isinstance(metavar, tuple):
        metavar = " ".join(metavar)
    if not action.option_strings:
        return f"`{metavar or action.dest.upper()}`"
    value = ""
    if action.nargs != 0:
        choices = f"{{{','.join(map(str, action.choices))}}}" if action.choices else ""
        value = " " + (metavar or choices or action.dest.upper())
    return ", ".join(f"`{option}{value}`" for option in action.option_strings)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
