"""A server that does not accept, and a receiver that does not read."""

from __future__ import annotations

import contextlib
import socket
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Expected, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay
from jinmaek.lab.readings import Readings

BACKLOG = 2


def listen(line: Line) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as server:
        line.tell(str(server.getsockname()[1]))
        stay(line)


def knock(line: Line, port: int) -> None:
    line.tell("knocking")
    while True:
        callers = []
        for _ in range(20):
            caller = socket.socket()
            caller.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                caller.connect(("127.0.0.1", port))
            callers.append(caller)
        time.sleep(0.1)
        for caller in callers:
            caller.close()


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    server = start(bench, "jm-server", listen)
    caller = start(bench, "jm-caller", knock, int(server.hear()))
    caller.hear()
    time.sleep(1)
    readings.during()
    return answer(
        server.state == "S",
        "a server with a backlog of {backlog} never accepts, and is called 200 times a second",
        backlog=BACKLOG,
    )


EXPERIMENT = Experiment(
    name="conditions.listen-queue",
    claim="Connections are lost where a server does not accept them in time",
    how="A server with a backlog of 2 accepts nobody; another process connects 200 times a second",
    run=run,
    expects=(Expected("network.drops", "jm-server"),),
)
