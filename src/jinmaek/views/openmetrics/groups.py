"""Groups of processes as metrics, under the names of process-exporter.

https://github.com/ncabatoff/process-exporter
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jinmaek.accounts.process_groups import Group
from jinmaek.views.openmetrics.series import Family, Kind, Samples, series

PREFIX = "namedprocess_namegroup_"
STATES = {"R": "Running", "S": "Sleeping", "I": "Sleeping", "D": "Waiting", "Z": "Zombie"}
"""process-exporter's words for the kernel's letters; every other one is ``Other``."""


def _family(name: str, kind: Kind, help: str) -> Family:
    return Family(PREFIX + name, kind, f"{help}, by the name of its processes; the rest is one group")


PROCESSES = _family("num_procs", "gauge", "processes of a group")
THREADS = _family("num_threads", "gauge", "threads of a group")
MEMORY = _family("memory_bytes", "gauge", "memory of a group, pages that processes share counted in each")
CPU = _family("cpu_seconds_total", "counter", "CPU time of a group since the agent began to watch it")
MAJOR = _family("major_page_faults_total", "counter", "major page faults of a group since then")
MINOR = _family("minor_page_faults_total", "counter", "minor page faults of a group since then")
READ = _family("read_bytes_total", "counter", "bytes fetched from storage for a group since then")
WRITTEN = _family("write_bytes_total", "counter", "bytes of page cache that a group dirtied since then")
IN_STATE = _family("states", "gauge", "processes of a group in a state")


def samples(groups: Iterable[Group]) -> Samples:
    """The samples of all groups; none of what could not be read of every process."""
    found: Samples = []
    for one in groups:
        for family, labels, value in (
            (PROCESSES, {}, one.processes),
            (THREADS, {}, one.threads),
            (MEMORY, {"memtype": "resident"}, one.resident),
            (MEMORY, {"memtype": "virtual"}, one.virtual),
            (MEMORY, {"memtype": "swapped"}, one.swapped),
            (CPU, {"mode": "user"}, one.user),
            (CPU, {"mode": "system"}, one.system),
            (MAJOR, {}, one.major_faults),
            (MINOR, {}, one.minor_faults),
            (READ, {}, one.read_bytes),
            (WRITTEN, {}, one.write_bytes),
        ):
            if value is not None:
                found.append((series(family, {"groupname": one.name, **labels}), value))
        for state, count in _states(one.states).items():
            found.append((series(IN_STATE, {"groupname": one.name, "state": state}), count))
    return found


def _states(letters: Mapping[str, int]) -> Mapping[str, int]:
    counts = dict.fromkeys((*dict.fromkeys(STATES.values()), "Other"), 0)
    for letter, count in letters.items():
        counts[STATES.get(letter, "Other")] += count
    return counts
