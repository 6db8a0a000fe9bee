"""The time in the first line of top is since boot."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.readings import Readings, seconds


def run(_: Bench, readings: Readings) -> Answer:
    clock = time.clock_gettime(time.CLOCK_BOOTTIME)
    told = readings.during(CLOCK_BOOTTIME=seconds(clock))
    since = time.time() - told["stat.btime"]
    return answer(
        abs(told["uptime.uptime"] - clock) < 5 and abs(since - clock) < 60,
        "/proc/uptime says {uptime}, the clock of this boot {clock}, and btime was {since} ago",
        uptime=(told["uptime.uptime"], "seconds"),
        clock=(clock, "seconds"),
        since=(since, "seconds"),
    )


EXPERIMENT = Experiment(
    name="processes.uptime-is-since-boot",
    chapter=2,
    claim="The time in the first line of top is how long the machine has been running",
    how="/proc/uptime is compared with the clock that counts from boot and with btime of /proc/stat",
    run=run,
    shows=("uptime.uptime", "stat.btime"),
)
