"""Whose memory is in swap is told for each process."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.swapping import swapped_out
from jinmaek.lab.make.work import hold
from jinmaek.lab.readings import Readings, size
from jinmaek.lab.tasks import rollup, status

SIZE = 128 * MIB
LIMIT = 48 * MIB
SWAP = 256 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    swapper = swapped_out(bench, SIZE, LIMIT, swap=SWAP)
    other = start(bench, "jm-holder", hold, 64 * MIB)
    other.hear()
    told = status(swapper.pid, "VmSwap")["VmSwap"].value or 0
    not_his = status(other.pid, "VmSwap")["VmSwap"].value or 0
    smaps = rollup(swapper.pid).Swap
    during = readings.during(
        **{
            "VmSwap of jm-swapper": size(told),
            "smaps Swap of jm-swapper": size(smaps),
            "VmSwap of jm-holder": size(not_his),
        }
    )
    used = (during["meminfo.SwapTotal"] - during["meminfo.SwapFree"]) - (
        before["meminfo.SwapTotal"] - before["meminfo.SwapFree"]
    )
    return answer(
        abs(told - used) < 0.2 * used and abs(smaps - told) < 0.1 * told and not_his < told / 10,
        "of {used} more in swap, VmSwap names jm-swapper with {told} and jm-holder with {other}; the "
        "mappings of jm-swapper add up to {smaps}",
        used=(used, "bytes"),
        told=(told, "bytes"),
        other=(not_his, "bytes"),
        smaps=(smaps, "bytes"),
    )


EXPERIMENT = Experiment(
    name="swap.who-swapped",
    chapter=5,
    claim="Who uses swap is told by /proc/PID/smaps for each mapping, and by /proc/PID/status for the "
    "whole process",
    how="One process has more memory than its cgroup allows, another holds 64 MiB without a limit",
    run=run,
    needs=Needs(root=True, memory=256 * MIB, disk=2 * SWAP, cgroups=("memory",)),
    shows=("meminfo.SwapTotal", "meminfo.SwapFree"),
)
