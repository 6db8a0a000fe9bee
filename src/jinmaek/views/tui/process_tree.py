"""Processes as a tree: children below their parents, in the order the table has otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from jinmaek.views.top_processes import Process


def tree(processes: Sequence[Process]) -> tuple[list[Process], dict[int, str]]:
    """The processes in the order of a tree, and by pid the branches before a name.

    One whose parent is not among them begins a tree of its own. Siblings keep their order.
    """
    there = {one.pid for one in processes}
    children: dict[int, list[Process]] = {}
    roots: list[Process] = []
    for one in processes:
        if one.ppid in there and one.ppid != one.pid:
            children.setdefault(one.ppid, []).append(one)
        else:
            roots.append(one)
    order: list[Process] = []
    branches: dict[int, str] = {}
    left = [(one, "", "") for one in reversed(roots)]
    while left:
        one, own, below = left.pop()
        if one.pid in branches:
            continue
        order.append(one)
        branches[one.pid] = own
        kids = children.get(one.pid, [])
        for place in range(len(kids) - 1, -1, -1):
            last = place == len(kids) - 1
            left.append((kids[place], below + ("└─ " if last else "├─ "), below + ("   " if last else "│  ")))
    if len(order) < len(processes):
        # Two that were read at different moments may each name the other as its parent.
        order += [one for one in processes if one.pid not in branches]
    return order, branches
