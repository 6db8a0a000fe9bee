"""Our evaluation is Prometheus' evaluation of our PromQL: promtool computes every random case again."""

from __future__ import annotations

import math
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from tests.diagnosis.random_cases import Case, World, exported, ordered

from jinmaek.diagnosis import expr as e
from jinmaek.diagnosis.promql import duration, promql

Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
WORLDS = 40
CASES = 20
OFFSET, STEP = 0.000123456789, 0.001


def samples(world: World, case: Case) -> tuple[str, list[dict[str, object]]]:
    """The query that promtool answers and the answer it must give, to the last bit where order allows."""
    names = exported(case.expr)
    vectors = world.values(case.expr, case.at)
    numbers = [number for vector in vectors.values() for number in vector.values()]
    # One subject in each group: max only takes away the labels that are not of the subject.
    kept = ", ".join(("instance", *names.values()))
    query = f"max by ({kept}) ({promql(case.expr, duration(world.window))})"
    answer: Callable[[float], float] = float
    if any(math.isnan(number) for number in numbers):
        query, answer = f"({query}) != bool ({query})", lambda number: float(math.isnan(number))
    elif not ordered(case.expr):
        # Off the halves, where the order of a sum would decide; large sums have no digits that small.
        query = f"round({query} + {OFFSET!r}, {STEP!r})" if _small(numbers) else f"{query} > bool 1e6"
        answer = _rounded if _small(numbers) else lambda number: float(number > 1e6)
    expected = [
        {"labels": _selector(instance, {names[k]: v for k, v in labels}), "value": answer(number)}
        for instance, vector in vectors.items()
        for labels, number in vector.items()
    ]
    return query, expected


def _small(numbers: list[float]) -> bool:
    return all(abs(number) < 1e9 for number in numbers)


def _rounded(number: float) -> float:
    return math.floor((number + OFFSET) * (1 / STEP) + 0.5) / (1 / STEP)


def _selector(instance: str, labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{k}="{v}"' for k, v in {"instance": instance, **labels}.items()) + "}"


def group(world: World, cases: list[Case]) -> dict[str, Any]:
    # Samples are loaded up to the last whole minute that is asked for.
    end = 60 * (int(max(case.at for case in cases)) // 60 + 1)
    tests: list[dict[str, object]] = [
        {"expr": "vector(1)", "eval_time": f"{end}s", "exp_samples": [{"labels": "{}", "value": 1}]}
    ]
    for case in cases:
        query, expected = samples(world, case)
        tests.append({"expr": query, "eval_time": f"{int(case.at)}s", "exp_samples": expected})
    return {
        "interval": f"{world.interval}s",
        "input_series": [{"series": name, "values": values} for name, values in world.notation],
        "promql_expr_test": tests,
    }


def promtool_test(promtool: str, groups: list[dict[str, Any]], folder: Path) -> tuple[int, str]:
    file = folder / "cases.yml"
    document = {"evaluation_interval": "1m", "tests": groups}
    file.write_text(yaml.dump(document, Dumper=Dumper), encoding="utf-8")
    run = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def test_random_cases(peer: Callable[[str], str], tmp_path: Path) -> None:
    groups, told, kinds = [], 0, Counter[str]()
    for seed in range(WORLDS):
        world = World(seed)
        cases = [world.case() for _ in range(CASES)]
        groups.append(group(world, cases))
        told += sum(any(world.values(case.expr, case.at).values()) for case in cases)
        kinds.update(type(case.expr).__name__ for case in cases)
    assert told >= 500, f"only {told} cases have subjects"
    assert set(kinds) >= {"Range", "Now", "Arithmetic", "Compare", "AllOf", "AnyOf", "Unless", "Named"}
    queries = " ".join(test["expr"] for one in groups for test in one["promql_expr_test"])
    for part in (
        "group_left ()",
        "group_right ()",
        "unless on",
        "or on",
        "* 512",
        "size=",
        "offset",
        "] offset",
    ):
        assert part in queries, f"no case has {part}"
    status, said = promtool_test(peer("promtool"), groups, tmp_path)
    assert status == 0, said[:6000]


def test_promtool_notices_a_wrong_digit(peer: Callable[[str], str], tmp_path: Path) -> None:
    """The comparison above is exact: one unit in the last place is a failure."""
    world = World(1)
    tests = group(world, [Case(e.rate("stat_cpu.user"), float(world.length * world.interval // 2))])
    assert promtool_test(peer("promtool"), [tests], tmp_path)[0] == 0
    sample = tests["promql_expr_test"][-1]["exp_samples"][0]
    sample["value"] = math.nextafter(sample["value"], math.inf)
    assert promtool_test(peer("promtool"), [tests], tmp_path)[0] == 1
