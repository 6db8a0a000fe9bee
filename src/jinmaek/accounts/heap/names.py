"""What the regions of a process are called."""

from __future__ import annotations

from typing import assert_never

from jinmaek.accounts.heap.regions import Region
from jinmaek.accounts.heap.said import Said, say


def title(region: Region) -> Said:  # noqa: C901 - one match over all kinds
    """Its name for people; the kernel's own where there is one."""
    count = str(len(region.mappings))
    match region.kind:
        case "heap":
            return say("[heap]")
        case "stack":
            return say("[stack]")
        case "arena":
            return say("glibc arenas ({count})", count=count)
        case "java-heap":
            return say("Java heap")
        case "go-heap":
            return say("Go heap")
        case "v8-heap":
            return say("V8 heap ({count})", count=count)
        case "thread-stack":
            if region.sure:
                return say("thread stacks ({count})", count=count)
            return say("thread stacks ({count}, probably)", count=count)
        case "anonymous":
            return say("anonymous {range} ({count})", range=region.name, count=count)
        case "named":
            return say("{name}", name=f"[anon:{region.name}]")
        case "memfd":
            return say("{name}", name=f"memfd:{region.name}")
        case "sysv":
            return say("System V shared memory {id}", id=region.name)
        case "shared-anonymous":
            return say("shared anonymous memory {name}", name=region.name)
        case "hugetlb":
            return say("huge pages {name}", name=region.name)
        case "shm" | "file" | "kernel":
            return say("{name}", name=region.name)
        case _:
            assert_never(region.kind)
