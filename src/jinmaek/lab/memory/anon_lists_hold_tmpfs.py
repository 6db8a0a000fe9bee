"""Active(anon) and Inactive(anon) hold page cache too: that of tmpfs."""

from __future__ import annotations

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.reading import fill
from jinmaek.lab.make.storage import tmpfs
from jinmaek.lab.memory_now import others_moved
from jinmaek.lab.readings import Readings

SIZE = 256 * MIB


def run(bench: Bench, readings: Readings) -> Answer:
    folder = tmpfs(bench, 2 * SIZE)
    before = readings.before()
    fill(f"{folder}/file", SIZE)
    change = readings.take("file written") - before
    readings.during()
    lists = change["meminfo.Active_anon"] + change["meminfo.Inactive_anon"]
    return answer(
        None if others_moved(change, SIZE / 4) else lists < SIZE / 2,
        "a file of {size} in tmpfs, which is page cache (Cached changed by {cache}), changed Active(anon) "
        "and Inactive(anon) together by {lists}, while memory of programs (AnonPages) changed by {anon}",
        size=(SIZE, "bytes"),
        cache=(change["meminfo.Cached"], "bytes"),
        lists=(lists, "bytes"),
        anon=(change["meminfo.AnonPages"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="memory.anon-lists-hold-tmpfs",
    chapter=4,
    claim="Active(anon) is memory without the page cache: that of processes",
    how="A file of 256 MiB is written to a tmpfs",
    run=run,
    usual="does not hold",
    needs=Needs(root=True, memory=SIZE + 64 * MIB),
    shows=(
        "meminfo.Active_anon",
        "meminfo.Inactive_anon",
        "meminfo.AnonPages",
        "meminfo.Cached",
        "meminfo.Shmem",
    ),
)
