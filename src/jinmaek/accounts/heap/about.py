"""What the choice of the next tool depends on, of a process that is alive."""

from __future__ import annotations

import os
from collections.abc import Mapping

from jinmaek import procfile
from jinmaek.accounts.heap import listening
from jinmaek.accounts.heap.reading import size
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.tools import SIGUSR1, SIGUSR2, Subject
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_status
from jinmaek.root import Root


def about(
    root: Root, pid: int, runtime: Runtime, words: tuple[str, ...], variables: Mapping[str, str]
) -> Subject:
    """What the next tool depends on; what cannot be read counts as ordinary."""
    ports: tuple[str, ...] = ()
    uid, inner, caught = os.getuid(), None, {}
    try:
        seen = size(root, pid)
        uid = seen.status.euid
        inner = seen.status.NSpid[-1] if len(seen.status.NSpid) > 1 else None
        caught = {signal: pid_status.caught(seen.text, signal) for signal in (SIGUSR1, SIGUSR2)}
        if runtime.name == "go":
            ports = listening.of(root, pid)
    except (procfile.Unreadable, Malformed):
        pass
    return Subject(
        pid=pid,
        runtime=runtime,
        uid=uid,
        own_uid=os.geteuid(),
        inner=inner,
        other_mounts=_elsewhere(root, pid, "mnt"),
        other_net=_elsewhere(root, pid, "net"),
        words=words,
        environment=variables,
        caught=caught,
        ports=ports,
    )


def _elsewhere(root: Root, pid: int, kind: str) -> bool:
    """Whether it is in another namespace than we; what cannot be read counts as the same."""
    try:
        theirs = os.readlink(root.path(f"proc/{pid}/ns/{kind}"))
        return theirs != os.readlink(root.path(f"proc/self/ns/{kind}"))
    except OSError:
        return False
