"""The catalogue: one file per rule, data only, found by walking the folders.

A folder is a subject (``memory``), a file is a bad state of it (``cache_heavy.py``: ``memory.cache-heavy``)
and holds one ``RULE``. Quantities that several rules speak of are in ``terms``.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from jinmaek.diagnosis.rule import Rule


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule there is, ordered by id."""
    found: list[Rule] = []
    for folder in pkgutil.iter_modules(__path__):
        if folder.ispkg:
            package = importlib.import_module(f"{__name__}.{folder.name}")
            modules = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
            found.extend(importlib.import_module(module.name).RULE for module in modules)
    return tuple(sorted(found, key=lambda rule: rule.id))
