"""What the texts of ``jinmaek tune`` are made of: sentences, values, commands that can be typed."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import assert_never

from jinmaek.advice.knob import Kind, Knob, Value
from jinmaek.advice.said import Amount, Blank, Said
from jinmaek.advice.seen import Fact
from jinmaek.i18n import tr
from jinmaek.views.plain import safe
from jinmaek.views.units import amount

SYSCTL_FILE = "/etc/sysctl.d/90-jinmaek.conf"
TMPFILES_FILE = "/etc/tmpfiles.d/90-jinmaek.conf"


def text(said: Said, lang: str) -> str:
    """A sentence in a language."""
    return tr(lang, said.template).format(**{name: _blank(value, lang) for name, value in said.blanks})


def _blank(value: Blank, lang: str) -> str:
    match value:
        case Amount(number, unit):
            return amount(number, unit)
        case Said():
            return text(value, lang)
        case str():
            return safe(value)
        case int():
            return str(value)
        case _:
            assert_never(value)


def kind(of: Kind, lang: str) -> str:
    match of:
        case "misfit":
            return tr(lang, "misfit")
        case "irrelevant":
            return tr(lang, "irrelevant here")
        case "fits":
            return tr(lang, "fits")
        case "unknown":
            return tr(lang, "unknown")
        case _:
            assert_never(of)


def full(knob: Knob) -> str:
    """Its name as an administrator writes it."""
    return knob.name if knob.words else f"vm.{knob.name}"


def worth(knob: Knob, value: Value | None) -> str:
    """A value with its unit."""
    if value is None:
        return "-"
    return f"{value} {knob.unit}".rstrip()


def setting(knob: Knob, value: Value) -> str:
    """The command that sets it, for a shell."""
    return f"echo {value} > /{knob.path}" if knob.words else f"sysctl -w vm.{knob.name}={value}"


def our_setting(
    name: str, value: Value, *, cgroup: str | None = None, force: bool = False, measure: bool = False
) -> str:
    """The same with this program, which checks it, reads it back, and can measure what it does."""
    words = ["jinmaek tune", "--measure --revert --apply" if measure else "--apply", f"{name}={value}"]
    if cgroup is not None:
        words += ["--cgroup", quote(f"/{cgroup}")]
    return " ".join([*words, "--force"] if force else words)


def undoing(undo: Sequence[tuple[Knob, Value]]) -> list[str]:
    """The commands that take it back."""
    return [setting(knob, value) for knob, value in undo]


def lasting(knob: Knob, value: Value) -> tuple[str, str]:
    """The line that keeps it over a restart, and the file for it."""
    if knob.words:
        return f"w /{knob.path} - - - - {value}", TMPFILES_FILE
    return f"vm.{knob.name} = {value}", SYSCTL_FILE


def fact(item: Fact, lang: str) -> str:
    """``vmstat.pgscan_file = 12 pages since boot``."""
    when = {
        "now": "",
        "in this look": tr(lang, "in this look"),
        "since boot": tr(lang, "since boot"),
    }[item.span]
    return f"{item.column} = {amount(item.value, item.unit)} {when}".rstrip()
