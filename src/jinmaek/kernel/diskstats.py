"""/proc/diskstats: what every block device and partition did since it appeared.

    254 0 vda 93056 28346 3200426 14404 10052 26145 2064080 8158 0 9052 22911 3600 105 96352 279 1098 68

block/genhd.c diskstats_show(). 14 words, 18 with discards (4.18), 20 with flushes (5.5); the lines of 7 words
that partitions had before 2.6.25 tell no time and are skipped. A sector is 512 bytes on every device.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Metric, Reader, counter, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SECTOR = 512
MS = 1000


@row
class Disk:
    """One block device; a partition's I/O is counted at its disk too, and so is that of a mapped device."""

    device: str
    read_ios: int = counter("count", "reads completed", "node_disk_reads_completed_total")
    read_merges: int = counter("count", "reads merged into a queued one", "node_disk_reads_merged_total")
    read_sectors: int = counter("bytes", "data read", "node_disk_read_bytes_total")
    read_ticks: float = counter("seconds", "time spent by all reads", "node_disk_read_time_seconds_total")
    write_ios: int = counter("count", "writes completed", "node_disk_writes_completed_total")
    write_merges: int = counter("count", "writes merged into a queued one", "node_disk_writes_merged_total")
    write_sectors: int = counter("bytes", "data written", "node_disk_written_bytes_total")
    write_ticks: float = counter("seconds", "time spent by all writes", "node_disk_write_time_seconds_total")
    in_flight: int = gauge("count", "requests handed to the device, not finished", "node_disk_io_now")
    io_ticks: float = counter(
        "seconds", "time during which at least one request was in flight", "node_disk_io_time_seconds_total"
    )
    time_in_queue: float = counter(
        "seconds",
        "time spent by all requests, unfinished ones too",
        "node_disk_io_time_weighted_seconds_total",
    )
    discard_ios: int | None = counter("count", "discards completed", "node_disk_discards_completed_total")
    discard_merges: int | None = counter("count", "discards merged", "node_disk_discards_merged_total")
    discard_sectors: int | None = counter(
        "bytes", "data discarded", Metric("node_disk_discarded_sectors_total", factor=SECTOR)
    )
    discard_ticks: float | None = counter(
        "seconds", "time spent by all discards", "node_disk_discard_time_seconds_total"
    )
    flush_ios: int | None = counter("count", "cache flushes completed", "node_disk_flush_requests_total")
    flush_ticks: float | None = counter(
        "seconds", "time spent by all cache flushes", "node_disk_flush_requests_time_seconds_total"
    )


def parse(text: str) -> Iterator[Disk]:
    """Rows of /proc/diskstats in the kernel's order: a disk before its partitions."""
    for index, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or len(words) == 7:
            continue
        if len(words) < 14:
            raise Malformed(index, "fewer than 14 words")
        n = [unsigned(word, index) for word in words[3:20]]
        discards = len(n) >= 15
        flushes = len(n) >= 17
        yield Disk(
            device=words[2],
            read_ios=n[0],
            read_merges=n[1],
            read_sectors=n[2] * SECTOR,
            read_ticks=n[3] / MS,
            write_ios=n[4],
            write_merges=n[5],
            write_sectors=n[6] * SECTOR,
            write_ticks=n[7] / MS,
            in_flight=n[8],
            io_ticks=n[9] / MS,
            time_in_queue=n[10] / MS,
            discard_ios=n[11] if discards else None,
            discard_merges=n[12] if discards else None,
            discard_sectors=n[13] * SECTOR if discards else None,
            discard_ticks=n[14] / MS if discards else None,
            flush_ios=n[15] if flushes else None,
            flush_ticks=n[16] / MS if flushes else None,
        )


READERS = (Reader(table="diskstats", path="proc/diskstats", row=Disk, parse=parse),)
