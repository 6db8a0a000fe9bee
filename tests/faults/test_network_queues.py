"""A server that does not accept and a receiver that does not read, made for real on the loopback."""

from __future__ import annotations

import time

import pytest
from tests.faults.making import alarms, findings, found, looked, running

pytestmark = pytest.mark.kernel

DEAF = """
import socket, time
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(1)
print(server.getsockname()[1], flush=True); time.sleep(600)
"""
ACCEPTING = """
import socket
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(4096)
print(server.getsockname()[1], flush=True)
while True: server.accept()[0].close()
"""
CALLING = """
import socket, time
held = []
while True:
    one = socket.socket(); one.setblocking(False)
    try: one.connect(("127.0.0.1", int(sys.argv[2])))
    except BlockingIOError: pass
    held.append(one); time.sleep(float(sys.argv[3]))
    if len(held) > 100: held.pop(0).close()
"""
SLOW = """
import socket, time
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096); receiver.bind(("127.0.0.1", 0))
print(receiver.getsockname()[1], flush=True)
while True: receiver.recv(2000); time.sleep(0.01)
"""
SENDING = """
import socket, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True: sender.sendto(b"x" * 1000, ("127.0.0.1", int(sys.argv[2]))); time.sleep(0.001)
"""


def port_of(process: object) -> str:
    out = getattr(process, "stdout", None)
    assert out is not None
    return str(int(out.readline()))


def test_connections_nobody_accepts_and_who_should() -> None:
    with running("jm-deaf", DEAF) as (server,):
        port = port_of(server)
        with running("jm-caller", CALLING, port, "0.02"):
            time.sleep(1)
            finding = found("network.drops")
    (named,) = (culprit for culprit in finding["culprits"] if culprit["pid"] == server.pid)
    assert named["name"] == "jm-deaf"
    assert named["why"].endswith(f"connections to port {port} not accepted")


def test_datagrams_nobody_reads_and_who_should() -> None:
    with running("jm-slow", SLOW) as (receiver,):
        port = port_of(receiver)
        with running("jm-sender", SENDING, port):
            time.sleep(1)
            finding = found("network.drops")
    (named,) = (culprit for culprit in finding["culprits"] if culprit["pid"] == receiver.pid)
    assert named["name"] == "jm-slow"
    assert f"datagrams to port {port} lost" in named["why"]


def test_a_server_that_accepts_is_no_finding() -> None:
    # So few that a backlog of 128, the most on old kernels, lasts for ten seconds without the server.
    with (
        running("jm-server", ACCEPTING) as (server,),
        running("jm-caller", CALLING, port_of(server), "0.08"),
    ):
        time.sleep(2)
        said = looked(lambda said: "network.drops" not in findings(said))
    assert "network.drops" not in findings(said)
    assert "network.drops" not in alarms(said)
