"""Metric families and their samples: what is written for a scrape, and pushed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["counter", "gauge", "untyped"]
"""``untyped``: what grows under a name without ``_total``, as node_exporter has it (vmstat, netstat)."""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, kind and one line of help."""

    name: str
    kind: Kind
    help: str


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a family. Labels are sorted by name, their values valid and harmless text."""

    family: Family
    labels: tuple[tuple[str, str], ...]
    text: str = field(repr=False, compare=False)
    """As it stands before its value in the text format."""


Sample = tuple[Series, float]
Samples = list[Sample]


def series(family: Family, labels: Mapping[str, str]) -> Series:
    """A series with any labels: names of processes and devices may hold anything."""
    named = tuple((name, _harmless(labels[name])) for name in sorted(labels))
    inside = ",".join(f'{name}="{escaped(value)}"' for name, value in named)
    return Series(family, named, f"{family.name}{{{inside}}}" if inside else family.name)


def escaped(text: str) -> str:
    """A label's value as the text formats quote it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _harmless(text: str) -> str:
    """No lone surrogate, which is no UTF-8, and nothing that steers the terminal of who looks at it."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
