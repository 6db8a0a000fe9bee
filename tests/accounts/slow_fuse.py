"""A FUSE file system with one file, served by a process that can be stopped: then whoever asks it waits.

include/uapi/linux/fuse.h. Attributes are valid for no time at all, so that every stat(2) has to ask.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = """
import ctypes, os, struct, sys
fuse = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0".encode()
if libc.mount(b"slow", sys.argv[1].encode(), b"fuse", 0, options):
    print("no mount:", os.strerror(ctypes.get_errno()), flush=True); sys.exit()
def attr(node):
    mode, size = (0o040755, 0) if node == 1 else (0o100644, 4096)
    return struct.pack("=6Q10I", node, size, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
answers = {
    26: lambda node: struct.pack("=4I2H2I2H8I", 7, 31, 65536, 0, 8, 8, 65536, 1, 0, 0, *[0] * 8),
    1: lambda node: struct.pack("=4Q2I", 2, 0, 0, 0, 0, 0) + attr(2),
    3: lambda node: struct.pack("=Q2I", 0, 0, 0) + attr(node),
    14: lambda node: struct.pack("=Q2I", 0, 0, 0),
}
ready = False
while True:
    request = os.read(fuse, 1 << 20)
    _, kind, unique, node = struct.unpack_from("=IIQQ", request)
    if kind in (2, 42): continue
    body, error = (answers[kind](node), 0) if kind in answers else (b"", -38)
    os.write(fuse, struct.pack("=IiQ", 16 + len(body), error, unique) + body)
    if not ready: ready = True; print("ready", flush=True)
"""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[int]:
    """The pid of the server of ``folder/f``. Its death ends every wait for it."""
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        said = server.stdout.readline().strip()
        if said != "ready":
            pytest.skip(f"no FUSE here: {said}")
        yield server.pid
    finally:
        server.kill()
        server.send_signal(signal.SIGCONT)
        server.wait()
        subprocess.run(["umount", "-l", str(folder)], check=False, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def stuck(pid: int) -> Iterator[None]:
    """Meanwhile nobody is answered."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
