"""/sys/devices/system/edac/mc/mc*/{ce,ue}_count: memory errors the hardware has seen, by controller.

    ce_count: 3
    ue_count: 0

drivers/edac/edac_mc_sysfs.c. Only with an EDAC driver for this chipset; virtual machines have none.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, counter, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/devices/system/edac/mc/mc"
FILES = ("ce_count", "ue_count")


@row
class Edac:
    """One memory controller."""

    controller: str
    ce_count: int | None = counter(
        "count", "errors that were corrected", "node_edac_correctable_errors_total"
    )
    ue_count: int | None = counter(
        "count", "errors that could not be corrected", "node_edac_uncorrectable_errors_total"
    )


def parse(tree: Mapping[str, str]) -> Iterator[Edac]:
    """One row for each controller; node_exporter numbers them the same way."""
    found: dict[str, dict[str, int]] = {}
    for path, text in tree.items():
        controller, _, file = path.removeprefix(FOLDER).partition("/")
        words = text.split()
        values = found.setdefault(controller, {})
        if words and file in FILES:
            values[file] = unsigned(words[0], 1)
    for controller, values in sorted(found.items()):
        yield Edac(controller=controller, **values)


READERS = (
    TreeReader(
        table="edac", paths=tuple(f"{FOLDER}*/{name}" for name in FILES), row=Edac, parse=parse, devices=True
    ),
)
