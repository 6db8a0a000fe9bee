"""Metrics of the host: names and figures of node_exporter, valid text, and never more series than said."""

from __future__ import annotations

import math
import re
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import CAPTURES
from tests.engines import node_exporter
from tests.tasks.children import agreed

from jinmaek.catalog import tables
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.diskstats import Disk
from jinmaek.kernel.stat import StatCpu
from jinmaek.kernel.sys_vm import SysVm
from jinmaek.model import Finding, Gap, Indicators, Quiet, Severity, Unknown, Verdict
from jinmaek.root import LIVE, Root
from jinmaek.rules import rules
from jinmaek.sampling import COUNTED, take
from jinmaek.tasks.census import Waits, Zombies
from jinmaek.tasks.choose import Scanner
from jinmaek.views.openmetrics import verdicts
from jinmaek.views.openmetrics.series import Family, Samples, series
from jinmaek.views.openmetrics.tables import FEW, Exposition, exported
from jinmaek.views.openmetrics.text import CONTENT_TYPES, negotiated, render

LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
Read = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Read:
    """Every sample; fails on a line that is none, and on a series that is there twice."""
    found: Read = {}
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        fits = LINE.fullmatch(line)
        assert fits, line
        inside = fits[2] or ""
        labels = LABEL.findall(inside)
        assert sum(len(f'{name}="{value}"') for name, value in labels) + max(0, len(labels) - 1) == len(
            inside
        )
        key = fits[1], tuple(sorted((name, unescaped(value)) for name, value in labels))
        assert key not in found, key
        found[key] = float(fits[3])
    return found


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def made(row: Any, **values: object) -> Any:
    """A row of which a kernel tells no more."""
    return row(**values)


def all_of(root: Root) -> Samples:
    with Scanner(root) as scanner:
        scan = scanner.scan(details=True)
    return Exposition().samples(take(root, exported(), scan).tables)


def test_as_node_exporter_over_the_same_files(peer: Callable[[str], str], tmp_path: Path) -> None:
    """Whatever both tell has the same name, labels and value."""
    tree = CAPTURES / "6.12"
    flags = [
        f"--path.procfs={tree}/proc",
        "--collector.vmstat.fields=.*",
        "--collector.netstat.fields=.*",
        "--collector.buddyinfo",
        "--collector.zoneinfo",
        "--collector.diskstats.device-exclude=^$",
        "--no-collector.netdev.netlink",
    ]
    with (
        node_exporter(peer, tmp_path, flags) as started,
        urllib.request.urlopen(f"{started.url}/metrics") as told,
    ):
        theirs = parsed(told.read().decode())
    ours = parsed(render(all_of(Root(str(tree))), "text").decode())
    names = {name for name, _ in ours if name.startswith("node_")}
    both = {key for key in theirs if key in ours}
    assert {key: ours[key] for key in both} == pytest.approx({key: theirs[key] for key in both}, abs=1e-9)
    # Of a metric that both have each has the series of the other, but for what node_exporter adds.
    common = {name for name, _ in both}
    missing = {key for key in theirs if key[0] in common and key not in ours}
    assert not {key for key in missing if key[0].startswith(("node_memory", "node_vmstat", "node_cpu"))}
    assert len(both) > 300
    assert len(common) > 0.8 * len(names & {name for name, _ in theirs})


def test_node_exporter_tells_sysctls_as_we_read_them(peer: Callable[[str], str], tmp_path: Path) -> None:
    wanted = ("swappiness", "dirty_ratio", "min_free_kbytes", "page-cluster", "dirty_expire_centisecs")
    flags = ["--collector.disable-defaults", "--collector.sysctl"]
    flags += [f"--collector.sysctl.include=vm.{name}" for name in wanted]

    def theirs_now() -> dict[str, float]:
        with urllib.request.urlopen(f"{started.url}/metrics") as told:
            found = {name: value for (name, _), value in parsed(told.read().decode()).items()}
        return {name: value for name, value in found.items() if name.startswith("node_sysctl_vm_")}

    def ours_now() -> dict[str, float]:
        (row,) = take(LIVE, ("sys_vm",)).tables["sys_vm"]
        assert isinstance(row, SysVm)
        return {one.family.name: value for one, value in Exposition().samples({"sys_vm": (row,)})}

    # Another program may set them meanwhile.
    with node_exporter(peer, tmp_path, flags) as started:
        theirs, ours = agreed(theirs_now, ours_now)
    told_by_both = theirs.keys()
    assert len(told_by_both) == len(wanted)
    assert {name: ours[name] for name in told_by_both} == {name: theirs[name] for name in told_by_both}


def test_every_family_has_one_kind_and_every_series_one_value() -> None:
    text = render(all_of(LIVE), "text").decode()
    parsed(text)
    families = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    assert len({name for name, _ in families}) == len(families)
    assert {kind for _, kind in families} == {"counter", "gauge", "untyped"}


def test_promtool_finds_nothing_but_the_names_that_are_not_ours(peer: Callable[[str], str]) -> None:
    body = render([*all_of(LIVE), *verdicts.samples(rules(), ())], "text")
    run = subprocess.run([peer("promtool"), "check", "metrics"], input=body, capture_output=True, check=False)
    said = run.stdout.decode() + run.stderr.decode()
    assert run.returncode in (0, 3), said
    ours = [line for line in said.splitlines() if line.startswith("jinmaek_")]
    assert ours == []


def test_nothing_is_not_zero() -> None:
    row = made(
        Disk,
        device="sda", read_ios=1, read_merges=0, read_sectors=512, read_ticks=0.5, write_ios=0,
        write_merges=0, write_sectors=0, write_ticks=0.0, in_flight=0, io_ticks=0.1, time_in_queue=0.2,
    )  # fmt: skip
    told = {one.family.name: value for one, value in Exposition().samples({"diskstats": (row,)})}
    assert told["node_disk_read_bytes_total"] == 512
    assert told["node_disk_io_now"] == 0
    assert "node_disk_discards_completed_total" not in told


def test_a_column_in_other_units_is_told_in_the_exporters() -> None:
    row = made(SysVm, dirty_ratio=0.29, min_free_kbytes=68608 * 1024)
    told = {one.family.name: value for one, value in Exposition().samples({"sys_vm": (row,)})}
    assert told == {"node_sysctl_vm_dirty_ratio": 29, "node_sysctl_vm_min_free_kbytes": 68608}


def test_what_there_is_any_number_of_is_bounded_and_counted() -> None:
    exposition = Exposition(cgroups=10)
    cgroups = tuple(made(CgroupMemory, cgroup=f"/a/b{n}/c", current=n) for n in range(500))
    root = made(CgroupMemory, cgroup="/", current=7), made(CgroupMemory, cgroup="/a", current=8)
    waits = tuple(Waits(wchan=f"f{n}", threads=n) for n in range(1000))
    zombies = tuple(Zombies(ppid=n, comm="x", count=1) for n in range(1000))
    told = exposition.samples(
        {"cgroup_memory": (*cgroups, *root), "waits": waits, "zombies": zombies, "stat_cpu": _cpus(512)}
    )
    by_name: dict[str, list[dict[str, str]]] = {}
    for one, _ in told:
        by_name.setdefault(one.family.name, []).append(dict(one.labels))
    assert len(by_name["container_memory_usage_bytes"]) == 10
    assert [one["id"] for one in by_name["container_memory_usage_bytes"]][:2] == ["/", "/a"]
    assert {one["wchan"] for one in by_name["jinmaek_waits_threads"]} == {
        f"f{n}" for n in range(1000 - FEW, 1000)
    }
    assert len(by_name["jinmaek_zombies"]) == FEW
    assert len(by_name["node_cpu_seconds_total"]) == 512 * 4
    assert exposition.left_out == {"cgroup_memory": 492, "waits": 1000 - FEW, "zombies": 1000 - FEW}


def _cpus(count: int) -> tuple[StatCpu, ...]:
    return tuple(made(StatCpu, cpu=n, user=1.0, nice=0.0, system=1.0, idle=1.0) for n in range(count))


def test_what_comes_and_goes_is_not_kept_for_ever() -> None:
    exposition = Exposition()
    for turn in range(50):
        exposition.samples(
            {"zombies": tuple(Zombies(ppid=turn * 100 + n, comm="x", count=1) for n in range(32))}
        )
    assert len(exposition._plans["zombies"].known) < 200


@given(st.text(alphabet=st.characters(exclude_categories=[])), st.floats() | st.integers())
def test_any_name_and_any_number_is_one_valid_line(name: str, value: float) -> None:
    family = Family("x_total", "counter", "about\nsomething\\")
    body = render([(series(family, {"name": name}), value)], "text")
    text = body.decode("utf-8")
    assert len(text.splitlines()) == text.count("\n") == 3
    ((_, ((_, told),)), number) = next(iter(parsed(text).items()))
    assert told.isprintable() or told == ""
    if name.isprintable():
        assert told == name
    assert number == float(value) or math.isnan(number)


def test_openmetrics_calls_a_counter_by_its_family_and_ends() -> None:
    counter, other = Family("a_total", "counter", 'say "a"'), Family("node_vmstat_b", "untyped", "b")
    text = render([(series(counter, {}), 1), (series(other, {}), 2.5)], "openmetrics").decode()
    assert text == (
        '# HELP a say \\"a\\"\n# TYPE a counter\na_total 1\n'
        "# HELP node_vmstat_b b\n# TYPE node_vmstat_b unknown\nnode_vmstat_b 2.5\n# EOF\n"
    )


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "text"),
        ("*/*", "text"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text"),
        ("application/openmetrics-text", "openmetrics"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            "openmetrics",
        ),
        ("application/openmetrics-text; version=2.0.0, text/plain;q=0.5", "text"),
        ("application/openmetrics-text;q=0.1, text/plain;q=0.9", "text"),
        ("application/openmetrics-text;q=0", "text"),
        ("application/openmetrics-text;q=nonsense", "text"),
        (";;;,,,=;q=", "text"),
    ],
)
def test_the_form_is_the_one_asked_for(accept: str, form: str) -> None:
    assert negotiated(accept) == form
    assert form in CONTENT_TYPES


def found(rule: str, severity: Severity) -> Finding:
    return Finding(rule, "", severity, (), 0.0, 1.0, "high", "", (), Indicators())


def test_three_answers_never_two() -> None:
    chosen = tuple(rule for rule in rules() if rule.id in ("cpu.saturated", "swap.full", "memory.low"))
    told: tuple[Verdict, ...] = (
        found("cpu.saturated", "warning"),
        Quiet("swap.full"),
        Unknown("memory.low", "meminfo.MemAvailable", Gap("absent", "meminfo.MemAvailable")),
    )
    states = {
        (dict(one.labels)["rule"], dict(one.labels)["state"]): value
        for one, value in verdicts.samples(chosen, told)
        if one.family is verdicts.STATE
    }
    assert {rule: state for (rule, state), value in states.items() if value} == {
        "cpu.saturated": "finding",
        "swap.full": "quiet",
        "memory.low": "unknown",
    }
    assert len(states) == 9
    levels = {
        (dict(one.labels)["rule"], dict(one.labels)["severity"]): value
        for one, value in verdicts.samples(chosen, told)
        if one.family is verdicts.FINDING
    }
    assert levels["cpu.saturated", "warning"] == 1
    assert not any(value for (rule, _), value in levels.items() if rule == "swap.full")
    assert not [rule for rule, _ in levels if rule == "memory.low"]


def test_before_anything_was_judged_everything_is_unknown() -> None:
    told = verdicts.samples(rules(), ())
    assert {one.family for one, _ in told} == {verdicts.STATE}
    assert sum(value for one, value in told if dict(one.labels)["state"] == "unknown") == len(rules())


def test_as_many_series_however_much_is_found() -> None:
    few = verdicts.samples(rules(), [Quiet(rule.id) for rule in rules()])
    many = verdicts.samples(rules(), [found(rule.id, rule.severity) for rule in rules() for _ in range(1000)])
    assert {one for one, _ in few} == {one for one, _ in many}


def test_what_the_task_scan_counts_is_told() -> None:
    assert {"threads", "processes", "waits", "zombies"} <= {*exported()} & {*COUNTED} <= {*tables()}
