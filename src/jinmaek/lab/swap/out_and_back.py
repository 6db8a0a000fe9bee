"""What comes back from swap keeps its place there."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import start_in
from jinmaek.lab.make.storage import swap_file
from jinmaek.lab.make.swapping import fill
from jinmaek.lab.readings import Readings
from jinmaek.lab.tasks import status

SIZE = 160 * MIB
LIMIT = 64 * MIB
SWAP = 512 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    swap_file(bench, SWAP)
    group = cgroups.memory(bench, LIMIT)
    readings.before()
    worker = start_in(bench, [group], "jm-swapper", fill, SIZE)
    worker.hear()
    out = readings.take("swapped out", **status(worker.pid, "VmRSS", "VmSwap"))
    cgroups.set_memory(group, 2 * SIZE)
    worker.next()
    back = readings.during(**status(worker.pid, "VmRSS", "VmSwap"))
    change = back - out
    return answer(
        out["VmSwap"] > SIZE / 3 and change["meminfo.SwapCached"] > SIZE / 4 and change["VmRSS"] > SIZE / 3,
        "{out} of a process were in swap; after it read them all, VmRSS had grown by {rss}, SwapCached was "
        "{cached}, and SwapFree had changed by {free}",
        out=(out["VmSwap"], "bytes"),
        rss=(change["VmRSS"], "bytes"),
        cached=(back["meminfo.SwapCached"], "bytes"),
        free=(change["meminfo.SwapFree"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="swap.out-and-back",
    chapter=5,
    claim="SwapCached is memory that went to swap and came back, and still has its copy there",
    how="In a cgroup of 64 MiB a process fills 160 MiB; then the limit is raised and it reads all of them",
    run=run,
    needs=Needs(root=True, memory=2 * SIZE, disk=2 * SWAP, cgroups=("memory",)),
    shows=("meminfo.SwapFree", "meminfo.SwapCached", "vmstat.pswpout", "vmstat.pswpin"),
)
