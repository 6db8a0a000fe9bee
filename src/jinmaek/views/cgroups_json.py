"""``cgroups --json``: every cgroup in the order of the tree, and what the rules on cgroups say."""

from __future__ import annotations

from jinmaek.model import Finding, Quiet, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinmaek.accounts.cgroups import Cgroup
    from jinmaek.model import Gap, Verdict


def data(
    cgroups: Sequence[Cgroup], verdicts: Sequence[Verdict], gaps: Sequence[Gap], span: float
) -> dict[str, object]:
    """Unknown is null. Without a window the waits are the kernel's own averages of 10 s."""
    return {
        "schema": 1,
        "window_s": span,
        "cgroups": [_cgroup(one) for one in cgroups],
        "findings": [
            {"rule": one.rule, "severity": one.severity, "subject": dict(one.subject), "summary": one.summary}
            for one in verdicts
            if isinstance(one, Finding)
        ],
        "quiet": [{"rule": one.rule, "reason": one.reason} for one in verdicts if isinstance(one, Quiet)],
        "unknown": [
            {"rule": one.rule, "column": one.column, "gap": _gap(one.gap)}
            for one in verdicts
            if isinstance(one, Unknown)
        ],
        "gaps": [_gap(gap) for gap in gaps],
    }


def _cgroup(one: Cgroup) -> dict[str, object]:
    return {
        "cgroup": one.path,
        "threads": one.threads,
        "threads_max": one.threads_max,
        "cpus": one.cpu,
        "quota_cpus": one.quota,
        "throttled_ratio": one.throttled,
        "memory_bytes": one.memory,
        "own_bytes": one.own,
        "anon_bytes": one.anon,
        "file_bytes": one.file,
        "kernel_bytes": one.kernel,
        "swap_bytes": one.swap,
        "limit": None if one.limit is None else {"bytes": one.limit.bytes, "cgroup": one.limit.cgroup},
        "limit_hits_per_s": one.limit_hits,
        "oom_kills": one.oom_kills,
        "read_bytes_per_s": one.read,
        "written_bytes_per_s": one.written,
        "waits": {
            resource: {"some_ratio": stall.some, "full_ratio": stall.full}
            for resource, stall in one.stalls.items()
        },
    }


def _gap(gap: Gap) -> dict[str, object]:
    return {"kind": gap.kind, "source": gap.source, "detail": gap.detail}
