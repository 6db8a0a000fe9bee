"""/proc/schedstat, in the documented format: a kernel without CONFIG_SCHEDSTATS has no such file."""

from __future__ import annotations

import pytest

from jinmaek.columns import Malformed
from jinmaek.kernel.schedstat import Schedstat, parse

DOMAINS = {
    15: "domain0 3 5 5 0 0 0 0 0 5\n",
    16: "domain0 3 7 7 0 0 0 0 0 7\n",
    17: "domain0 MC 3 7 7 0 0 0 0 0 7\n",
}


@pytest.mark.parametrize("version", DOMAINS)
def test_cpus_in_every_version(version: int) -> None:
    text = (
        f"version {version}\ntimestamp 4295000000\n"
        f"cpu0 0 0 0 0 0 0 1500000000 2500000 42\n{DOMAINS[version]}"
        f"cpu3 0 0 9 8 7 6 18446744073709551615 1 2 99\n{DOMAINS[version]}"
    )
    assert list(parse(text)) == [
        Schedstat(cpu=0, running_seconds=1.5, waiting_seconds=0.0025, timeslices=42),
        Schedstat(cpu=3, running_seconds=18446744073.709551615, waiting_seconds=1e-9, timeslices=2),
    ]


@pytest.mark.parametrize("line", ["cpu0 1 2 3", "cpux 0 0 0 0 0 0 1 2 3", "cpu0 0 0 0 0 0 0 1 2 -3"])
def test_malformed(line: str) -> None:
    with pytest.raises(Malformed) as fault:
        list(parse("version 15\n" + line))
    assert fault.value.line == 2
