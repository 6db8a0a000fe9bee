"""Sockets whose queue is full, and the processes that hold them, in this network namespace."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel.net_sockets import Queue, datagrams, listening
from jinmaek.root import Root
from jinmaek.tasks.files import listing, unreadable

PATIENCE = 0.2
"""CPU seconds for finding out who holds a socket: it may take the descriptors of all processes."""


def accepting(root: Root) -> list[Queue]:
    """Listening sockets with connections nobody has accepted yet, the fullest first."""
    found = _all(root, ("tcp", "tcp6"), listening)
    return sorted((one for one in found if one.waiting), key=lambda one: -one.waiting)


def losing(root: Root) -> list[Queue]:
    """UDP sockets that have lost datagrams, those with most bytes unread first."""
    found = _all(root, ("udp", "udp6"), datagrams)
    return sorted((one for one in found if one.drops), key=lambda one: (-one.waiting, -(one.drops or 0)))


def holders(root: Root, inodes: Iterable[int]) -> Mapping[int, int]:
    """The pid that holds each of these sockets, as far as it is found in time and may be seen."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes if inode}
    found: dict[int, int] = {}
    end = time.process_time() + PATIENCE
    for name in _pids(root):
        if len(found) == len(wanted) or time.process_time() > end:
            break
        folder = root.path(f"proc/{name}/fd")
        try:
            descriptors = listing(folder)
        except procfile.Unreadable:
            continue
        for descriptor in descriptors:
            try:
                inode = wanted.get(os.readlink(f"{folder}/{descriptor}"))
            except OSError:
                continue  # closed since it was listed
            if inode is not None:
                found.setdefault(inode, int(name))
    return found


def _pids(root: Root) -> list[str]:
    try:
        return [name for name in listing(root.path("proc")) if name.isdecimal()]
    except procfile.Unreadable:
        return []


def _all(
    root: Root, names: tuple[str, ...], parse: Callable[[Iterator[str]], Iterator[Queue]]
) -> list[Queue]:
    found: list[Queue] = []
    for name in names:
        try:
            found += parse(_lines(root.path(f"proc/net/{name}")))
        except (procfile.Unreadable, Malformed):
            continue  # without IPv6 there is no tcp6
    return found


def _lines(path: str) -> Iterator[str]:
    """Lines as they are read: of a hundred thousand connections only the first few are listening."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            yield from file
    except OSError as error:
        raise unreadable(error, path) from None
