"""A server that does not accept, and a receiver that does not read."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Expected, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import stay
from jinmaek.lab.readings import Readings

BACKLOG = 2
CALLERS = 300
"""At a time, each for 1.5 s."""


def listen(line: Line) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as server:
        line.tell(str(server.getsockname()[1]))
        stay(line)


def knock(line: Line, port: int) -> None:
    """Ask for connections and wait for an answer, longer than TCP waits before it asks again."""
    line.tell("knocking")
    waiting: deque[socket.socket] = deque()
    while True:
        for _ in range(20):
            caller = socket.socket()
            caller.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                caller.connect(("127.0.0.1", port))
            waiting.append(caller)
        time.sleep(0.1)
        while len(waiting) > CALLERS:
            waiting.popleft().close()


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    server = start(bench, "jm-server", listen)
    caller = start(bench, "jm-caller", knock, int(server.hear()))
    caller.hear()
    time.sleep(1.5)
    change = readings.during() - before
    return answer(
        server.state == "S" and change["net_netstat.TcpExt_ListenOverflows"] > 0,
        "a server never accepts; {lost} requests for connections were thrown away, and {again} asked again",
        lost=(change["net_netstat.TcpExt_ListenOverflows"], "count"),
        again=(change["net_netstat.TcpExt_TCPSynRetrans"], "count"),
    )


EXPERIMENT = Experiment(
    name="conditions.listen-queue",
    claim="Connections are lost where a server does not accept them in time",
    how="A server with a backlog of 2 accepts nobody; another process asks 200 times a second, and waits",
    run=run,
    shows=("net_netstat.TcpExt_ListenOverflows", "net_netstat.TcpExt_TCPSynRetrans"),
    expects=(Expected("network.drops", "jm-server"),),
)
