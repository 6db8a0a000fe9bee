"""Block devices."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Disks: requests, latency, queue, use"

SOURCE = "block/genhd.c diskstats_show(); Documentation/admin-guide/iostats.rst"

ENTRIES = (
    Entry(
        names=("diskstats.read_ios", "diskstats.write_ios"),
        words=("iops", "IOPS"),
        text=(
            "Requests completed, after merging. Partitions and the device beneath them, or a RAID and its"
            " disks, count the same I/O each: add up one level only."
        ),
        steps=(
            Step("reads", "count/s", "rate(diskstats.read_ios)"),
            Step("", "count/s", "rate(diskstats.write_ios)"),
        ),
        source=SOURCE,
        see=("diskstats.read_ticks",),
    ),
    Entry(
        names=("diskstats.read_sectors", "diskstats.write_sectors"),
        text="Bytes moved. A sector is always 512 bytes here, whatever the device has.",
        steps=(
            Step("read", "bytes/s", "rate(diskstats.read_sectors)"),
            Step("", "bytes/s", "rate(diskstats.write_sectors)"),
        ),
        source=SOURCE,
        see=("vmstat.pgpgin",),
    ),
    Entry(
        names=("diskstats.read_ticks", "diskstats.write_ticks"),
        words=("await", "latency", "disk latency", "지연 시간"),
        text=(
            "Time all requests spent, from being handed over to completion, queueing included. Divided by the"
            " number of requests it is await: how long one takes. Usual: a disk 5 to 15 ms, an SSD below 1"
            " ms, a network disk some ms. This and the waiting threads tell whether a disk is slow; use does"
            " not."
        ),
        steps=(
            Step("read_await", "seconds", "diskstats.read_ticks / diskstats.read_ios"),
            Step("", "seconds", "diskstats.write_ticks / diskstats.write_ios"),
        ),
        source=SOURCE,
        see=("diskstats.io_ticks", "diskstats.time_in_queue"),
    ),
    Entry(
        names=("diskstats.io_ticks",),
        words=("util", "%util", "disk utilisation", "디스크 사용률"),
        text=(
            "Time with at least one request in flight; its growth is util of iostat. 100 % means that the"
            " device was never idle, not that it can do no more: an SSD serves dozens of requests at once."
            " Since 5.0 it is sampled at the tick and can be too high; more than the mean queue (aqu) is"
            " impossible and means that it is wrong."
        ),
        steps=(Step("", "ratio", "rate(diskstats.io_ticks)"),),
        source="block/blk-core.c update_io_ticks()",
        see=("diskstats.time_in_queue", "diskstats.read_ticks"),
    ),
    Entry(
        names=("diskstats.time_in_queue",),
        words=("aqu", "aqu-sz", "queue length"),
        text=(
            "The time of all requests added up; its growth per second is the mean number of requests in"
            " flight (aqu-sz)."
        ),
        steps=(Step("", "count", "rate(diskstats.time_in_queue)"),),
        source=SOURCE,
        see=("diskstats.in_flight",),
    ),
    Entry(
        names=("diskstats.in_flight",),
        text=(
            "Requests the device has not finished, now. The one figure of the line that is no counter. If"
            " threads wait in D and this is 0 on all disks, they do not wait for a disk."
        ),
        source=SOURCE,
        see=("state.D", "stat.procs_blocked"),
    ),
    Entry(
        names=("diskstats.read_merges", "diskstats.write_merges"),
        text="Neighbouring requests the kernel joined. Many mean sequential access; none is normal for NVMe.",
        source=SOURCE,
    ),
    Entry(
        names=("diskstats.discard_*",),
        words=("discard", "TRIM"),
        text=(
            "TRIM: blocks the file system does not need any more (4.18). They can be slow, and count in the"
            " queue."
        ),
        source=SOURCE,
    ),
    Entry(
        names=("diskstats.flush_*",),
        words=("flush", "fsync"),
        text=(
            "Orders to empty the device's own cache, of fsync() and of journals (5.5). A device that takes"
            " long for them holds up every database and every commit of the journal."
        ),
        steps=(Step("", "seconds", "diskstats.flush_ticks / diskstats.flush_ios"),),
        source=SOURCE,
    ),
)
