"""Files of tmpfs go to swap too, and no process shows them."""

from __future__ import annotations

import os

from jinmaek import procfile
from jinmaek.kernel import pid_status
from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.reading import fill
from jinmaek.lab.make.storage import swap_file, tmpfs
from jinmaek.lab.make.work import stay
from jinmaek.lab.readings import Readings, size

SIZE = 160 * MIB
LIMIT = 48 * MIB
SWAP = 320 * MIB


def write(line: Line, path: str) -> None:
    fill(path, SIZE)
    stay(line)


def of_all_processes() -> int:
    """VmSwap of every process there is."""
    whole = 0
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                whole += pid_status.parse(procfile.read(f"/proc/{name}/status")).VmSwap or 0
            except procfile.Unreadable:
                continue
    return whole


def run(bench: Bench, readings: Readings) -> Answer:
    swap_file(bench, SWAP)
    folder = tmpfs(bench, 2 * SIZE)
    before = readings.before(**{"VmSwap of all": size(of_all_processes())})
    group = cgroups.memory(bench, LIMIT)
    start_in(bench, [group], "jm-writer", write, f"{folder}/file").hear()
    change = readings.during(**{"VmSwap of all": size(of_all_processes())}) - before
    used, owned = -change["meminfo.SwapFree"], change["VmSwap of all"]
    return answer(
        None if used < SIZE / 4 else owned > used / 2,
        "{used} more of swap are in use, and VmSwap of all processes changed by {owned}: shared memory and "
        "tmpfs are not counted there",
        used=(used, "bytes"),
        owned=(owned, "bytes"),
    )


EXPERIMENT = Experiment(
    name="swap.tmpfs-has-no-owner",
    chapter=5,
    claim="/proc/PID/status of all processes shows the whole of swap",
    how="In a cgroup of 48 MiB a process writes a file of 160 MiB to a tmpfs",
    run=run,
    usual="does not hold",
    needs=Needs(root=True, memory=256 * MIB, disk=2 * SWAP, cgroups=("memory",)),
    shows=("meminfo.SwapTotal", "meminfo.SwapFree", "meminfo.Shmem"),
)
