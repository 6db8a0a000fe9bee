"""One CPU does nothing but take in packets."""

from __future__ import annotations

import os
import socket
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.knobs import knob
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay
from jinmaek.lab.readings import Readings, read, share

STEERING = "/sys/class/net/lo/queues/rx-0/rps_cpus"
LISTENERS = 160
ALL_PACKETS = 3
"""ETH_P_ALL of linux/if_ether.h."""
WATCHED = 2.0


def listen(line: Line) -> None:
    """Sockets that get a copy of every packet and are never read from: work for whoever delivers."""
    held = []
    for _ in range(LISTENERS):
        one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PACKETS))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.bind(("lo", ALL_PACKETS))
        held.append(one)
    stay(line)


def flood(line: Line, cpu: int) -> None:
    os.sched_setaffinity(0, {cpu})
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("127.0.0.1", 0))
        target = receiver.getsockname()
        line.tell("sending")
        while True:
            sender.sendto(b"x" * 64, target)


def run(bench: Bench, readings: Readings) -> Answer:
    sending, taking, *_ = sorted(os.sched_getaffinity(0))
    knob(bench, STEERING, f"{1 << taking:x}")
    readings.before()
    start(bench, "jm-listener", listen).hear()
    for worker in [start(bench, "jm-flooder", flood, sending) for _ in range(2)]:
        worker.hear()
    name = f"stat_cpu.softirq{{cpu={taking}}}"
    first = read((name,))[name].value or 0
    time.sleep(WATCHED)
    busy = ((read((name,))[name].value or 0) - first) / WATCHED
    readings.during(**{"softirq of that CPU": share(busy)})
    return answer(
        busy > 0.5,
        "packets sent on CPU {sending} kept CPU {taking} in soft interrupts for {busy} of the time",
        sending=sending,
        taking=taking,
        busy=(busy, "ratio"),
    )


EXPERIMENT = Experiment(
    name="conditions.interrupt-storm",
    claim="Taking in packets can use up one CPU while the others have time",
    how="2 processes flood the loopback device from one CPU; receive packet steering has another take them "
    "in, for 160 listeners",
    run=run,
    needs=Needs(root=True, memory=64 * MIB, files=(STEERING,), cpus=2),
    shows=("stat_cpu.softirq", "softnet_stat.dropped", "softnet_stat.processed"),
    expects=(Expected("cpu.interrupt-storm"),),
    # Without IRQ_TIME_ACCOUNTING the time of soft interrupts that came to an idle CPU is in no column: here a
    # third of that CPU's time was missing.
    allows=("cpu.saturated", "network.drops", "trust.metrics-inconsistent"),
)
