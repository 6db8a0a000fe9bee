"""What an exporter must be told, or which must be added, so that a column is there.

node_exporter's README, "Collectors"; its default for vmstat is in collector/vmstat_linux.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from jinmaek.catalog import Ref
from jinmaek.kernel import net_netstat, sys_vm, vmstat

Need = Literal["flag", "vmstat", "kernel", "exporter", "agent"]

STOCK_VMSTAT = "oom_kill|pgpg|pswp|pg.*fault"
COLLECTORS = (
    ("node_buddyinfo_", "buddyinfo"),
    ("node_cgroups_", "cgroups"),
    ("node_interrupts_", "interrupts"),
    ("node_memory_numa_", "meminfo_numa"),
    ("node_network_receive_crc_errors_", "netdev.enable-detailed-metrics"),
    ("node_network_receive_missed_errors_", "netdev.enable-detailed-metrics"),
    ("node_network_receive_over_errors_", "netdev.enable-detailed-metrics"),
    ("node_processes_", "processes"),
    ("node_slabinfo_", "slabinfo"),
    ("node_softirqs_", "softirqs"),
    ("node_swap_", "swap"),
    ("node_zoneinfo_", "zoneinfo"),
)
"""Metrics of collectors that run only when asked for, and the name of the collector."""
OTHERS = (("container_", "cAdvisor"), ("namedprocess_", "process-exporter"))


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a column is not there. ``what`` is a flag, an exporter, or a metric."""

    need: Need
    what: str


def lack(ref: Ref) -> Lack:
    """What a column needs that is exported by nobody of a host."""
    metric = ref.metric.name
    for prefix, exporter in OTHERS:
        if metric.startswith(prefix):
            return Lack("exporter", exporter)
    if metric.startswith("jinmaek_"):
        return Lack("agent", metric)
    if ref.table == "vmstat" and not vmstat.stock(ref.column.name):
        return Lack("vmstat", ref.column.name)
    if ref.table in ("net_snmp", "net_netstat") and not net_netstat.stock(ref.column.name):
        return Lack("flag", f"--collector.netstat.fields with {ref.column.name}")
    if metric.startswith("node_sysctl_vm_"):
        return Lack(
            "flag", f"--collector.sysctl --collector.sysctl.include=vm.{sys_vm.sysctl(ref.column.name)}"
        )
    for prefix, collector in COLLECTORS:
        if metric.startswith(prefix):
            return Lack("flag", f"--collector.{collector}")
    return Lack("kernel", metric)


def stock(ref: Ref) -> bool:
    """Whether a node_exporter with its default flags exports a column, where the kernel has it."""
    return lack(ref).need == "kernel"


def vmstat_flag(fields: Iterable[str]) -> str:
    """The flag of node_exporter that adds these fields of /proc/vmstat to those it exports anyway."""
    return f"--collector.vmstat.fields='^({'|'.join((STOCK_VMSTAT, *sorted(fields)))}).*'"
