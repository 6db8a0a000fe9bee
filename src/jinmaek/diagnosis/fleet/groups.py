"""Who does it, as far as exporters beside node_exporter tell: groups of processes, or control groups.

process-exporter exports processes by name (https://github.com/ncabatoff/process-exporter), cAdvisor control
groups. Neither knows a pid.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from jinmaek.diagnosis.expr import Match
from jinmaek.diagnosis.fleet.scope import FEW, INSTANCE, PORT, Scope, Target, any_of
from jinmaek.diagnosis.promql import duration
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.prometheus.answer import Answer, NoAnswer, Series
from jinmaek.history.prometheus.many import Asked, Progress, instants
from jinmaek.history.prometheus.selector import selector
from jinmaek.i18n import tr
from jinmaek.model import Culprit

MOST = 5
ASKED = 15
"""Of a host: control groups contain each other, and of those that do the innermost are named."""
MIB = 1 << 20
GROUP, CGROUP = "groupname", "id"

Words = Callable[[str, float], str]


def _cpus(lang: str, value: float) -> str:
    return tr(lang, "{cpus:.2f} CPUs at work").format(cpus=value)


def _faults(lang: str, value: float) -> str:
    return tr(lang, "{faults:.0f} major page faults a second").format(faults=value)


def _resident(lang: str, value: float) -> str:
    return tr(lang, "{size:,.0f} MiB resident").format(size=value / MIB)


def _virtual(lang: str, value: float) -> str:
    return tr(lang, "{size:,.0f} MiB of address space").format(size=value / MIB)


def _swapped(lang: str, value: float) -> str:
    return tr(lang, "{size:,.0f} MiB in swap").format(size=value / MIB)


def _threads(lang: str, value: float) -> str:
    return tr(lang, "{threads:.0f} threads").format(threads=value)


def _zombies(lang: str, value: float) -> str:
    return tr(lang, "{count:.0f} zombies of this name").format(count=value)


def _waiting(lang: str, value: float) -> str:
    return tr(lang, "{count:.0f} processes in D").format(count=value)


def _files(lang: str, value: float) -> str:
    return tr(lang, "{count:,.0f} open files").format(count=value)


def _written(lang: str, value: float) -> str:
    return tr(lang, "{size:,.1f} MiB written a second").format(size=value / MIB)


@dataclass(frozen=True, slots=True)
class Share:
    """What of a group is compared: a metric, whether it is its growth that counts, and how that is said."""

    metric: str
    words: Words
    where: tuple[Match, ...] = ()
    rate: bool = False


CPU = (
    Share("namedprocess_namegroup_cpu_seconds_total", _cpus, rate=True),
    Share("container_cpu_usage_seconds_total", _cpus, rate=True),
)
SYSTEM = (
    Share("namedprocess_namegroup_cpu_seconds_total", _cpus, (("mode", "=", "system"),), rate=True),
    Share("container_cpu_system_seconds_total", _cpus, rate=True),
)
FAULTS = (
    Share("namedprocess_namegroup_major_page_faults_total", _faults, rate=True),
    Share(
        "container_memory_failures_total",
        _faults,
        (("failure_type", "=", "pgmajfault"), ("scope", "=", "container")),
        rate=True,
    ),
)
MEMORY = (
    Share("namedprocess_namegroup_memory_bytes", _resident, (("memtype", "=", "resident"),)),
    Share("container_memory_rss", _resident),
)
SPACE = (Share("namedprocess_namegroup_memory_bytes", _virtual, (("memtype", "=", "virtual"),)),)
SWAP = (
    Share("namedprocess_namegroup_memory_bytes", _swapped, (("memtype", "=", "swapped"),)),
    Share("container_memory_swap", _swapped),
)
THREADS = (
    Share("namedprocess_namegroup_num_threads", _threads),
    Share("container_threads", _threads),
)
ZOMBIES = (Share("namedprocess_namegroup_states", _zombies, (("state", "=", "Zombie"),)),)
WAITING = (Share("namedprocess_namegroup_states", _waiting, (("state", "=", "Waiting"),)),)
FILES = (
    Share("namedprocess_namegroup_open_filedesc", _files),
    Share("container_file_descriptors", _files),
)
WRITTEN = (
    Share("namedprocess_namegroup_write_bytes_total", _written, rate=True),
    Share("container_fs_writes_bytes_total", _written, rate=True),
)

SHARES: Mapping[str, tuple[Share, ...]] = {
    "by_cpu_time": CPU,
    "by_system_time": SYSTEM,
    "by_major_faults": FAULTS,
    "by_memory": MEMORY,
    "by_growth": MEMORY,
    "by_peak": MEMORY,
    "by_commit": SPACE,
    "by_swap_held": SWAP,
    "by_swap": SWAP,
    "by_thread_count": THREADS,
    "zombie_parents": ZOMBIES,
    "by_waiting": WAITING,
    "by_waiting_on_disk": WAITING,
    "by_waiting_on_lock": WAITING,
    "by_open_files": FILES,
    "by_written": WRITTEN,
}
"""By the name of the ranking that a rule has for a host we are on; the exporter that knows more first."""

Named = Mapping[tuple[str, Target], tuple[Culprit, ...]]
"""By ranking and host."""


def culprits(
    engine: Asked,
    scope: Scope,
    found: Iterable[tuple[Rule, Target]],
    at: float,
    lang: str,
    progress: Progress | None = None,
) -> Named:
    """Whom each ranking names on each host; nobody where no exporter tells."""
    wanted: dict[str, set[Target]] = {}
    for rule, target in found:
        kind = ranking(rule)
        if kind is not None:
            wanted.setdefault(kind, set()).add(target)
    named: dict[tuple[str, Target], tuple[Culprit, ...]] = {}
    for place in range(2):
        left = {kind: {t for t in targets if (kind, t) not in named} for kind, targets in wanted.items()}
        shares = {kind: SHARES[kind][place] for kind in left if len(SHARES[kind]) > place and left[kind]}
        answers = instants(
            engine, {kind: _query(scope, share, left[kind]) for kind, share in shares.items()}, at, progress
        )
        for kind, share in shares.items():
            answer = answers[kind]
            if isinstance(answer, NoAnswer):
                continue  # who does it is an extra: the finding stands without
            named.update(_named(scope, kind, share, left[kind], answer, lang))
    return named


def ranking(rule: Rule) -> str | None:
    """Which ranking a rule has, where exporters tell anything of it."""
    name = getattr(rule.culprits, "__name__", "")
    return name if name in SHARES and rule.severity != "benign" else None


def _query(scope: Scope, share: Share, targets: Collection[Target]) -> str:
    group = CGROUP if share.metric.startswith("container_") else GROUP
    series = selector(share.metric, (*share.where, *scope.only, *_beside(scope, targets)))
    value = f"rate({series}[{duration(scope.window)}])" if share.rate else series
    return f"topk by ({scope.by}) ({ASKED}, sum by ({scope.by}, {group}) ({value}) > 0)"


def _beside(scope: Scope, targets: Collection[Target]) -> tuple[Match, ...]:
    """The series of exporters on the hosts of a few targets, whatever their port."""
    if len(targets) > FEW:
        return ()
    found: list[Match] = []
    for place, label in enumerate(scope.labels):
        values = {target[place] for target in targets}
        if label == INSTANCE:
            hosts = any_of({PORT.sub("", value) for value in values})
            found.append((label, "=~", f"(?:{hosts})(?::[0-9]+)?"))
        else:
            found.append((label, "=~", any_of(values)))
    return tuple(found)


def _named(
    scope: Scope, kind: str, share: Share, targets: Collection[Target], answer: Answer, lang: str
) -> dict[tuple[str, Target], tuple[Culprit, ...]]:
    by_host: dict[str, list[Target]] = {}
    for target in targets:
        by_host.setdefault(scope.host(target), []).append(target)
    groups: dict[Target, list[Series]] = {}
    for series in answer.series:
        from_here = scope.target(series)
        same = by_host.get(scope.host(from_here), [])
        if from_here in targets or len(same) == 1:
            groups.setdefault(from_here if from_here in targets else same[0], []).append(series)
    return {(kind, target): _ranked(share, series, lang) for target, series in groups.items()}


def _ranked(share: Share, series: Iterable[Series], lang: str) -> tuple[Culprit, ...]:
    cgroups = share.metric.startswith("container_")
    label = CGROUP if cgroups else GROUP
    ranked = sorted(series, key=lambda one: -one.value)
    names = {one.labels.get(label, "") for one in ranked}
    inner = [one for one in ranked if not (cgroups and _contains(one.labels.get(label, ""), names))]
    return tuple(
        Culprit(
            "cgroup" if cgroups else "process",
            one.labels.get(label, "?"),
            share.words(lang, one.value),
            cgroup=one.labels.get(label) if cgroups else None,
        )
        for one in inner[:MOST]
    )


def _contains(cgroup: str, others: Collection[str]) -> bool:
    inside = cgroup.rstrip("/") + "/"
    return any(other != cgroup and other.startswith(inside) for other in others)
