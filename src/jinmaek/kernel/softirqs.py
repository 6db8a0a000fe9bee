"""/proc/softirqs: deferred interrupt work by kind and CPU.

                        CPU0       CPU1
          NET_RX:       1948       2861
           BLOCK:          0      95272

fs/proc/softirqs.c show_softirqs(). The CPUs are all possible ones, also those that are offline.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Metric, Reader, counter, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Softirq:
    """One kind of work on one CPU."""

    cpu: int
    vector: str
    count: int = counter(
        "count",
        "times this work was run",
        Metric("node_softirqs_functions_total", rename={"vector": "type"}),
    )


def parse(text: str) -> Iterator[Softirq]:
    """Rows of /proc/softirqs, kind by kind."""
    heading, _, body = text.partition("\n")
    names = heading.split()
    if not names or not all(name.startswith("CPU") for name in names):
        raise Malformed(1, "no heading of CPUs")
    cpus = [unsigned(name[3:], 1) for name in names]
    for index, line in enumerate(body.split("\n"), 2):
        vector, colon, rest = line.partition(":")
        if not colon:
            continue
        words = rest.split()
        if len(words) < len(cpus):
            raise Malformed(index, "fewer counts than CPUs")
        for cpu, word in zip(cpus, words, strict=False):
            yield Softirq(cpu=cpu, vector=vector.strip(), count=unsigned(word, index))


READERS = (Reader(table="softirqs", path="proc/softirqs", row=Softirq, parse=parse),)
