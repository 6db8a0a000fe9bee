"""D is waiting for a disk; whoever waits for the network sleeps in S."""

from __future__ import annotations

import socket
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import Line, Worker, start, start_in
from jinmaek.lab.make.reading import read_directly
from jinmaek.lab.make.storage import block_device
from jinmaek.lab.readings import Readings, share

SIZE = 64 * MIB
REQUESTS = 20
"""A second: so slow that whoever reads from it nearly always waits."""
WATCHED = 3.0


def receive(line: Line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        served, _ = server.accept()
        line.tell("waiting")
        client.recv(1)
        served.close()


def run(bench: Bench, readings: Readings) -> Answer:
    device = block_device(bench, SIZE)
    group = cgroups.slow_disk(bench, device, reads=REQUESTS)
    readings.before()
    reader = start_in(bench, [group], "jm-reader", read_directly, device, SIZE)
    receiver = start(bench, "jm-receiver", receive)
    reader.hear()
    receiver.hear()
    disk, network = _in_d(reader), _in_d(receiver)
    readings.during(**{"D of jm-reader": share(disk), "D of jm-receiver": share(network)})
    return answer(
        disk > 0.5 and network > 0.5,
        "whoever read from a slow disk was in D at {disk} of all looks, whoever waited for the network at "
        "{network} of them",
        disk=(disk, "ratio"),
        network=(network, "ratio"),
    )


def _in_d(worker: Worker) -> float:
    seen, samples = 0, 0
    end = time.monotonic() + WATCHED
    while time.monotonic() < end:
        seen += worker.state == "D"
        samples += 1
        time.sleep(0.02)
    return seen / samples


EXPERIMENT = Experiment(
    name="processes.d-is-not-the-network",
    chapter=2,
    claim="A process that does disk or network work waits in D",
    how="One process reads from a device that answers 20 times a second, another waits to receive on a "
    "socket",
    run=run,
    usual="does not hold",
    needs=Needs(root=True, cgroups=("io",), disk=2 * SIZE),
    shows=("stat.procs_blocked", "loadavg.load1"),
)
