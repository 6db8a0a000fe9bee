"""What was read once is read from memory the next time."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import read_through
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.readings import Readings, seconds

SIZE = 512 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    path = written_file(bench, SIZE)
    before = readings.before()
    cold = read_through(path)
    first = readings.take("first read", **{"time it took": seconds(cold)})
    warm = min(read_through(path) for _ in range(3))
    second = readings.take("second read", **{"time it took": seconds(warm)})
    fetched = (first - before)["vmstat.pgpgin"], (second - first)["vmstat.pgpgin"]
    return answer(
        warm < 0.7 * cold and fetched[0] > 0.9 * SIZE and fetched[1] < SIZE / 2,
        "reading {size} took {cold} at first and {warm} then; from disks came {first} and {second}",
        size=(SIZE, "bytes"),
        cold=(cold, "seconds"),
        warm=(warm, "seconds"),
        first=(fetched[0], "bytes"),
        second=(fetched[1], "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.second-read-is-faster",
    chapter=4,
    claim="What was read once is kept in memory, so that it need not be asked of the disk again",
    how="A file of 512 MiB is read from disk, and then again",
    run=run,
    needs=Needs(memory=SIZE, disk=SIZE),
    shows=("meminfo.Cached", "vmstat.pgpgin"),
)
