"""The kernel has killed processes for want of memory."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import increase, limit, now
from jinmaek.diagnosis.rule import Rule

HALF_HOUR = 1800

# An event, not a level: nothing has to agree with it, and nothing excuses it.
RULE = Rule(
    id="memory.oom-kill",
    title="The OOM killer has killed processes since boot",
    when=now("vmstat.oom_kill") > 0,
    held=0,
    clear_for=0,
    severity="info",
    worse=(
        ("warning", increase("vmstat.oom_kill", over=HALF_HOUR) > 0),
        ("critical", increase("vmstat.oom_kill", over=HALF_HOUR) >= limit("kills-critical", 5)),
    ),
    why=(
        "Memory could not be found in time, of the host or under a cgroup's limit, and the kernel killed a "
        "process "
        "for it. Seconds later the memory figures look normal again, so only the counter and the log tell."
    ),
    helps=(
        "Whose limit it was, and who was killed: dmesg -T | grep -E 'oom-kill:|Killed process'",
        "The largest process is the victim, not always the cause: see who grew before the kill",
        "Limit the one that grows, so that it alone is hit: systemctl set-property UNIT MemoryMax=4G",
    ),
    does_not_help=(
        "oom_score_adj=-1000 for everything: the kernel then kills something you need more",
        "vm.panic_on_oom: it makes a lost process a lost host",
        "More memory on the host, if the log says 'Memory cgroup out of memory'",
    ),
    culprits=culprits.oom_victims,
)
