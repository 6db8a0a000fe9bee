"""The entries: one module per family of words, each with a ``TITLE`` and ``ENTRIES``, found by walking."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from jinmaek.explain.entry import Entry


@cache
def topics() -> tuple[tuple[str, str, tuple[Entry, ...]], ...]:
    """Name, title and entries of each family, in the order of names."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    loaded = [(name, importlib.import_module(f"{__name__}.{name}")) for name in modules]
    return tuple((name, module.TITLE, module.ENTRIES) for name, module in loaded)
