"""What the operators and aggregations of expressions do to numbers, as Prometheus 2.42 does it.

promql/engine.go: nothing raises, a division by zero is infinite or not a number.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import reduce


def _divide(a: float, b: float) -> float:
    if b:
        return a / b
    if not a or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1, b)


def _mean(numbers: list[float]) -> float:
    mean = 0.0
    for count, number in enumerate(numbers, 1):
        if math.isinf(mean) and not math.isnan(number) and (math.isfinite(number) or mean == number):
            continue
        mean += number / count - mean / count
    return mean


def _numbers(numbers: list[float]) -> Iterator[float]:
    """Not-a-number is beaten by every number and remains only alone."""
    real = [number for number in numbers if not math.isnan(number)]
    return iter(real or numbers)


ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
}
COMPARISON: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
AGGREGATE: Mapping[str, Callable[[list[float]], float]] = {
    # Not sum(): since Python 3.12 it compensates, Prometheus does not.
    "sum": lambda numbers: reduce(operator.add, numbers),
    "max": lambda numbers: max(_numbers(numbers)),
    "min": lambda numbers: min(_numbers(numbers)),
    "avg": _mean,
    "count": lambda numbers: float(len(numbers)),
}
