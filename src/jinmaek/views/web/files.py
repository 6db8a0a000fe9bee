"""The files of the page, read once: nothing a request names is ever looked for on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from importlib.resources.abc import Traversable

KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
CHARTS = ("uPlot.iife.min.js", "uPlot.min.css")
"""The chart library, where the build could bring it."""


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent."""

    content: bytes
    kind: str
    etag: str


@cache
def files() -> Mapping[str, File]:
    """By path; the page itself is at ``/``."""
    here = resources("jinmaek.views")
    found = {f"/static/{path}": _file(file) for path, file in _below(here / "web" / "static", "")}
    for name in CHARTS:
        file = here / "assets" / name
        found[f"/static/charts/{name}"] = _file(file) if file.is_file() else _empty(name)
    found["/"] = found.pop("/static/index.html")
    return found


def _below(folder: Traversable, base: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _below(entry, f"{base}{entry.name}/")
        elif _ending(entry.name) in KINDS:
            yield f"{base}{entry.name}", entry


def _ending(name: str) -> str:
    return name[name.rfind(".") :]


def _file(file: Traversable) -> File:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return File(content, KINDS[_ending(file.name)], f'"{digest}"')


def _empty(name: str) -> File:
    """In the place of the chart library: the page says that it has no charts."""
    return File(b"", KINDS[_ending(name)], '"none"')
