"""The letters for the state of a thread or process."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "State letters of threads and processes: R S D T t Z I X P"


def _now(letter: str) -> tuple[Step, ...]:
    """How many threads are in this state now."""
    return (Step("", "count", f'sum(only(threads.count, thread_state="{letter}"))'),)


SOURCE = "fs/proc/array.c get_task_state()"

ENTRIES = (
    Entry(
        names=("top.S",),
        words=("state", "process state", "STAT", "프로세스 상태", "상태"),
        meaning="the state of a process: of its leading thread alone",
        text=(
            "One letter: R S D T t Z I X P. A process with many threads shows its leader's, which may sleep"
            " while others compute or hang; top -H shows them all. Between two readings a thread changes its"
            " state thousands of times, so only what lasts means something."
        ),
        source=SOURCE,
        see=("state.R", "state.S", "state.D", "state.T", "state.Z", "state.I", "threads.count"),
    ),
    Entry(
        names=("state.R",),
        words=("running", "runnable state"),
        meaning="runs, or is ready to run and waits for a CPU",
        text=(
            "One letter for two things: of 20 threads in R on 4 CPUs 4 run and 16 wait, and R does not say"
            " which. It counts in the load average. A thread whose cgroup has used up its quota is in R as"
            " well, and counts neither in the load nor in procs_running."
        ),
        here="{value} threads are in R now.",
        steps=_now("R"),
        source=SOURCE,
        see=("loadavg.load1", "stat.procs_running", "cgroup_cpu.nr_throttled"),
    ),
    Entry(
        names=("state.S",),
        words=("sleeping", "interruptible sleep"),
        meaning="sleeps until something happens or a signal comes",
        text=(
            "Waits for a request, a timer, a child: nearly all threads of a host, nearly all the time. It"
            " costs no CPU and does not count in the load."
        ),
        here="{value} threads are in S now.",
        steps=_now("S"),
        source=SOURCE,
        see=("state.D", "state.I"),
    ),
    Entry(
        names=("state.D",),
        words=("uninterruptible sleep", "uninterruptible", "disk sleep", "D state", "D 상태"),
        meaning="sleeps in the kernel and takes no signal until that is over",
        text=(
            "Mostly for a disk, but also for a lock, a frozen file system, memory, or a parent after vfork()."
            " It counts in the load average, since the kernel holds that the thread will go on at once. kill"
            " -9 works only when it wakes up (some waits can be killed and show D all the same). Short D is"
            " I/O; minutes of D with idle disks is a lock, an NFS server or a driver: the function it sleeps"
            " in (wchan) tells which. Only part of D is counted as b in vmstat and as iowait."
        ),
        here="{value} threads are in D now.",
        steps=_now("D"),
        source=SOURCE,
        see=("stat.procs_blocked", "loadavg.load1", "waits.threads", "pressure_io.some_total"),
    ),
    Entry(
        names=("state.T",),
        words=("stopped",),
        meaning="stopped by a signal: SIGSTOP, Ctrl-Z, or output from the background",
        text=(
            "It does nothing until SIGCONT, and keeps its memory, locks and connections meanwhile: others may"
            " hang on it. Somebody's forgotten Ctrl-Z, a script with kill -STOP, or a freezer. Being traced"
            " is another letter: t."
        ),
        here="{value} threads are in T now.",
        steps=_now("T"),
        source=SOURCE,
        see=("state.t",),
    ),
    Entry(
        names=("state.t",),
        words=("tracing stop", "traced"),
        meaning="stopped by who traces it: gdb at a breakpoint, strace for an instant",
        text=(
            "Under strace a program is in t only for moments, at each system call. If it stays in t somebody"
            " left a debugger attached: TracerPid in /proc/PID/status says who."
        ),
        here="{value} threads are in t now.",
        steps=_now("t"),
        source=SOURCE,
        since="2.6.33",
        see=("state.T",),
    ),
    Entry(
        names=("state.Z",),
        words=("zombie", "defunct", "좀비", "좀비 프로세스"),
        meaning="has ended, and its parent has not asked how",
        text=(
            "Memory, files and threads are gone; what is left is an entry with an exit status and a pid. So"
            " one costs nothing, and thousands use up the pids (of the host, of the cgroup, of the user)"
            " until nothing can be started. The living parent is at fault: a child whose parent has died is"
            " taken over by init and reaped. kill -9 does nothing to it. Z with more than one thread is no"
            " zombie: only the leader has ended and the others live on."
        ),
        here="{value} processes are zombies now.",
        steps=(Step("", "count", 'sum(only(processes.count, state="Z"))'),),
        source="kernel/exit.c exit_notify()",
        see=("zombies.count", "sys_kernel.pid_max"),
    ),
    Entry(
        names=("state.I",),
        words=("idle thread",),
        meaning="an idle kernel thread",
        text=(
            "A kernel thread that waits for work. It cannot be interrupted either, but was given a letter of"
            " its own so as not to count in the load average."
        ),
        here="{value} threads are in I now.",
        steps=_now("I"),
        source=SOURCE,
        since="4.14",
        see=("state.D", "loadavg.load1"),
    ),
    Entry(
        names=("state.X",),
        words=("dead",),
        meaning="dead: the last moment before it is gone",
        text="Hardly ever to be seen. Old kernels show x for it.",
        source=SOURCE,
        see=("state.Z",),
    ),
    Entry(
        names=("state.P",),
        words=("parked",),
        meaning="parked: a kernel thread of a CPU that is switched off",
        text="Seen on hosts where CPUs were taken offline.",
        source=SOURCE,
    ),
    Entry(
        names=("state.W", "state.K", "state.x"),
        meaning="letters of old kernels: paging or waking (W), waking for a kill (K), dead (x)",
        text="W was paging before 2.6 and waking from 2.6.33 to 3.13. None of them is shown today.",
        source=SOURCE,
    ),
)
