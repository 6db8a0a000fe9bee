"""Whether an experiment may run here: refused where it could hurt, or could only fail."""

from __future__ import annotations

import os
import shutil

from jinmaek import procfile
from jinmaek.i18n import tr
from jinmaek.kernel import meminfo
from jinmaek.lab.experiment import Experiment, Needs
from jinmaek.lab.make.cgroups import version
from jinmaek.lab.make.storage import TOOLS

MIB = 1024 * 1024
MOST = 2048 * MIB
"""Bytes of memory an experiment may use unless more is allowed."""
SPARE = 512 * MIB
"""Bytes of memory that stay available to others, or a tenth of all where that is more."""


def refusal(experiment: Experiment, folder: str, most: int, lang: str) -> str | None:
    """Why an experiment may not run, in a sentence; None where it may."""
    needs = experiment.needs
    if needs.root and os.geteuid() != 0:
        return tr(lang, "it needs root")
    if needs.memory > most:
        return tr(lang, "it uses {size:.0f} MiB of memory; --memory allows it").format(
            size=needs.memory / MIB
        )
    return _missing(needs, lang) or _no_room(needs, folder, lang)


def _missing(needs: Needs, lang: str) -> str | None:
    for tool in needs.tools:
        if shutil.which(tool, path=f"{os.environ.get('PATH', '')}:{TOOLS}") is None:
            return tr(lang, "{tool} is not installed").format(tool=tool)
    for controller in needs.cgroups:
        if version(controller) is None:
            return tr(lang, "there is no {name} controller of cgroups here").format(name=controller)
    for path in needs.files:
        if not os.path.exists(path):
            return tr(lang, "this kernel has no {path}").format(path=path)
    cpus = len(os.sched_getaffinity(0))
    if cpus < needs.cpus:
        return tr(lang, "it needs {count} CPUs").format(count=needs.cpus)
    return None


def _no_room(needs: Needs, folder: str, lang: str) -> str | None:
    told = meminfo.parse(procfile.read("/proc/meminfo"))
    memory = next(iter(told))
    if memory.MemAvailable is None or memory.MemTotal is None:
        return tr(lang, "how much memory is available is not known")
    if memory.MemAvailable < needs.memory + max(SPARE, memory.MemTotal // 10):
        return tr(lang, "too little memory is available: {size:.0f} MiB").format(
            size=memory.MemAvailable / MIB
        )
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < needs.disk + SPARE:
        return tr(lang, "too little disk is free at {folder}").format(folder=folder)
    return None
