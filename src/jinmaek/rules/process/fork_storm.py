"""Processes that live for an instant eat the CPU, and no list of processes shows them."""

from __future__ import annotations

from jinmaek.diagnosis import by_kernel_work
from jinmaek.diagnosis.expr import all_of, any_of, average, limit, named, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.diagnosis.vitals import BUSY
from jinmaek.rules.terms import CPUS, pressure

STARTED = named("processes and threads started, per CPU", rate("stat.processes") / CPUS)
SYSTEM = named("CPU time in the kernel", average(rate("stat_cpu.system")))
EACH = named("CPU time for each process that is started", BUSY / STARTED)

RULE = Rule(
    id="process.fork-storm",
    title="Short-lived processes keep the CPUs busy",
    when=STARTED > limit("started", 200),
    agree=(
        Sign(
            "the kernel takes much of the CPU time, as starting and ending them does",
            SYSTEM > limit("system", 0.15),
        ),
        Sign("threads wait for a CPU", pressure("cpu") > limit("pressure", 0.2)),
    ),
    unless=(Sign("each of them works for a while, as in a compilation", EACH > limit("work", 0.003)),),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            all_of(
                STARTED > limit("started-warning", 400),
                any_of(BUSY > limit("busy-warning", 0.9), pressure("cpu") > limit("pressure-warning", 0.4)),
            ),
        ),
    ),
    why=(
        "Hundreds of processes or threads a second are started on each CPU and end at once. Starting "
        "and ending them is most of the work, and whoever lists processes sees only those that live "
        "on."
    ),
    helps=(
        "See what is started, and by whom: execsnoop, or perf trace -e sched:sched_process_exec",
        "A shell loop: let one awk, sed or jq do it for the whole input; let xargs pass many arguments",
        "A server that starts a process or a thread for each request: keep a pool of them",
        (
            "A service that dies and is started again: systemctl list-units --state=activating, and "
            "RestartSec="
        ),
    ),
    does_not_help=(
        "Looking for the culprit in top: it is gone before the next refresh",
        "More memory: starting processes is CPU time",
        "kernel.pid_max: numbers do not run out, they are used again",
    ),
    culprits=by_kernel_work.by_children,
)
