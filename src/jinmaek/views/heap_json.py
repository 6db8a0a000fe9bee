"""``heap --json``, schema 1. Sizes are bytes, shares 0 to 1; what is not known is null, never 0."""

from __future__ import annotations

import json
from typing import Any

from jinmaek.accounts.heap.account import Account
from jinmaek.accounts.heap.content import Content
from jinmaek.accounts.heap.malloc import Chunks
from jinmaek.accounts.heap.names import title
from jinmaek.accounts.heap.regions import Region
from jinmaek.accounts.heap.strings import Repeated
from jinmaek.accounts.heap.tools import Next
from jinmaek.model import Gap
from jinmaek.views.heap import words

NAMES = "en"
"""The names of regions are the same in every language."""


def render(account: Account, lang: str) -> str:
    """One JSON object; sentences are in the language asked for."""
    return json.dumps(document(account, lang), ensure_ascii=False, indent=2)


def document(account: Account, lang: str) -> dict[str, Any]:
    runtime, sums, cost = account.runtime, account.totals, account.cost
    return {
        "schema": 1,
        "pid": account.pid,
        "start_time": account.start_time,
        "name": account.name,
        "runtime": {
            "name": runtime.name,
            "version": runtime.version,
            "evidence": list(runtime.evidence),
            "also": list(runtime.also),
            "allocator": runtime.allocator,
        },
        "window_s": account.window,
        "state": account.verdict.state,
        "regions": None
        if account.regions is None
        else [_region(region, account.window) for region in account.regions],
        "totals": {
            "own_first_bytes": sums.first,
            "own_bytes": sums.last,
            "growth_bytes": None if sums.last is None else sums.last - sums.first,
            "rss_bytes": sums.rss,
            "pss_bytes": sums.pss,
            "anonymous_bytes": sums.anonymous,
            "swap_bytes": sums.swap,
            "lazy_free_bytes": sums.lazy_free,
            "anon_huge_pages_bytes": sums.huge,
        },
        "unexplained_bytes": sums.unexplained,
        "content": _content(account, account.content),
        "malloc": _malloc(account.chunks),
        "sentence": words(account.verdict.sentence, lang),
        "notes": [words(note, lang) for note in account.verdict.notes],
        "next": [_next(one, lang) for one in account.next],
        "gaps": [_gap(gap) for gap in account.gaps],
        "cost": {
            "cpu_s": cost.cpu_s,
            "wall_s": cost.wall_s,
            "smaps_s": list(cost.smaps_s),
            "pagemap_s": cost.pagemap_s,
            "read_bytes": cost.read_bytes,
        },
    }


def _region(region: Region, window: float) -> dict[str, Any]:
    first, last = region.first, region.last
    return {
        "kind": region.kind,
        "name": words(title(region), NAMES),
        "sure": region.sure,
        "start": region.start,
        "end": region.end,
        "mappings": len(region.mappings),
        "rss_first_bytes": first.rss,
        "rss_bytes": last.rss,
        "pss_bytes": last.pss,
        "anonymous_bytes": last.anonymous,
        "swap_first_bytes": first.swap,
        "swap_bytes": last.swap,
        "lazy_free_bytes": last.lazy_free,
        "anon_huge_pages_bytes": last.huge,
        "hugetlb_bytes": last.hugetlb,
        "growth_bytes": region.growth,
        "cache_growth_bytes": region.cache_growth,
        "bytes_per_s": region.growth / window if window else None,
    }


def _content(account: Account, content: Content | None) -> dict[str, Any] | None:
    if content is None or account.subject is None:
        return None
    return {
        "region": words(title(account.subject), NAMES),
        "range": [content.start, content.end],
        "new_pages": content.new,
        "of_bytes": content.of,
        "sampled_bytes": content.sampled,
        "zero_share": content.zero_share,
        "entropy_bits": content.entropy_bits,
        "pointer_share": content.pointer_share,
        "printable_share": content.printable_share,
        "class": content.kind,
        "strings": [_string(one) for one in content.strings],
    }


def _string(one: Repeated) -> dict[str, Any]:
    shown = {"shape": one.shape} if one.text is None else {"text": one.text}
    return {
        **shown,
        "encoding": one.encoding,
        "length": one.length,
        "count": one.count,
        "bytes": one.bytes,
    }


def _malloc(chunks: Chunks | None) -> dict[str, int] | None:
    if chunks is None:
        return None
    return {
        "walked_bytes": chunks.walked,
        "free_bytes": chunks.free,
        "free_resident_pages_bytes": chunks.resident,
        "top_bytes": chunks.top,
        "chunks": chunks.count,
    }


def _next(one: Next, lang: str) -> dict[str, str | None]:
    return {
        "command": one.command,
        "why": words(one.why, lang),
        "caution": None if one.caution is None else words(one.caution, lang),
    }


def _gap(gap: Gap) -> dict[str, str]:
    return {"kind": gap.kind, "source": gap.source, "detail": gap.detail}
