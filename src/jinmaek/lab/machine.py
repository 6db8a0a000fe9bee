"""What machine a score was measured on."""

from __future__ import annotations

import os
import platform
import time

from jinmaek import __version__
from jinmaek.lab.make.cgroups import version
from jinmaek.lab.memory_now import figure


def machine() -> dict[str, object]:
    """Kernel, CPUs, memory, and which version of cgroups has the memory controller; no name."""
    return {
        "jinmaek": __version__,
        "kernel": os.uname().release,
        "architecture": os.uname().machine,
        "cpus": os.cpu_count(),
        "memory_bytes": figure("MemTotal"),
        "cgroup": version("memory"),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
