"""Soon nothing can be started any more."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import Compare, Const, any_of, limit, now, rate, slope, total
from jinmaek.diagnosis.rule import Rule, Sign

THREADS = now("loadavg.nr_threads")


def _used(share: Const) -> tuple[Compare, Compare]:
    return (
        THREADS / now("sys_kernel.pid_max") > share,
        THREADS / now("sys_kernel.threads_max") > share,
    )


RULE = Rule(
    id="process.pids-exhausted",
    title="Process and thread numbers are running out",
    when=any_of(*_used(limit("used", 0.85))),
    agree=(
        Sign("the number of threads grows", slope("loadavg.nr_threads") > 0),
        Sign("new threads are being started", rate("stat.processes") > limit("forks", 0.1)),
        Sign(
            "zombies hold many of the numbers",
            total(now("zombies.count")) > THREADS * limit("zombies", 0.1),
        ),
    ),
    unless=(
        Sign(
            "threads are ending fast",
            slope("loadavg.nr_threads") * 60 / THREADS < limit("ending", -0.1),
        ),
    ),
    held=60,
    severity="warning",
    worse=(("critical", any_of(*_used(limit("used-critical", 0.95, "netdata")))),),
    why=(
        "Every thread and every zombie takes a pid, and kernel.pid_max or kernel.threads-max is almost "
        "reached. "
        "After that fork and pthread_create fail with EAGAIN however much memory is free."
    ),
    helps=(
        "Count threads by process: ps -eo nlwp,pid,comm --sort=-nlwp | head",
        "Stop the leak of the first process named here, and limit it: systemctl set-property UNIT TasksMax=N",
        (
            "If the threads are wanted, raise the limit that is near: sysctl kernel.pid_max=4194304 or "
            "kernel.threads-max"
        ),
    ),
    does_not_help=(
        "More memory: EAGAIN from fork is not a lack of memory",
        "Raising pid_max when a cgroup's pids.max or the user's nproc limit is the one that binds",
    ),
    culprits=culprits.by_thread_count,
)
