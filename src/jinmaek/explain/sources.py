"""Where the kernel makes the columns of a table, by table: what an entry without a ``source`` says."""

from __future__ import annotations

import re

from jinmaek.explain.find import Subject

TABLES = {
    "buddyinfo": "mm/vmstat.c frag_show_print()",
    "cgroup_cpu": "kernel/sched/core.c cpu_extra_stat_show(), kernel/cgroup/rstat.c",
    "cgroup_memory": "mm/memcontrol.c, mm/memcontrol-v1.c",
    "cgroup_pids": "kernel/cgroup/pids.c",
    "cgroup_pressure": "kernel/sched/psi.c psi_show()",
    "dentry_state": "fs/dcache.c proc_nr_dentry()",
    "diskstats": "block/genhd.c diskstats_show(); Documentation/admin-guide/iostats.rst",
    "file_nr": "fs/file_table.c proc_nr_files()",
    "hugepages": "mm/hugetlb.c",
    "inode_nr": "fs/inode.c proc_nr_inodes()",
    "interrupts": "kernel/irq/proc.c show_interrupts()",
    "loadavg": "fs/proc/loadavg.c loadavg_proc_show()",
    "meminfo": "fs/proc/meminfo.c meminfo_proc_show(); Documentation/filesystems/proc.rst",
    "net_dev": "net/core/net-procfs.c dev_seq_show(); Documentation/networking/statistics.rst",
    "numastat": "drivers/base/node.c node_read_numastat(); Documentation/admin-guide/numastat.rst",
    "pagetypeinfo": "mm/vmstat.c pagetypeinfo_show()",
    "pid_io": "fs/proc/base.c do_io_accounting()",
    "pid_schedstat": "fs/proc/base.c proc_pid_schedstat()",
    "pid_smaps_rollup": "fs/proc/task_mmu.c show_smaps_rollup()",
    "pid_stat": "fs/proc/array.c do_task_stat()",
    "pid_statm": "fs/proc/array.c proc_pid_statm()",
    "pid_status": "fs/proc/array.c proc_pid_status()",
    "pressure_cpu": "kernel/sched/psi.c psi_show(); Documentation/accounting/psi.rst",
    "pressure_io": "kernel/sched/psi.c psi_show(); Documentation/accounting/psi.rst",
    "pressure_irq": "kernel/sched/psi.c psi_show(); Documentation/accounting/psi.rst",
    "pressure_memory": "kernel/sched/psi.c psi_show(); Documentation/accounting/psi.rst",
    "processes": "fs/proc/array.c get_task_state()",
    "schedstat": "kernel/sched/stats.c show_schedstat(); Documentation/scheduler/sched-stats.rst",
    "slabinfo": "mm/slab_common.c slab_show()",
    "sockstat": "net/ipv4/proc.c sockstat_seq_show()",
    "softirqs": "fs/proc/softirqs.c show_softirqs()",
    "softnet_stat": "net/core/net-procfs.c softnet_seq_show()",
    "stat": "fs/proc/stat.c show_stat(); Documentation/filesystems/proc.rst",
    "stat_cpu": "fs/proc/stat.c show_stat(); Documentation/filesystems/proc.rst",
    "swaps": "mm/swapfile.c swap_show()",
    "sys_kernel": "Documentation/admin-guide/sysctl/kernel.rst",
    "sys_vm": "Documentation/admin-guide/sysctl/vm.rst",
    "threads": "fs/proc/array.c get_task_state()",
    "transparent_hugepage": "mm/huge_memory.c; Documentation/admin-guide/mm/transhuge.rst",
    "uptime": "fs/proc/uptime.c uptime_proc_show()",
    "vmstat": "mm/vmstat.c vmstat_start()",
    "waits": "fs/proc/base.c proc_pid_wchan()",
    "zombies": "kernel/exit.c exit_notify()",
    "zoneinfo": "mm/vmstat.c zoneinfo_show_print()",
}
"""A table that is not here is told by its file alone."""

SINCE = re.compile(r"\((\d\.\d+(?:\.\d+)?)\b")
"""The first kernel, as the help of a column says it: ``(3.14)``, ``(4.20 to 5.8)``."""


def source(subject: Subject) -> str:
    """The kernel's source file and function, or the manual; empty where nothing is noted."""
    if subject.entry is not None and subject.entry.source:
        return subject.entry.source
    return TABLES.get(subject.column.table, "") if subject.column else ""


def since(subject: Subject) -> str | None:
    """The first kernel that has it, where that is known."""
    found = SINCE.search(subject.meaning)
    if found is not None:
        return found[1]
    return subject.entry.since or None if subject.entry else None
