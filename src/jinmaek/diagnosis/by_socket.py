"""Where packets and connections are lost: whose socket, at which interface, on which CPU."""

from __future__ import annotations

from collections.abc import Mapping

from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.ranking import MOST
from jinmaek.kernel.net_dev import NetDev
from jinmaek.kernel.net_netstat import Netstat
from jinmaek.kernel.net_snmp import Snmp
from jinmaek.kernel.net_sockets import Queue
from jinmaek.kernel.softnet_stat import Softnet
from jinmaek.model import Culprit
from jinmaek.tasks.sockets import accepting, holders, losing


def by_queue(look: Look) -> tuple[Culprit, ...]:
    """Of each kind of loss that there was in the look, where it was."""
    return (*_sockets(look), *_interfaces(look), *_backlogs(look))


def _sockets(look: Look) -> list[Culprit]:
    if look.root is None:
        return []
    queues: list[Queue] = []
    if _grew(look, "net_netstat", Netstat, "TcpExt_ListenOverflows"):
        queues += accepting(look.root)[:MOST]
    if _grew(look, "net_snmp", Snmp, "Udp_RcvbufErrors"):
        queues += losing(look.root)[:MOST]
    held = holders(look.root, (queue.inode for queue in queues))
    return [_socket(look, queue, held.get(queue.inode)) for queue in queues]


def _socket(look: Look, queue: Queue, pid: int | None) -> Culprit:
    if queue.drops is None:
        why = look.say(
            "{waiting} connections to port {port} not accepted", waiting=queue.waiting, port=queue.port
        )
    else:
        why = look.say("{drops} datagrams to port {port} lost so far", drops=queue.drops, port=queue.port)
    task = next((task for task in look.deltas if task.pid == pid), None)
    if task is None:
        return Culprit("kernel", f"{queue.protocol} {queue.port}", why, pid=pid)
    return Culprit(
        "process",
        task.comm,
        why,
        pid=task.pid,
        start_time=task.start_time,
        cgroup=look.cgroup_of(task.pid),
    )


def _interfaces(look: Look) -> list[Culprit]:
    """Packets that came and were thrown away or damaged; ``lo`` loses none at itself."""

    def lost(index: int) -> dict[str, int]:
        rows = [row for row in look.read("net_dev", index) if isinstance(row, NetDev)]
        return {r.device: r.receive_drop + r.receive_errs + r.receive_fifo for r in rows if r.device != "lo"}

    return _shares(look, "device", lost(0), lost(-1), "{count} packets lost or damaged in this look")


def _backlogs(look: Look) -> list[Culprit]:
    def lost(index: int) -> dict[str, int]:
        rows = [row for row in look.read("softnet_stat", index) if isinstance(row, Softnet)]
        return {f"CPU {row.cpu}": row.dropped for row in rows}

    return _shares(look, "kernel", lost(0), lost(-1), "{count} packets did not fit its backlog in this look")


def _shares(
    look: Look, kind: str, first: Mapping[str, int], last: Mapping[str, int], why: str
) -> list[Culprit]:
    grown = {name: count - first.get(name, count) for name, count in last.items()}
    whole = sum(grown.values())
    ranked = sorted(((name, count) for name, count in grown.items() if count > 0), key=lambda one: -one[1])
    return [
        Culprit(
            "device" if kind == "device" else "kernel",
            name,
            look.say(why, count=count),
            share=count / whole,
        )
        for name, count in ranked[:MOST]
    ]


def _grew(look: Look, table: str, row: type, column: str) -> bool:
    values = [
        getattr(one, column) for index in (0, -1) for one in look.read(table, index) if isinstance(one, row)
    ]
    return len(values) == 2 and None not in values and values[1] > values[0]
