"""Writers are made to wait until what they wrote has reached the disk."""

from __future__ import annotations

from jinmaek.diagnosis import by_io
from jinmaek.diagnosis.expr import all_of, limit, mean, named, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import pressure, waiting

DIRTY = mean("vmstat.nr_dirty") + mean("vmstat.nr_writeback")
LEVEL = named(
    "written pages not on disk, of the level at which writers are slowed",
    DIRTY * 2 / (mean("vmstat.nr_dirty_threshold") + mean("vmstat.nr_dirty_background_threshold")),
)
"""mm/page-writeback.c dirty_freerun_ceiling(): the middle between both thresholds, not the upper one."""
DRAIN = named("time to write them at the present rate", DIRTY / rate("vmstat.nr_written"))

RULE = Rule(
    id="disk.dirty-stall",
    title="Writers wait for the disk to catch up",
    when=LEVEL >= limit("dirty", 1, "mm/page-writeback.c"),
    agree=(
        Sign("threads sleep until there are fewer dirty pages", waiting("balance_dirty_pages.*") >= 1),
        Sign("writing them down takes long", DRAIN > limit("drain", 30)),
        Sign("threads wait for I/O", pressure("io") > limit("pressure", 0.1)),
    ),
    unless=(
        Sign("the disk keeps up: they are written in a few seconds", DRAIN < limit("keeps-up", 3)),
        Sign(
            "threads stall on memory: reclaim is what writes",
            pressure("memory", "full") > limit("memory-stalled", 0.1, "nohang-desktop"),
        ),
    ),
    held=15,
    severity="info",
    worse=(
        (
            "warning",
            all_of(DRAIN > limit("drain", 30), pressure("io") > limit("pressure", 0.1)),
        ),
        (
            "critical",
            all_of(
                DRAIN > limit("drain-critical", 120), pressure("io", "full") > limit("stalled-critical", 0.4)
            ),
        ),
    ),
    why=(
        "Programs write into memory faster than the disk takes it. Once half way between the two "
        "dirty limits the kernel puts every writer to sleep, of all files on that disk, and sync or "
        "fsync has to wait for all of it."
    ),
    helps=(
        (
            "Let writing start earlier and stop smaller: sysctl vm.dirty_background_bytes=67108864 "
            "vm.dirty_bytes=268435456"
        ),
        (
            "Slow down the one who writes: systemctl set-property UNIT IOWriteBandwidthMax='/dev/sda "
            "20M', or ionice -c3"
        ),
        "See how fast the disk is, and how long its queue: iostat -x 1, columns w_await and aqu-sz",
        "Copies and backups can go past the cache: dd oflag=direct, or rsync in smaller pieces",
    ),
    does_not_help=(
        "More memory: the limits are shares of it, so more is written before anybody stops",
        "A higher vm.dirty_ratio: the stall comes later and is longer",
        "sync in a loop: it waits for the same disk",
    ),
    culprits=by_io.by_written,
    sources=("defaults of the limits: Documentation/admin-guide/sysctl/vm.rst",),
)
