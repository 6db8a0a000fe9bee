"""Random series and random expressions over them, for the comparison with promtool."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.rules.promtool_series import Series

from jinmaek.catalog import Ref
from jinmaek.catalog import ref as lookup
from jinmaek.diagnosis import expr as e
from jinmaek.diagnosis.evaluate import Missing, Vector, evaluate
from jinmaek.diagnosis.shape import Unjoinable, columns, subject_labels

INSTANCES = ("a", "b")
SUBJECTS: dict[str, list[dict[str, str]]] = {
    "stat_cpu": [{"cpu": "0"}, {"cpu": "1"}, {"cpu": "2"}],
    "softirqs": [{"cpu": cpu, "vector": vector} for cpu in "012" for vector in ("TIMER", "NET_RX")],
    "diskstats": [{"device": "sda"}, {"device": "dm-0"}],
    "buddyinfo": [
        {"node": "0", "zone": zone, "order": order} for zone in ("DMA", "Normal") for order in "049"
    ],
    "stat": [{}],
    "meminfo": [{}],
}
COUNTERS = (
    *("stat_cpu.user", "stat_cpu.system", "stat_cpu.idle", "softirqs.count", "diskstats.read_ios"),
    *("diskstats.io_ticks", "diskstats.discard_sectors", "stat.ctxt", "stat.processes"),
)
GAUGES = ("diskstats.in_flight", "buddyinfo.free_blocks", "stat.procs_running", "meminfo.MemFree")
COLUMNS = {"counter": COUNTERS, "gauge": GAUGES}
SHAPES = ("calculate", "scale", "limit", "limit", "relate", "all", "any", "unless", "name", "aggregate")
WHERE: tuple[tuple[Literal["=", "!=", "=~", "!~"], str], ...] = (
    ("=", "0"),
    ("!=", "sda"),
    ("=~", "[0-1]|dm-.*|N.*"),
    ("!~", "[1-9]|s.a"),
)
Fn = Literal["rate", "increase", "slope", "mean", "highest", "lowest"]
OF_COUNTERS: tuple[Fn, ...] = ("rate", "increase")
OF_GAUGES: tuple[Fn, ...] = ("slope", "mean", "highest", "lowest")


@dataclass(frozen=True, slots=True)
class Case:
    expr: e.Expr
    at: float


class World:
    """Series of both instances under one interval, and expressions whose limits lie near their values."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.interval = self.random.choice((1, 5, 15, 30, 60))
        self.length = self.random.randint(5, 45)
        self.window = float(self.random.choice((2, 4, 4, 10)) * self.interval)
        absent = self.random.choice((None, None, "diskstats.read_ios", "stat.ctxt"))
        self.notation = [
            (f"{ref.metric.name}{{{labels}}}", self._samples(kind))
            for kind, names in COLUMNS.items()
            for ref in map(lookup, names)
            if ref.name != absent
            for labels in self._labels(ref)
        ]
        self.histories = {name: Series(self.interval, self.notation, name) for name in INSTANCES}

    def _labels(self, ref: Ref) -> Iterator[str]:
        for instance in INSTANCES:
            for subject in SUBJECTS[ref.table]:
                if self.random.random() < 0.9:
                    shown = {ref.metric.rename.get(name, name): text for name, text in subject.items()}
                    pairs = {"instance": instance, "job": "node", **ref.metric.labels, **shown}
                    yield ",".join(f'{name}="{text}"' for name, text in pairs.items())

    def _samples(self, kind: str) -> str:
        random = self.random
        whole = random.random() < 0.6
        level = random.choice((0, random.uniform(0, 20), random.uniform(0, 1e6)))
        words = ["_"] * random.choice((0, 0, 0, random.randint(1, self.length)))
        while len(words) < self.length:
            chance = random.random()
            if chance < 0.12:
                words.append("_")
            elif chance < 0.15:
                words.append("stale")
            elif chance < 0.17:
                step = random.randint(0, 9)
                words.append(f"{level!r}+{step}x3")
                level += 3 * step
            else:
                level = self._next(kind, level)
                level = float(round(level)) if whole else level
                words.append(repr(level))
        return " ".join(words)

    def _next(self, kind: str, level: float) -> float:
        random = self.random
        if kind == "gauge":
            return random.choice((level, level + random.uniform(-50, 50), 0.0))
        if random.random() < 0.06:
            return random.uniform(0, level)
        return level + random.choice((0, random.uniform(0, 3), random.uniform(0, 500)))

    def case(self) -> Case:
        """An expression that can be joined, at a moment in or a little after the series."""
        while True:
            self.at = float(self.random.randint(0, int(self.length * self.interval * 1.2) + 30))
            try:
                found = self._vector(self.random.choice((0, 1, 1, 2, 2, 3)))
                subject_labels(found)
                told = any(self.values(found, self.at).values())
            except Unjoinable:
                continue
            # Nothing equals nothing: most cases should have an answer.
            if told or self.random.random() < 0.2:
                return Case(found, self.at)

    def values(self, expr: e.Expr, at: float) -> dict[str, Vector]:
        """Our evaluation by instance; what is not known is nothing to Prometheus."""
        found = {name: evaluate(expr, history, at, self.window) for name, history in self.histories.items()}
        return {name: {} if isinstance(vector, Missing) else vector for name, vector in found.items()}

    def _vector(self, depth: int) -> e.Expr:
        if depth == 0:
            return self._leaf()
        random = self.random
        one, two = self._vector(depth - 1), self._vector(random.randrange(depth))
        more = [self._limited(self._leaf())] * random.randrange(2)
        match random.choice(SHAPES):
            case "calculate":
                return e.Arithmetic(random.choice(("+", "-", "*", "/")), one, self._fitting(one, two))
            case "scale":
                number = e.Const(random.choice((0.0, 0.5, 3.0, -2.0, 1e-05)))
                pair = random.choice(((one, number), (number, one)))
                return e.Arithmetic(random.choice(("+", "-", "*", "/")), *pair)
            case "limit":
                return self._limited(one)
            case "relate":
                return e.Compare(random.choice((">", "<=", "==", "<")), one, self._fitting(one, two))
            case "all":
                return e.all_of(one, self._limited(two), *more)
            case "any":
                return e.any_of(self._limited(one), self._limited(two), *more)
            case "unless":
                return e.unless(one, self._limited(two), *more)
            case "name":
                return e.named("a name", one)
            case _:
                labels = subject_labels(one)
                by = tuple(label for label in labels if random.random() < 0.5)
                return e.Aggregate(random.choice(("sum", "max", "min", "avg", "count")), one, by)

    def _fitting(self, one: e.Expr, two: e.Expr) -> e.Expr:
        """The second made joinable with the first where it is not."""
        mine, other = set(subject_labels(one)), set(subject_labels(two))
        if mine <= other or other <= mine:
            return two
        return e.Aggregate("max", two, tuple(sorted(mine & other)))

    def _leaf(self) -> e.Expr:
        random = self.random
        kind = random.choice(("counter", "counter", "gauge"))
        name = random.choice(COLUMNS[kind])
        where: tuple[e.Match, ...] = ()
        labels = lookup(name).labels
        if labels and random.random() < 0.2:
            label = random.choice(labels)
            how, text = random.choice(WHERE)
            where = ((label, how, text),)
        ago = random.choice((0.0, 0.0, 0.0, self.interval * 2.0, e.limit("back", self.window) * 1.5))
        if random.random() < 0.25:
            return e.now(name, *where, ago=ago)
        over = random.choice((None, None, self.window * 2, e.limit("window", self.interval) * 3))
        fn = random.choice(OF_COUNTERS if kind == "counter" else OF_GAUGES)
        return e.Range(fn, lookup(name), over, where, ago)

    def _limited(self, one: e.Expr) -> e.Expr:
        """A limit among the values there are now, on one of them exactly, or far away."""
        random = self.random
        found = [number for vector in self.values(one, self.at).values() for number in vector.values()]
        finite = [number for number in found if math.isfinite(number)]
        limit = random.choice(finite) if finite else random.uniform(0, 100)
        if not ordered(one) or random.random() < 0.7:
            limit *= random.uniform(0.5, 1.5)
        return e.Compare(random.choice((">", ">=", "<", "<=", "==")), one, e.Const(limit))


def ordered(expr: e.Expr) -> bool:
    """Whether the last bit does not hang on the order in which Prometheus meets the series."""
    match expr:
        case e.Aggregate("sum" | "avg"):
            return False
        case e.Aggregate(_, term) | e.Named(_, term):
            return ordered(term)
        case e.Arithmetic(_, left, right) | e.Compare(_, left, right):
            return ordered(left) and ordered(right)
        case e.AllOf(terms) | e.AnyOf(terms):
            return all(ordered(term) for term in terms)
        case e.Unless(term, vetoes):
            return all(ordered(part) for part in (term, *vetoes))
        case _:
            return True


def exported(expr: e.Expr) -> dict[str, str]:
    """Our labels as exported: only these may be in a result."""
    return {label: ref.metric.rename.get(label, label) for ref in columns(expr) for label in ref.labels}
