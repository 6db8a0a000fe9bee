"""Dirty pages, writeback, and what goes to and from block devices."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Writing: dirty pages, writeback, and block I/O"

DIRTYABLE = (
    Step(
        "reserve",
        "pages",
        "sum(min(zoneinfo.managed, zoneinfo.protection_max + zoneinfo.high - (zoneinfo.boost or 0)))",
    ),
    Step(
        "dirtyable",
        "pages",
        "max(0, meminfo.MemFree / page - reserve) + (meminfo.Active_file + meminfo.Inactive_file) / page + 1",
    ),
    Step(
        "writers",
        "pages",
        "sys_vm.dirty_bytes / page if sys_vm.dirty_bytes > 0"
        " else dirtyable * (sys_vm.dirty_ratio * page // 1) // page",
    ),
)

ENTRIES = (
    Entry(
        names=("meminfo.Dirty", "vmstat.nr_dirty"),
        words=("dirty page", "dirty pages", "더티 페이지"),
        text=(
            "Data that programs believe written and that so far is only in memory. It goes to disk after 30 s"
            " (vm.dirty_expire_centisecs), when vm.dirty_background_ratio is reached, or at fsync(). It is"
            " lost in a crash. MemAvailable counts it as available although it must be written first."
        ),
        here="{meminfo.Dirty} wait to be written, {meminfo.Writeback} are being written.",
        source="mm/page-writeback.c",
        see=("meminfo.Writeback", "vmstat.nr_dirty_threshold"),
    ),
    Entry(
        names=("meminfo.Writeback", "vmstat.nr_writeback"),
        words=("writeback", "라이트백"),
        text=(
            "Pages on their way to the device right now. If it stays high while the device writes little, the"
            " device (or an NFS server) does not keep up, and whoever wants to write waits in D."
        ),
        source="mm/page-writeback.c",
        see=("meminfo.Dirty", "diskstats.in_flight"),
    ),
    Entry(
        names=("meminfo.WritebackTmp", "vmstat.nr_writeback_temp"),
        text=(
            "Copies that FUSE made of pages, so that a stuck daemon does not hold up reclaim. Not used since"
            " 6.16."
        ),
        source="fs/fuse/file.c",
        see=("meminfo.Writeback",),
    ),
    Entry(
        names=("vmstat.nr_zone_write_pending", "zoneinfo.nr_zone_write_pending"),
        text=(
            "Dirty and writeback pages by zone: reclaim looks here to see whether waiting for writes would"
            " help."
        ),
        see=("meminfo.Dirty",),
    ),
    Entry(
        names=("vmstat.nr_dirtied", "vmstat.nr_written"),
        text=(
            "Pages that became dirty and pages that were written since boot. The difference in growth is how"
            " fast dirty data piles up. A page written to again before it reached the disk is dirtied once."
        ),
        steps=(
            Step("dirtied", "bytes/s", "rate(vmstat.nr_dirtied) * page"),
            Step("", "bytes/s", "rate(vmstat.nr_written) * page"),
        ),
        source="mm/page-writeback.c",
        see=("meminfo.Dirty",),
    ),
    Entry(
        names=("vmstat.nr_dirty_threshold",),
        text=(
            "vm.dirty_ratio is a share of dirtyable memory, not of RAM: free memory without the reserves,"
            " plus the file lists. So the limit shrinks as programs grow. Writers are slowed down long before"
            " it, from halfway between this and the background threshold on: they sleep in"
            " balance_dirty_pages, in D, and that counts as I/O wait."
        ),
        steps=(*DIRTYABLE, Step("", "pages", "writers // 1")),
        exact=True,
        source="mm/page-writeback.c domain_dirty_limits()",
        see=("sys_vm.dirty_ratio", "vmstat.nr_dirty", "vmstat.nr_dirty_background_threshold"),
    ),
    Entry(
        names=("vmstat.nr_dirty_background_threshold",),
        text="From here on flusher threads write in the background; programs do not notice it yet.",
        steps=(
            *DIRTYABLE,
            Step(
                "wanted",
                "pages",
                "sys_vm.dirty_background_bytes / page if sys_vm.dirty_background_bytes > 0"
                " else dirtyable * (sys_vm.dirty_background_ratio * page // 1) // page",
            ),
            Step("", "pages", "(wanted if wanted < writers else writers / 2) // 1"),
        ),
        exact=True,
        source="mm/page-writeback.c domain_dirty_limits()",
        see=("sys_vm.dirty_background_ratio", "vmstat.nr_dirty_threshold"),
    ),
    Entry(
        names=("sys_vm.dirty_ratio", "sys_vm.dirty_bytes"),
        text=(
            "How much may be dirty before writers are made to wait: a share of dirtyable memory, or a fixed"
            " amount if that is not 0; setting one clears the other. On a large host 20 % is tens of GiB,"
            " which a slow device writes for minutes, and every fsync() waits behind it: there a fixed amount"
            " (256 to 512 MiB) is better. More RAM makes the burst larger, not shorter."
        ),
        here="Writers are slowed above {vmstat.nr_dirty_threshold} at the latest.",
        source="mm/page-writeback.c; Documentation/admin-guide/sysctl/vm.rst",
        see=("vmstat.nr_dirty_threshold", "sys_vm.dirty_background_ratio"),
    ),
    Entry(
        names=("sys_vm.dirty_background_ratio", "sys_vm.dirty_background_bytes"),
        text=(
            "How much may be dirty before the kernel starts to write by itself. If it is set at or above the"
            " limit for writers, half of that limit is taken."
        ),
        source="mm/page-writeback.c domain_dirty_limits()",
        see=("vmstat.nr_dirty_background_threshold", "sys_vm.dirty_ratio"),
    ),
    Entry(
        names=("sys_vm.dirty_expire_centisecs", "sys_vm.dirty_writeback_centisecs"),
        text=(
            "The flushers wake up every dirty_writeback_centisecs (5 s) and write what is older than"
            " dirty_expire_centisecs (30 s). The sum is what a crash can cost. 0 for the first turns regular"
            " writing off."
        ),
        source="fs/fs-writeback.c wb_check_old_data_flush()",
        see=("meminfo.Dirty",),
    ),
    Entry(
        names=("vmstat.pgpgin", "vmstat.pgpgout"),
        text=(
            "Everything read from and written to block devices, in KiB and not in pages, swap included,"
            " whether it went through the page cache or not. A read that the cache answers is not in it."
        ),
        steps=(
            Step("read", "bytes/s", "rate(vmstat.pgpgin)"),
            Step("", "bytes/s", "rate(vmstat.pgpgout)"),
        ),
        source="block/blk-core.c submit_bio()",
        see=("vmstat.bi", "diskstats.read_sectors"),
    ),
    Entry(
        names=("vmstat.bi",),
        words=("blocks in",),
        meaning="read from block devices each second (KiB)",
        text=(
            "What really came from disks, swap included; reads served by the page cache do not show. The"
            " manual says blocks: a block is 1 KiB here, on every Linux since 2.6."
        ),
        here="{value} were read from disks.",
        steps=(Step("", "bytes/s", "rate(vmstat.pgpgin)"),),
        see=("vmstat.pgpgin", "vmstat.bo"),
    ),
    Entry(
        names=("vmstat.bo",),
        words=("blocks out",),
        meaning="written to block devices each second (KiB)",
        text=(
            "What was handed to disks, mostly by the flushers and seconds after the program wrote it. So it"
            " comes in waves, and the process that seems to write is a kworker."
        ),
        here="{value} were written to disks.",
        steps=(Step("", "bytes/s", "rate(vmstat.pgpgout)"),),
        see=("vmstat.pgpgout", "meminfo.Dirty"),
    ),
)
