"""One frame of ``top`` as data: bytes, seconds, shares from 0 to 1, and null for what is not known."""

from __future__ import annotations

from collections.abc import Sequence

from jinmaek.model import TasksRead
from jinmaek.views.tasks_json import explained, locked, tasks_read
from jinmaek.views.top import task_counts
from jinmaek.views.top_frame import Frame
from jinmaek.views.top_processes import Process


def data(frame: Frame, processes: Sequence[Process], read: TasksRead) -> dict[str, object]:
    """``processes`` are those shown, in their order. ``cpu`` of a process is 1 for one whole CPU."""
    m = frame.memory
    return {
        "schema": 1,
        "time": frame.wall,
        "uptime_s": frame.uptime,
        "users": frame.sessions,
        "load": None if frame.load is None else list(frame.load),
        "of": "threads" if frame.threads else "processes",
        "tasks": {"total": len(frame.processes), **task_counts(frame)},
        "cpu": dict(frame.shares),
        "cpus": {str(cpu): dict(shares) for cpu, shares in frame.cpus.items()},
        "memory": None
        if m is None
        else {
            "total": m.total,
            "free": m.free,
            "used": m.used,
            "buffers": m.buffers,
            "cache": m.cache,
            "available": m.available,
            "swap_total": m.swap_total,
            "swap_free": m.swap_free,
            "swap_used": m.swap_used,
        },
        "explained": explained(frame.explained),
        "scan": tasks_read(read),
        "locked": locked(frame.locked),
        "processes": [_process(process, frame) for process in processes],
        "gaps": [{"kind": gap.kind, "source": gap.source, "detail": gap.detail} for gap in frame.gaps],
    }


def _process(p: Process, frame: Frame) -> dict[str, object]:
    return {
        "pid": p.pid,
        "ppid": p.ppid,
        "start_time_s": p.start_time,
        "uid": p.uid,
        "user": p.user,
        "priority": p.priority,
        "nice": p.nice,
        "threads": p.num_threads,
        "processor": p.processor,
        "state": p.state,
        "virtual_bytes": p.virtual,
        "resident_bytes": p.resident,
        "shared_bytes": p.shared,
        "swap_bytes": p.swap,
        "cpu": p.cpu,
        "memory": p.memory,
        "time_s": p.time,
        "majflt": p.majflt,
        "minflt": p.minflt,
        "name": p.comm,
        "command": frame.commands.get(p.tgid),
    }
