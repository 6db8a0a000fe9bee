"""The knobs: one file per family, each with ``KNOBS``, found by walking the folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from jinmaek.advice.knob import Knob


@cache
def knobs() -> tuple[Knob, ...]:
    """Every knob there is, ordered by name."""
    found: list[Knob] = []
    for module in pkgutil.iter_modules(__path__):
        found.extend(importlib.import_module(f"{__name__}.{module.name}").KNOBS)
    return tuple(sorted(found, key=lambda knob: knob.name))
