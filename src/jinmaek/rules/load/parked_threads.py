"""Threads in D that are meant to be there."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, highest, limit, slope, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import LASTING, PARKED, UNNAMED, pressure, waiting

RULE = Rule(
    id="load.parked-threads",
    title="The load comes from threads that sleep in D by design",
    when=all_of(
        any_of(waiting(*PARKED) >= 1, all_of(UNNAMED >= 1, UNNAMED < limit("unnamed", 3))),
        LASTING >= 1,
    ),
    agree=(
        Sign("no thread waits for I/O", highest("stat.procs_blocked") < 1),
        Sign("there is no I/O pressure", pressure("io") < limit("io-pressure", 0.05)),
    ),
    unless=(
        Sign(
            "the number of threads in D grows",
            total(slope("threads.count", ("thread_state", "=", "D"))) > limit("growth", 0.2),
        ),
        Sign("threads stall on memory", pressure("memory") > limit("memory-pressure", 0.1)),
    ),
    held=30,
    severity="benign",
    why=(
        "A few threads always sleep in D: the parent of a vfork child, a frozen task, or a driver's own "
        "thread. "
        "Each may add 1 to the load average, but nobody waits for a CPU, a disk or a lock because of them."
    ),
    helps=(
        (
            "Nothing needs to be done; subtract them when you read the load. Who they are: ps -eLo "
            "pid,stat,wchan:32,comm | grep ' D'"
        ),
        "A vfork parent that stays for minutes: look at what its child does before exec",
    ),
    does_not_help=(
        "More CPUs or faster disks: the load average stays the same",
        "kill -9 on a kernel thread: it is ignored",
    ),
    culprits=culprits.by_parked,
)
