"""What one look costs: CPU of ``jinmaek diagnose --for 5s`` with N processes, beside an empty interpreter."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys

PROCESSES = 300
RUNS = 3


def cpu_of(command: list[str]) -> float:
    """CPU seconds (user and system) of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> None:
    idle = [subprocess.Popen(["sleep", "600"]) for _ in range(PROCESSES)]
    try:
        there = sum(name.isdigit() for name in os.listdir("/proc"))
        bare = statistics.median(cpu_of([sys.executable, "-c", "pass"]) for _ in range(RUNS))
        look = statistics.median(
            cpu_of([sys.executable, "-m", "jinmaek", "diagnose", "--for", "5s", "--json"])
            for _ in range(RUNS)
        )
    finally:
        for process in idle:
            process.kill()
            process.wait()
    print(f"{there} processes on the host, median of {RUNS} runs, CPU seconds")
    print(f"{'bare interpreter':<28}{bare:8.3f}")
    print(f"{'jinmaek diagnose --for 5s':<28}{look:8.3f}   {look / 5:.1%} of one core while it watches")


if __name__ == "__main__":
    main()
