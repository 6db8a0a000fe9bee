"""Programs that grow in every way there is, each in a cgroup of its own with a limit, by the clock."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.making import memory_cgroup

NAMED = "import ctypes, sys; ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)\n"

LEAK = """
import time
began, kept = time.monotonic(), []
while True:
    due = (time.monotonic() - began) * {rate}
    while len(kept) * 65536 < due: kept.append(b"k" * 65503)
    time.sleep(0.01)
"""
SAW = """
import time
began, kept = time.monotonic(), []
while True:
    due = (time.monotonic() - began) % {period} * {rate}
    if len(kept) * 65536 > due + 262144: kept.clear()
    while len(kept) * 65536 < due: kept.append(b"k" * 65503)
    time.sleep(0.01)
"""
BURST = """
import mmap, time
time.sleep({after})
memory = mmap.mmap(-1, {size}, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, {size}, 4096): memory[page] = 1
time.sleep({keeps})
memory.close()
time.sleep(600)
"""
WARM = """
import time
began, kept = time.monotonic(), []
while True:
    due = min({most}, (time.monotonic() - began) * {rate})
    while len(kept) * 65536 < due: kept.append(b"k" * 65503)
    time.sleep(0.01)
"""
READ = """
import time
while True:
    with open({path!r}, "rb", buffering=0) as file:
        while file.read(1 << 18): time.sleep(0.002)
"""
FORK = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
held = b"h" * (32 << 20)
while True:
    if os.fork() == 0:
        own = b"c" * (4 << 20)
        time.sleep({lives})
        os._exit(0)
    time.sleep({every})
"""
STAY = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
        own = b"c" * {each}
        time.sleep(600)
    time.sleep({every})
"""
C = r"""
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
int main(int count, char **words) {
    prctl(PR_SET_NAME, words[1]);
    double rate = atof(words[2]), have = 0;
    struct timespec first, now;
    clock_gettime(CLOCK_MONOTONIC, &first);
    for (;; usleep(10000)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        double due = (now.tv_sec - first.tv_sec + (now.tv_nsec - first.tv_nsec) / 1e9) * rate;
        for (; have < due; have += 16384) memset(malloc(16368), 'k', 16368);
    }
}
"""
NODE = """
const kept = [], rate = Number(process.argv[2]), began = process.hrtime.bigint();
let have = 0;
setInterval(() => {
  const due = Number(process.hrtime.bigint() - began) / 1e9 * rate;
  for (; have < due; have += 65536) kept.push(Buffer.alloc(65536, "k"));
}, 10);
"""


SWAP = 1 << 20


@dataclass(frozen=True, slots=True)
class Grown:
    """A program that runs: its pid, and the folder of its cgroup."""

    pid: int
    group: Path

    @property
    def cgroup(self) -> str:
        return f"/{self.group.name}"

    @property
    def anon(self) -> int:
        """Bytes of anonymous memory it has."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))

    def exhausted(self) -> bool:
        """Whether nothing is left at the limit: it stands there, or (version 2) was killed."""
        try:
            return "under_oom 1" in (self.group / "memory.oom_control").read_text()
        except FileNotFoundError:
            return "oom_kill 0" not in (self.group / "memory.events").read_text()


@contextlib.contextmanager
def grower(name: str, limit: int, command: Sequence[str], *, swap: bool = False) -> Iterator[Grown]:
    """Run ``command`` in a cgroup of its own whose limit makes it wait rather than have it killed.

    Without ``swap`` it may use next to none: whoever else switches some on or off does not move its limit.
    """
    with memory_cgroup(limit, f"-{name}") as group:
        knobs = {"memory.oom_control": "1"}
        if not swap:
            # The same limit with swap would be tried first, and is not counted by every kernel.
            knobs |= {"memory.memsw.limit_in_bytes": str(limit + SWAP), "memory.swap.max": "0"}
        for knob, value in knobs.items():
            if (group / knob).exists():
                (group / knob).write_text(value)
        join = f'echo 0 > {group}/cgroup.procs && exec "$@"'
        process = subprocess.Popen(["sh", "-c", join, "sh", *command], stdin=subprocess.DEVNULL)
        try:
            yield Grown(process.pid, group)
        finally:
            process.kill()
            process.wait(timeout=120)


def python(name: str, code: str, **values: object) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", NAMED + code.format(**values), name]
