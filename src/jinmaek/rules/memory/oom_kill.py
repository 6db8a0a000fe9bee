"""Somebody was killed for memory."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, increase, largest, limit, named, now, number
from jinmaek.diagnosis.rule import Rule, Sign

HALF_HOUR = 1800
COUNTED = increase("vmstat.oom_kill", over=HALF_HOUR)
AGO = now("uptime.uptime") - now("kmsg_kill.time")
"""Seconds since each kill in the kernel log."""
LAST = named(
    "time since the last kill in the kernel log", now("uptime.uptime") - largest(now("kmsg_kill.time"))
)
LOGGED = named("kills in the kernel log", number(now("kmsg_kill.time")))
RECENT = limit("recent", HALF_HOUR, "netdata, awesome-prometheus-alerts")
LATELY = named("recent kills in the kernel log", number(AGO < RECENT))
MANY = limit("kills-critical", 5)

# The counter only says that there was one since boot; when, the log tells, or a history of half an hour.
RULE = Rule(
    id="memory.oom-kill",
    title="The OOM killer has killed processes",
    when=now("vmstat.oom_kill") > 0,
    agree=(
        Sign("the kernel counted a kill in this time", COUNTED > 0),
        Sign("the kernel log tells of a kill", LOGGED >= 1),
    ),
    unless=(Sign("the last kill in the kernel log is long over", all_of(LAST >= RECENT, COUNTED <= 0)),),
    held=0,
    clear_for=0,
    severity="warning",
    worse=(("critical", any_of(COUNTED >= MANY, LATELY >= MANY)),),
    why=(
        "Memory could not be found in time, of the host or under a cgroup's limit, and the kernel killed a "
        "process for it. Seconds later the memory figures look normal again, so only the counter and the log "
        "tell."
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
