"""Cache gives way to programs."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.reading import read_through
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.make.work import anonymous, stay, touch
from jinmaek.lab.readings import Quantity, Readings, size

LIMIT = 192 * MIB
FILE = 160 * MIB
PROGRAM = 128 * MIB


def read_then_grow(line: Line, path: str) -> None:
    read_through(path)
    line.tell("read")
    line.wait()
    memory = anonymous(PROGRAM)
    touch(memory)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    path = written_file(bench, FILE)
    group = cgroups.memory(bench, LIMIT)
    worker = start_in(bench, [group], "jm-reader", read_then_grow, path)
    worker.hear()

    def held() -> dict[str, Quantity]:
        return {
            "cache of the cgroup": size(cgroups.statistic(group, "file", "cache")),
            "programs of the cgroup": size(cgroups.statistic(group, "anon", "rss")),
        }

    before = readings.before(**held())
    worker.next()
    change = readings.during(**held()) - before
    cache, programs = change["cache of the cgroup"], change["programs of the cgroup"]
    return answer(
        cache < -(FILE + PROGRAM - LIMIT) / 2 and programs > 0.9 * PROGRAM and worker.state != "X",
        "with {limit} for both, a program that took {programs} made the cache shrink by {cache}, and was "
        "not killed; {out} pages went to swap",
        limit=(LIMIT, "bytes"),
        programs=(programs, "bytes"),
        cache=(-cache, "bytes"),
        out=(change["vmstat.pswpout"], "count"),
    )


EXPERIMENT = Experiment(
    name="memory.cache-is-given-back",
    chapter=4,
    claim="When programs need memory, the kernel gives back what it used as cache",
    how="In a cgroup of 192 MiB a process reads a file of 160 MiB, then takes 128 MiB for itself",
    run=run,
    needs=Needs(root=True, memory=LIMIT + 64 * MIB, disk=FILE, cgroups=("memory",)),
    shows=("vmstat.pswpout", "vmstat.oom_kill", "vmstat.workingset_refault_file"),
)
