"""A recording of an incident for tests of reports: one process takes the CPUs, one grows, and names would do
harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from tests.history.recording.kept import BEGAN, META, clocks

from jinmaek.catalog import tables
from jinmaek.history.recording.writer import Writer
from jinmaek.root import Root
from jinmaek.sampling import COUNTED, Snapshot, take
from jinmaek.tasks.table import Scan, TaskTable, Waiting

TREE = Path(__file__).parents[1] / "captures" / "6.18"
HOSTILE = ("</script><b>x", "<img src=x>", "'\"><svg/onl=1>", "a|b`c`\x1b[31m@x", "__proto__")
"""What processes call themselves."""
INTERFACE = "<img>"
HOST = "<i>web-1</i>"
STEP = 2
SECONDS = 1200
WRONG = range(500, 900)
"""When the CPUs are saturated."""
GAP = range(1000, 1060)
"""When nobody recorded."""
PROCESSES = 60
SECONDS_OF = ("utime", "stime", "cutime", "cstime", "run_delay", "run_time")
"""Columns of tasks that are times."""
Row = TypeVar("Row")


def changed(row: Row, **values: object) -> Row:
    """A row with other values."""
    names = type(row).__match_args__  # type: ignore[attr-defined]
    return type(row)(**{name: getattr(row, name) for name in names} | values)


def base() -> Snapshot:
    """Every table of a captured host, and the processes of another."""
    tasks = TaskTable(
        **{one.name: [0] * PROCESSES for one in fields(TaskTable)}
        | {
            "pid": list(range(1, PROCESSES + 1)),
            "tgid": list(range(1, PROCESSES + 1)),
            "ppid": [0, *[1] * (PROCESSES - 1)],
            "start_time": [at / 2 for at in range(PROCESSES)],
            "comm": [f"daemon{at}" for at in range(PROCESSES)],
            "state": ["S"] * PROCESSES,
            "num_threads": [1 + at % 3 for at in range(PROCESSES)],
            "resident": [(PROCESSES - at) << 20 for at in range(PROCESSES)],
            "uid": [at % 2 * 1000 for at in range(PROCESSES)],
            **{name: [0.0] * PROCESSES for name in SECONDS_OF},
        }  # type: ignore[arg-type]
    )
    scan = Scan("procfs", 9e6, tasks, (), {}, {}, 0.001)
    return take(Root(str(TREE)), [name for name in tables() if name not in COUNTED], scan)


def _counted(first: object, since: Mapping[str, float]) -> dict[str, float]:
    return {name: getattr(first, name) + by for name, by in since.items()}


def sample(one: Snapshot, second: int) -> Snapshot:
    """The host so many seconds later."""
    assert one.tasks is not None
    worked = float(max(0, min(second, WRONG.stop) - WRONG.start))
    wrong = second in WRONG
    row: dict[str, Any] = {name: rows[0] for name, rows in one.tables.items() if rows}
    cpus = len(one.tables["stat_cpu"])
    busy = {"user": worked, "idle": second - worked, "system": 0.01 * second, "iowait": 0.0}
    load = 12.0 if wrong else 0.3
    grown = (200 << 20) * second // SECONDS
    meminfo, pressure = row["meminfo"], row["pressure_cpu"]
    told: dict[str, tuple[object, ...]] = {
        **one.tables,
        "stat_cpu": tuple(changed(cpu, **_counted(cpu, busy)) for cpu in one.tables["stat_cpu"]),
        "stat": (
            changed(
                row["stat"],
                **_counted(row["stat"], {name: by * cpus for name, by in busy.items()}),
                procs_running=13 if wrong else 1,
            ),
        ),
        "pressure_cpu": (changed(pressure, some_total=pressure.some_total + worked * 0.9),),
        "net_dev": (changed(row["net_dev"], device=INTERFACE, receive_bytes=1000 * second),),
        "loadavg": (changed(row["loadavg"], load1=load, load5=load, load15=load),),
        "meminfo": (
            changed(
                meminfo,
                AnonPages=meminfo.AnonPages + grown,
                MemFree=meminfo.MemFree - grown,
                MemAvailable=meminfo.MemAvailable - grown,
            ),
        ),
    }
    tasks = one.tasks.processes
    comm = [*HOSTILE, *tasks.comm[len(HOSTILE) :]]
    state, utime, resident = list(tasks.state), list(tasks.utime), list(tasks.resident)
    hog, grower, stuck = range(3)
    utime[hog] += worked * cpus * 0.95
    run_time = list(tasks.run_time)
    run_time[hog] = utime[hog]
    state[hog] = "R" if wrong else "S"
    resident[grower] = (resident[grower] or 0) + grown
    waiting = Waiting(tasks.pid[stuck], tasks.pid[stuck], tasks.start_time[stuck], comm[stuck], "io_schedule")
    return replace(
        one,
        boot_id="0f0f0f0f-1111-4222-8333-444444444444",
        wall=BEGAN + second,
        monotonic=9e6 + second,
        tables=told,
        tasks=replace(
            one.tasks,
            time=9e6 + second,
            processes=replace(
                tasks, comm=comm, state=state, utime=utime, run_time=run_time, resident=resident
            ),
            waiting=(waiting,) if wrong else (),
        ),
        gaps={},
    )


def write(folder: Path) -> None:
    """The whole of it."""
    meta = {**META, "host": HOST, "kernel": "6.18", "interval": float(STEP), "pid": 999}
    writer = Writer(str(folder), meta)
    one = base()
    for second in range(0, SECONDS, STEP):
        if second not in GAP:
            told = sample(one, second)
            assert writer.add(told, clocks(told))
    writer.close()
