"""What a process has in its memory can be read from outside."""

from __future__ import annotations

import os
import re

from jinmaek import procfile
from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import anonymous
from jinmaek.lab.readings import Readings, count

SIZE = 32 * MIB
RECORD = b"customer record that nobody gives back;"
LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")


def remember(line: Line) -> None:
    memory = anonymous(SIZE)
    line.tell("before")
    line.wait()
    memory.write(RECORD * (SIZE // len(RECORD)))
    line.tell("after")
    line.wait()


def mappings(pid: int) -> list[tuple[int, int]]:
    """Addresses of what it may write to."""
    found = LINE.findall(procfile.read(f"/proc/{pid}/maps"))
    return [(int(start, 16), int(end, 16)) for start, end in found]


def found_in(pid: int) -> int:
    """How often the record is in its memory."""
    whole = 0
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        for start, end in mappings(pid):
            if end - start <= 2 * SIZE:
                whole += os.pread(memory, end - start, start).count(RECORD)
    finally:
        os.close(memory)
    return whole


def run(bench: Bench, readings: Readings) -> Answer:
    worker = start(bench, "jm-keeper", remember)
    worker.hear()
    readings.before(**{"records found": count(found_in(worker.pid))})
    worker.next()
    seen = found_in(worker.pid)
    readings.during(**{"records found": count(seen)})
    made = SIZE // len(RECORD)
    return answer(
        seen >= 0.99 * made,
        "of {made} records a process keeps, {seen} were found in /proc/PID/mem without stopping it",
        made=(made, "count"),
        seen=(seen, "count"),
    )


EXPERIMENT = Experiment(
    name="swap.heap-can-be-read",
    chapter=5,
    claim="What fills the memory of a leaking process can be seen in a dump of its heap",
    how="A process keeps 32 MiB of one text; its memory is read and searched from outside",
    run=run,
    needs=Needs(memory=128 * MIB),
    shows=("meminfo.AnonPages",),
)
