"""One file per kernel interface: a row type, a pure ``parse``, and ``READERS``.

Readers are named by the kernel file they read and columns by the kernel's own field names.
``parse`` may raise only ``Malformed``; lines it does not know and extra words are skipped,
a column this kernel lacks is ``None``, and no reader ever asks for the kernel's version.

What only a system call tells (cachestat, mincore, statx) stands here too, without ``READERS``: no captured
tree can answer it. Such calls raise ``OSError``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.columns import Reader, TreeReader


def readers() -> tuple[Reader | TreeReader, ...]:
    """Every reader in this folder, found by walking it, ordered by table name."""
    # Here, not above: with typing in its wake, pkgutil costs more than reading a kernel file.
    import importlib
    import pkgutil

    found: list[Reader | TreeReader] = []
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found.extend(getattr(loaded, "READERS", ()))
    return tuple(sorted(found, key=lambda reader: reader.table))
