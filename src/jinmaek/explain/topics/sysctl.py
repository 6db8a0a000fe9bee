"""Other sysctls: limits, statistics, hung tasks."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Sysctls: limits, statistics, hung tasks"

ENTRIES = (
    Entry(
        names=("sys_vm.max_map_count",),
        text=(
            "Mappings of one process. Databases and search engines that map many files, and programs with"
            " thousands of threads, run into it: mmap() fails with ENOMEM while memory is free."
        ),
        source="mm/mmap.c",
        see=("pmap.Mapping",),
    ),
    Entry(
        names=("sys_vm.stat_interval",),
        text=(
            "Each CPU counts for itself and adds to /proc/vmstat this often. Some profiles set 10 s: then the"
            " counters of the last seconds are missing, and short looks see nothing or too much."
        ),
        source="mm/vmstat.c vmstat_update()",
        see=("idea.several figures",),
    ),
    Entry(
        names=("sys_kernel.pid_max",),
        words=("pid exhaustion",),
        text=(
            "Every process, thread and zombie holds a number below it. By default 32768 or 1024 for each"
            " possible CPU, systemd sets 4194304. Long before it a cgroup's pids.max or a user's ulimit -u"
            " may be the real limit."
        ),
        steps=(Step("", "ratio", "loadavg.nr_threads / sys_kernel.pid_max"),),
        source="kernel/pid.c pid_idr_init()",
        see=("cgroup_pids.max", "loadavg.nr_threads", "state.Z"),
    ),
    Entry(
        names=("sys_kernel.threads_max",),
        text=(
            "The most threads of the host: by default as many as would fill an eighth of RAM with their"
            " stacks."
        ),
        steps=(Step("", "ratio", "loadavg.nr_threads / sys_kernel.threads_max"),),
        source="kernel/fork.c set_max_threads()",
        see=("sys_kernel.pid_max",),
    ),
    Entry(
        names=("sys_kernel.hung_task_timeout_secs", "sys_kernel.hung_task_detect_count"),
        words=("hung task", "blocked for more than 120 seconds"),
        text=(
            "A thread in D for longer than this is written to the kernel log (blocked for more than 120"
            " seconds), a limited number of times. That is a message and no cure; what it waits for stands in"
            " the stack that is printed with it."
        ),
        source="kernel/hung_task.c check_hung_task()",
        see=("state.D", "waits.threads"),
    ),
    Entry(
        names=("sys_kernel.task_delayacct",),
        text=(
            "1 makes the kernel measure how long each thread waits for I/O, swap and reclaim. Off by default"
            " since 5.14, so that IO% of iotop and field 42 of stat read 0."
        ),
        source="kernel/delayacct.c",
        see=("pid_stat.delayacct_blkio_ticks",),
    ),
)
