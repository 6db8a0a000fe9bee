"""Cache that is not used again goes before anything is swapped."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, start_in
from jinmaek.lab.make.reading import read_through
from jinmaek.lab.make.storage import swap_file, written_file
from jinmaek.lab.make.work import anonymous, stay, touch
from jinmaek.lab.readings import Quantity, Readings, size

LIMIT = 160 * MIB
FILE = 128 * MIB
FITS, EXCEEDS = 128 * MIB, 224 * MIB
SWAP = 256 * MIB


def read_then_grow(line: Line, path: str) -> None:
    read_through(path)
    line.tell("read")
    memory = anonymous(EXCEEDS)
    line.wait()
    touch(memory, 0, FITS)
    line.tell("fits")
    line.wait()
    touch(memory, FITS, EXCEEDS)
    stay(line)


def run(bench: Bench, readings: Readings) -> Answer:
    swap_file(bench, SWAP)
    path = written_file(bench, FILE)
    group = cgroups.memory(bench, LIMIT)
    worker = start_in(bench, [group], "jm-grower", read_then_grow, path)
    worker.hear()

    def cache() -> dict[str, Quantity]:
        return {"cache of the cgroup": size(cgroups.statistic(group, "file", "cache"))}

    before = readings.before(**cache())
    worker.next()
    fits = readings.take("grown within the limit", **cache()) - before
    worker.next()
    exceeds = readings.during(**cache()) - before
    return answer(
        fits["vmstat.pswpout"] < 1000 and exceeds["vmstat.pswpout"] > 10_000,
        "growing to {fits} in a cgroup of {limit} took {cache} from the cache and put {first} pages into "
        "swap; growing to {exceeds} put {then} there",
        fits=(FITS, "bytes"),
        limit=(LIMIT, "bytes"),
        cache=(-fits["cache of the cgroup"], "bytes"),
        first=(fits["vmstat.pswpout"], "count"),
        exceeds=(EXCEEDS, "bytes"),
        then=(exceeds["vmstat.pswpout"], "count"),
    )


EXPERIMENT = Experiment(
    name="swap.cache-goes-first",
    chapter=5,
    claim="Memory is found by giving back cache; swap is used when no more cache can be given",
    how="In a cgroup of 160 MiB a process reads a file of 128 MiB once, grows to 128 MiB and then to 224 MiB",
    run=run,
    needs=Needs(root=True, memory=LIMIT + 64 * MIB, disk=2 * SWAP + FILE, cgroups=("memory",)),
    shows=("vmstat.pswpout", "meminfo.SwapFree"),
)
