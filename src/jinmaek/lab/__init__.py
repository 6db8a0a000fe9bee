"""The lab: claims about the kernel as experiments on the kernel that runs, and conditions made real.

One file for each experiment, found by walking the folders: a folder is a subject (``swap``), a file is one
experiment (``out_and_back.py``: ``swap.out-and-back``) and holds one ``EXPERIMENT``.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from jinmaek.lab.experiment import Experiment

TOOLS = frozenset({"make", "peers"})
"""Folders that hold no experiments."""


@cache
def experiments() -> tuple[Experiment, ...]:
    """Every experiment there is: by chapter, then by name."""
    found: list[Experiment] = []
    for folder in pkgutil.iter_modules(__path__):
        if folder.ispkg and folder.name not in TOOLS:
            package = importlib.import_module(f"{__name__}.{folder.name}")
            modules = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
            found.extend(importlib.import_module(module.name).EXPERIMENT for module in modules)
    return tuple(sorted(found, key=lambda one: (one.chapter or 9, one.name)))
