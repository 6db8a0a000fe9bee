"""/sys/devices/system/node/node*/numastat: where pages were allocated, seen from each node.

    numa_hit 190960

drivers/base/node.c node_read_numastat(). Frozen while vm.numa_stat is 0.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, TreeReader, columns_of, counter, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "sys/devices/system/node"


@row
class Numastat:
    """Allocations of one memory node, in pages."""

    node: int
    numa_hit: int | None = counter("pages", "pages wanted from this node and got from it")
    numa_miss: int | None = counter("pages", "pages wanted from another node, got from this one")
    numa_foreign: int | None = counter("pages", "pages wanted from this node, got from another one")
    interleave_hit: int | None = counter("pages", "pages interleaved here as intended")
    local_node: int | None = counter("pages", "pages got from this node by its own CPUs")
    other_node: int | None = counter("pages", "pages got from this node by the CPUs of another")


def parse(files: Mapping[str, str]) -> Iterator[Numastat]:
    """One row per node, in order."""
    nodes: dict[int, dict[str, int]] = {}
    for path, text in files.items():
        node = unsigned(path.rpartition("/")[0].rpartition("/node")[2], 0)
        for line, words in enumerate(map(str.split, text.splitlines()), 1):
            if len(words) < 2:
                raise Malformed(line, "no value")
            if words[0] in columns_of(Numastat):
                nodes.setdefault(node, {})[words[0]] = unsigned(words[1], line)
    for number, counts in sorted(nodes.items()):
        yield Numastat(node=number, **counts)


READERS = (TreeReader(table="numastat", paths=(f"{FOLDER}/node*/numastat",), row=Numastat, parse=parse),)
