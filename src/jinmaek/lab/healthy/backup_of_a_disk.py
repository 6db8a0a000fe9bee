"""A disk that is read from end to end, as fast as it goes."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.reading import read_directly
from jinmaek.lab.make.storage import written_file
from jinmaek.lab.readings import Readings

FILE = 256 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    path = written_file(bench, FILE)
    before = readings.before()
    start(bench, "jm-backup", read_directly, path, FILE).hear()
    change = readings.during() - before
    return answer(
        change["vmstat.pgpgin"] > 0,
        "{read} were read from disks meanwhile",
        read=(change["vmstat.pgpgin"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.backup-of-a-disk",
    claim="A disk that is busy with one reader, and answers at once, is well used",
    how="One process reads a file past the cache, again and again",
    run=run,
    needs=Needs(disk=FILE),
    shows=("vmstat.pgpgin", "stat.procs_blocked", "pressure_io.some_total"),
    healthy=True,
)
