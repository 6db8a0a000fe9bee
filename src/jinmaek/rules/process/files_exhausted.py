"""Soon some process, or all of them, can open nothing any more."""

from __future__ import annotations

from jinmaek.diagnosis import by_files
from jinmaek.diagnosis.expr import all_of, any_of, largest, limit, named, now, number, slope
from jinmaek.diagnosis.rule import Rule, Sign

NEAR = limit("process", 0.8)
FULL = limit("host", 0.7, "prometheus node-mixin")
HOST = named("open files of the host, of all it may have", now("file_nr.allocated") / now("file_nr.maximum"))
SHARE = now("pid_fd.open") / now("pid_fd.max")
WORST = named("descriptors of the process nearest to its limit", largest(SHARE))
GROWING = named(
    "processes near their limit that open more",
    number(all_of(slope("pid_fd.open") > limit("growth", 0.1), SHARE > NEAR)),
)
"""The one that is near and the one that grows have to be the same."""

RULE = Rule(
    id="process.files-exhausted",
    title="Open files are running out",
    when=any_of(HOST > FULL, WORST > NEAR),
    agree=(
        Sign("a process near its limit opens more and more", GROWING >= 1),
        Sign(
            "the host is near its limit and opens more and more",
            all_of(HOST > FULL, slope("file_nr.allocated") > limit("host-growth", 1)),
        ),
        Sign("a process has reached its limit: the next open fails", WORST >= 1),
        Sign("the host has reached its limit: the next open fails", HOST >= 1),
    ),
    unless=(
        Sign(
            "the host closes files fast",
            all_of(
                HOST > FULL,
                slope("file_nr.allocated") * 60 / now("file_nr.allocated") < limit("closing", -0.05),
            ),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                HOST > limit("host-warning", 0.8),
                WORST > limit("process-warning", 0.95, "netdata"),
            ),
        ),
        ("critical", HOST > limit("host-critical", 0.9, "prometheus node-mixin, netdata")),
    ),
    why=(
        "Files, sockets and pipes share one number of descriptors, of a process (RLIMIT_NOFILE) and "
        "of the host (fs.file-max). When it is reached, open, socket and accept fail with EMFILE or "
        "ENFILE, and a server answers nobody though it seems to run."
    ),
    helps=(
        "See what they are: find /proc/PID/fd -printf '%l\\n' | tr -d 0-9 | sort | uniq -c | sort -n",
        "Sockets in CLOSE_WAIT are connections the program forgot to close: ss -tanp state close-wait",
        (
            "If it needs them, raise the limit of the service: LimitNOFILE=65536 in its unit, or prlimit "
            "--pid PID --nofile=65536"
        ),
        "If the host is near its limit: sysctl fs.file-max, and the processes named here",
    ),
    does_not_help=(
        "fs.file-max, while the limit of one process is what binds",
        "ulimit -n in a shell: a service has the limits of its unit",
        "More memory: EMFILE is not a lack of memory",
    ),
    culprits=by_files.by_open_files,
)
