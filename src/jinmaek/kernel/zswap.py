"""/sys/module/zswap/parameters/*: whether pages on their way to swap are kept compressed in RAM first.

    enabled N
    max_pool_percent 20

mm/zswap.c module_param_named(); Documentation/admin-guide/mm/zswap.rst. Absent where zswap is not built in.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, TreeReader, columns_of, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/module/zswap/parameters"
SWITCHES = {"Y": 1, "N": 0}
PERCENT = 100


@row
class Zswap:
    """The settings of zswap."""

    zpool: str | None
    """What keeps the pages: zsmalloc, or before 6.15 also zbud or z3fold."""
    enabled: int | None = gauge(
        "count", "1: pages are kept compressed in RAM before they reach the swap device"
    )
    max_pool_percent: float | None = gauge("ratio", "of RAM the compressed pages may take")
    shrinker_enabled: int | None = gauge("count", "1: cold pages are written on to the device early (6.8)")


NAMES = tuple(columns_of(Zswap))


def _switch(word: str) -> int:
    if word not in SWITCHES:
        raise Malformed(1, f"neither Y nor N: {word[:40]!r}")
    return SWITCHES[word]


def parse(files: Mapping[str, str]) -> Iterator[Zswap]:
    """One row of what could be read."""
    values: dict[str, object] = {}
    if zpool := files.get(f"{FOLDER}/zpool", "").split():
        values["zpool"] = zpool[0]
    for name in NAMES:
        words = files.get(f"{FOLDER}/{name}", "").split()
        if words:
            percent = name == "max_pool_percent"
            values[name] = unsigned(words[0], 1) / PERCENT if percent else _switch(words[0])
    yield Zswap(**values)  # type: ignore[arg-type]


READERS = (
    TreeReader(
        table="zswap",
        paths=tuple(f"{FOLDER}/{name}" for name in (*NAMES, "zpool")),
        row=Zswap,
        parse=parse,
    ),
)
