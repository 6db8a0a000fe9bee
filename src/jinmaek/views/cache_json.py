"""``cache --json``: one object in bytes; null is not known."""

from __future__ import annotations

from jinmaek.accounts.page_cache.account import CachedFile, Holder, PageCache
from jinmaek.accounts.page_cache.shares import Part, by_file_system, by_process, cgroups
from jinmaek.accounts.page_cache.verdict import Verdict
from jinmaek.views.cache_words import sentence


def data(cache: PageCache, verdict: Verdict, top: int, lang: str) -> dict[str, object]:
    """Of files the first ``top`` (0 is all), everything else whole. The sentence is in ``lang``."""
    files = cache.shown[:top] if top else cache.shown
    systems = by_file_system(cache.shown)
    known = cache.way != "recorded"
    return {
        "schema": 1,
        "source": cache.way,
        "memory_bytes": cache.totals.memory,
        "available_bytes": cache.totals.available,
        "cached_bytes": cache.totals.cached,
        "buffers_bytes": cache.totals.buffers,
        "shmem_bytes": cache.totals.shmem,
        "found_bytes": cache.found,
        "found_shmem_bytes": cache.found_in_memory,
        "unattributed_bytes": cache.unattributed,
        "lower_bound": cache.lower_bound,
        "paths": list(cache.paths),
        "shown_bytes": sum(file.told.nr_cache for file in cache.shown),
        "files": [_file(cache, file) for file in files],
        "files_left_out": len(cache.shown) - len(files),
        "processes": [
            {**_holder(cache, holder), **_part(part)} for holder, part in by_process(cache.shown).items()
        ],
        "cgroups": [
            {
                "cgroup": cgroup,
                "charged_bytes": size,
                "processes": len(part.holders) if known else None,
                **_part(part if known else None),
            }
            for cgroup, part, size in cgroups(cache)
        ],
        "filesystems": [
            {
                "fstype": system.fstype,
                "source": system.source,
                "mountpoint": system.path or None,
                "held_bytes": cache.mounted.get(system.path) if system.kind == "memory" else None,
                **_part(part),
            }
            for system, part in systems.items()
        ],
        "devices": [{"path": one.path, "cached_bytes": one.told.nr_cache} for one in cache.devices],
        "verdict": {
            "kind": verdict.kind,
            "felt": verdict.felt,
            "cgroups": list(verdict.cgroups),
            "evidence": {
                name: {"value": value, "unit": unit} for name, (value, unit) in verdict.values.items()
            },
        },
        "sentence": sentence(verdict, lang),
        "looked_at": {
            "files": cache.looked.files,
            "processes": cache.looked.processes,
            "skipped": [
                {
                    "what": one.what,
                    "reason": one.reason,
                    "detail": one.detail,
                    "count": one.count,
                    "example": one.example,
                }
                for one in cache.looked.skipped
            ],
        },
        "gaps": [{"kind": gap.kind, "source": gap.source, "detail": gap.detail} for gap in cache.gaps],
        "cost": {"cpu_s": cache.cpu_s, "wall_s": cache.wall_s},
    }


def _file(cache: PageCache, file: CachedFile) -> dict[str, object]:
    return {
        "path": file.path,
        "device": file.device,
        "inode": file.inode,
        "size_bytes": file.size,
        "cached_bytes": file.told.nr_cache,
        "dirty_bytes": file.dirty,
        "writeback_bytes": file.told.nr_writeback,
        "evicted_bytes": file.told.nr_evicted,
        "recently_evicted_bytes": file.told.nr_recently_evicted,
        "deleted": file.deleted,
        "shmem": file.in_memory,
        "who": [_holder(cache, holder) for holder in file.who],
    }


def _holder(cache: PageCache, holder: Holder | None) -> dict[str, object]:
    if holder is None:
        return {"pid": None, "start_time": None, "name": None, "cgroup": None}
    one = cache.holders[holder]
    return {"pid": one.pid, "start_time": one.start_time, "name": one.name, "cgroup": one.cgroup}


def _part(part: Part | None) -> dict[str, object]:
    """None is not known."""
    if part is None:
        return dict.fromkeys(_part(Part()))
    return {
        "share_bytes": part.share,
        "own_bytes": part.own,
        "uses_bytes": part.uses,
        "dirty_bytes": part.dirty,
        "evicted_bytes": part.evicted,
        "recently_evicted_bytes": part.recently_evicted,
        "files": part.files,
    }
