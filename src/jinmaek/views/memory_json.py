"""``memory --json``: the ledger as one object in bytes; buckets and residual add up to the total exactly."""

from __future__ import annotations

from jinmaek.views.sentences import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinmaek.accounts.memory import Ledger
    from jinmaek.accounts.memory_core import Bucket, Sized
    from jinmaek.accounts.memory_owners import Owner
    from jinmaek.accounts.memory_used import Available
    from jinmaek.diagnosis.memory_verdict import MemoryVerdict


def data(ledger: Ledger, verdict: MemoryVerdict, lang: str) -> dict[str, object]:
    """Unknown is null."""
    used, found = ledger.used, ledger.processes
    return {
        "schema": 1,
        "total_bytes": ledger.balance.total,
        "buckets": [_bucket(ledger, bucket) for bucket in ledger.balance.buckets],
        "residual_bytes": ledger.balance.residual,
        "residual_band_bytes": ledger.band_bytes,
        "band": None if ledger.band is None else _sized(ledger.band),
        "residual_holds": list(ledger.balance.inside),
        "outside": _sized(ledger.balance.outside),
        "used": {
            "procps3": used.procps3,
            "procps4": used.procps4,
            "htop": used.htop,
            "htop_3_2": used.htop_3_2,
            "sum_rss": used.sum_rss,
            "sum_pss": used.sum_pss,
            "sum_pss_at_least": found.pss_at_least,
            "procps4_less_procps3": _sized(ledger.reasons),
        },
        "available": _available(ledger.available),
        "by": ledger.by,
        "processes": {"all": len(found.all), "pss_read": found.read, "unread": dict(found.unread)},
        "problem": verdict.problem,
        "sentence": f"{say(verdict.where, lang)} {say(verdict.judgement, lang)}",
        "remarks": [say(remark, lang) for remark in verdict.remarks],
        "locked": [{"pid": one.pid, "name": one.name, "detail": one.gap.detail} for one in ledger.locked],
        "gaps": [
            {"source": gap.source, "kind": gap.kind, "detail": gap.detail}
            for gap in dict.fromkeys(ledger.gaps)
        ],
        "cost": {"cpu_s": round(ledger.cpu_s, 3), "wall_s": round(ledger.wall_s, 3)},
    }


def _bucket(ledger: Ledger, bucket: Bucket) -> dict[str, object]:
    unowned, exact = ledger.unowned(bucket.name)
    return {
        "name": bucket.name,
        "bytes": bucket.bytes,
        "source": bucket.source,
        "available": bucket.available,
        "parts": _sized(bucket.parts),
        "owners": owners(ledger.owners.get(bucket.name, ())),
        "unowned_bytes": unowned,
        "unowned_bound": None if unowned is None else "exact" if exact else "lower",
        "cgroups": owners(ledger.cgroups.get(bucket.name, ())),
    }


def owners(found: Iterable[Owner]) -> list[dict[str, object]]:
    """Kind, id, name and bytes, then what else is known."""
    return [
        {"kind": one.kind, "id": one.id, "name": one.name, "bytes": one.bytes, **one.facts} for one in found
    ]


def _sized(found: Iterable[Sized]) -> list[dict[str, object]]:
    return [{"name": one.name, "bytes": one.bytes} for one in found]


def _available(made: Available | None) -> dict[str, object] | None:
    if made is None:
        return None
    return {
        "told_bytes": made.told,
        "made_bytes": made.made,
        "free_bytes": made.free,
        "reserve_bytes": made.reserve,
        "file_bytes": made.file,
        "file_kept_bytes": made.file_kept,
        "reclaimable_bytes": made.reclaimable,
        "reclaimable_kept_bytes": made.reclaimable_kept,
    }
