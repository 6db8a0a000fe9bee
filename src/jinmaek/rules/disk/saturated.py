"""A disk takes too long for what it is asked."""

from __future__ import annotations

from jinmaek.diagnosis import by_io
from jinmaek.diagnosis.expr import Match, all_of, any_of, limit, lowest, named, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import pressure, waiting
from jinmaek.tasks.waits import DISK, JOURNAL

WHOLE: Match = (
    "device",
    "!~",
    r"(z?ram|fd|sr|dm-|md)\d+|(h|s|v|xv)d[a-z]+\d+|(nvme\d+n|mmcblk|loop)\d+p\d+",
)
"""No partitions, and nothing that is made of other disks: what is slow there is slow here."""
READS, WRITES = rate("diskstats.read_ios", WHOLE), rate("diskstats.write_ios", WHOLE)
READ = named("time for a read", rate("diskstats.read_ticks", WHOLE) / READS)
WRITE = named("time for a write", rate("diskstats.write_ticks", WHOLE) / WRITES)
DONE = named("requests the disk completes", READS + WRITES)
QUEUE = named("requests at the disk at a time", rate("diskstats.time_in_queue", WHOLE), "count")
BUSY = lowest("diskstats.in_flight", WHOLE) >= 1
STUCK = all_of(DONE < limit("stuck", 0.2), BUSY, QUEUE > limit("stuck-queue", 0.9))
ON_WRITES = (
    f"{JOURNAL}|.*_?dio_.*|.*direct_IO|folio_wait.*|wait_on_page.*|balance_dirty_pages.*|sync_inodes_sb"
)
"""Where programs wait for their own writes; the kernel's flushers may wait as long as they like."""

RULE = Rule(
    id="disk.saturated",
    title="Disk {device} does not answer fast enough",
    when=any_of(
        READ > limit("read", 0.02, "vexxhost atmosphere 3713"),
        WRITE > limit("write", 0.1, "awesome-prometheus-alerts"),
        STUCK,
    ),
    agree=(
        Sign("threads wait for I/O", pressure("io") > limit("pressure", 0.05)),
        Sign("many requests wait at the disk", QUEUE > limit("queue", 10, "prometheus node-mixin")),
        Sign("threads sleep in block layer or file system functions", waiting(DISK) >= 1),
    ),
    unless=(
        Sign(
            "it is hardly asked anything: a single slow answer",
            all_of(DONE < 1, lowest("diskstats.in_flight", WHOLE) < 1),
        ),
        Sign(
            "threads stall on memory: the disk is the victim",
            pressure("memory", "full") > limit("memory-stalled", 0.1, "nohang-desktop"),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            all_of(
                any_of(
                    READ > limit("read-warning", 0.1, "awesome-prometheus-alerts"),
                    all_of(WRITE > limit("write-warning", 0.2), waiting(ON_WRITES) >= 1),
                    STUCK,
                ),
                pressure("io", "full") > limit("stalled", 0.1),
            ),
        ),
        ("critical", all_of(STUCK, pressure("io", "full") > limit("stalled-critical", 0.4))),
    ),
    why=(
        "Requests to {device} take far longer than such a request should, and threads wait for them. "
        "It is asked for more than it can do, limited from outside, or failing. How busy it is "
        "(%util) says little: a disk that does many things at once is busy long before it is full."
    ),
    helps=(
        "See reads and writes, their size and queue: iostat -x 1, columns r_await, w_await and aqu-sz",
        "Who asks: the processes and cgroups named here, and pidstat -d 1",
        ("A cloud disk at its limit has flat-topped rates: compare r/s, w/s and MB/s with what was bought"),
        (
            "Look for errors and resets: dmesg -T | grep -iE 'I/O error|reset|timeout', smartctl -a "
            "/dev/{device}, cat /proc/mdstat"
        ),
        "Hold back the one who may wait: systemctl set-property UNIT IOWeight=10, or ionice -c3",
    ),
    does_not_help=(
        "Another I/O scheduler as the first step: it changes who waits, not how long all wait",
        "More CPUs: these threads do not run",
        "Alerts on %util: an SSD or array at its hundred per cent may have room for ten times more",
    ),
    culprits=by_io.by_device,
    tables=("cgroup_io",),
)
