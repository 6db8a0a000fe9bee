"""``swap --json``: the account in bytes. Parts with ``adds`` and what is unexplained add up to the use."""

from __future__ import annotations

from jinmaek.i18n import tr
from jinmaek.views.memory_json import owners
from jinmaek.views.sentences import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.accounts.swap_reading import SwapLook
    from jinmaek.diagnosis.swap_verdict import SwapVerdict


def data(look: SwapLook, verdict: SwapVerdict, lang: str) -> dict[str, object]:
    """Unknown is null."""
    account = look.account
    return {
        "schema": 1,
        "total_bytes": account.total,
        "used_bytes": account.used,
        "swapcached_bytes": account.cached,
        "devices": [
            {
                "name": one.filename,
                "type": one.type,
                "size_bytes": one.size,
                "used_bytes": one.used,
                "priority": one.priority,
            }
            for one in account.devices
        ],
        "parts": [
            {
                "kind": part.kind,
                "bytes": part.bytes,
                "adds": part.adds,
                "bound": part.bound,
                "who": owners(part.who),
            }
            for part in account.parts
        ],
        "unexplained_bytes": account.unexplained,
        "moved_bytes": look.moved,
        "exact": account.exact,
        "active": verdict.active,
        "state": verdict.state,
        "severity": verdict.severity,
        "rates": dict(verdict.rates),
        "readers": [
            {"pid": one.pid, "name": one.name, "share": one.share, "why": one.why} for one in verdict.readers
        ],
        "sentence": " ".join(say(sentence, lang) for sentence in verdict.sentences),
        "helps": [tr(lang, text) for text in verdict.helps],
        "does_not_help": [tr(lang, text) for text in verdict.does_not_help],
        "processes": {"all": len(look.processes.all), "unread": dict(look.processes.unread)},
        "gaps": [
            {"source": gap.source, "kind": gap.kind, "detail": gap.detail} for gap in dict.fromkeys(look.gaps)
        ],
        "cost": {"cpu_s": round(look.cpu_s, 3), "wall_s": round(look.wall_s, 3)},
    }
