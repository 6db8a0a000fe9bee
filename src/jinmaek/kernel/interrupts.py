"""/proc/interrupts: how often each source interrupted, summed over the CPUs.

               CPU0       CPU1
     36:          0      95266 PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0
    LOC:      24250      32323   Local timer interrupts
    ERR:          0

kernel/irq/proc.c show_interrupts() and the architecture's arch_show_interrupts(). Only CPUs that are online
have a count. node_exporter has one series per CPU and source; this table answers "which source".
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, counter, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Interrupt:
    """One source: a number for a device, letters for what CPUs send themselves and each other."""

    irq: str
    info: str
    """Controller, kind and the names of those who asked for it; a sentence for lettered sources."""
    count: int = counter("count", "interrupts of this source on all CPUs that are online")


def parse(text: str) -> Iterator[Interrupt]:
    """Rows of /proc/interrupts."""
    heading, _, body = text.partition("\n")
    cpus = len(heading.split())
    if not cpus or not all(word.startswith("CPU") for word in heading.split()):
        raise Malformed(1, "no heading of CPUs")
    for index, line in enumerate(body.split("\n"), 2):
        name, colon, rest = line.partition(":")
        if not colon:
            continue
        words = rest.split()
        counts = 0
        # A source that is not counted by CPU (ERR, MIS) has one number.
        while counts < min(cpus, len(words)) and words[counts].isdecimal():
            counts += 1
        if not counts:
            raise Malformed(index, "no count")
        yield Interrupt(
            irq=name.strip(),
            info=" ".join(words[counts:]),
            count=sum(unsigned(word, index) for word in words[:counts]),
        )


READERS = (Reader(table="interrupts", path="proc/interrupts", row=Interrupt, parse=parse),)
