"""A parent that does not reap its children."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, limit, lowest, mean, now, slope, total
from jinmaek.diagnosis.rule import Rule, Sign

# What grows all the time is by half its growth above its mean. A round of reaping that one reading fell
# into leaves the mean where all other readings are.
STEADILY = now("zombies.count") - mean("zombies.count") > limit("steady", 0.3) * (
    now("zombies.count") - lowest("zombies.count")
)

RULE = Rule(
    id="process.zombies",
    title="{comm} [{ppid}] leaves zombies behind",
    when=all_of(
        lowest("zombies.count") >= limit("zombies", 10),
        total(lowest("processes.count", ("state", "=", "Z"))) >= limit("zombies", 10),
    ),
    agree=(
        Sign(
            "most of them were there all the time",
            lowest("zombies.count") >= now("zombies.count") * limit("lasting", 0.5),
        ),
        Sign("their number grows", slope("zombies.count") > limit("growth", 1 / 60)),
    ),
    unless=(Sign("the parent is reaping them now", slope("zombies.count") < limit("reaped", -0.1)),),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                all_of(
                    now("zombies.count") >= limit("growing-warning", 30),
                    slope("zombies.count") > limit("growth", 1 / 60),
                    STEADILY,
                ),
                now("zombies.count") >= limit("zombies-warning", 100),
            ),
        ),
        (
            "critical",
            now("zombies.count") > now("sys_kernel.pid_max") * limit("pids-critical", 0.5),
        ),
    ),
    why=(
        "Children of {comm} [{ppid}] have exited and it does not collect their exit status. A zombie uses "
        "neither "
        "CPU nor memory of its own, but it keeps its pid and its place under pids.max until the parent "
        "waits for it."
    ),
    helps=(
        (
            "See what the parent is doing: cat /proc/{ppid}/status, and gdb or strace -p {ppid} for a "
            "missing wait()"
        ),
        "Restart the parent: its zombies go to init, which reaps them at once",
        "In a container with the program as pid 1: run it under an init (docker run --init, tini)",
    ),
    does_not_help=(
        "kill -9 on a zombie: it is dead already",
        "More memory: 'fork: Resource temporarily unavailable' means pids have run out",
    ),
    culprits=culprits.zombie_parents,
)
