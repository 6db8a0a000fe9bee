"""Flags of runtimes among the words of a command line and a few variables of its environment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jinmaek.accounts.heap.tools import ENVIRONMENT

XMX = re.compile(r"(?:^|\s)(?:-Xmx|-XX:MaxHeapSize=)(\d{1,12})([kKmMgGtT]?)(?=\s|$)")
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def environment(text: bytes) -> dict[str, str]:
    """Those of ``ENVIRONMENT`` that are set, from /proc/PID/environ; nothing else is kept."""
    found = {}
    for entry in text.split(b"\0"):
        name, sign, value = entry.decode("utf-8", "backslashreplace").partition("=")
        if sign and name in ENVIRONMENT:
            found[name] = value
    return found


def max_heap(words: Sequence[str], variables: Mapping[str, str]) -> int | None:
    """What a JVM was told its heap may grow to, in bytes: the last flag counts."""
    more = (variables.get(name, "") for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"))
    options = " ".join((*more, *words))
    found = XMX.findall(options)
    return int(found[-1][0]) * UNITS[found[-1][1].lower()] if found else None
