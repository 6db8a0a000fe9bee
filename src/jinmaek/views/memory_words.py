"""Owners of memory and of swap in words."""

from __future__ import annotations

from jinmaek.i18n import tr
from jinmaek.views.plain import safe
from jinmaek.views.units import amount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.accounts.memory_owners import Owner

OWNERS = {
    "large-kmalloc": "large blocks, in no cache",
    "pool-free": "free, promised to nobody: {pages}",
    "pool-reserved": "free, promised to mappings: {pages}",
    "dying-cgroups": "{count} removed cgroups, still held",
    "cgroups": "{count} cgroups",
    "tmpfs": "tmpfs on {name}",
    "deleted-file": "deleted file {name}",
    "memfd": "memfd {name}",
    "sysv": "System V segment {name}, shmid {id}",
    "shared-mapping": "shared anonymous mapping",
    "zram": "{name}, holding {held}",
    "zram-swap": "{name}, holding {held} of swap",
    "zswap": "zswap, holding {held} of swap",
}
"""By kind, those that are not just a name."""

UNOWNED = {
    "page-cache": "mapped by no process",
    "anonymous": "of no process that was read",
    "shmem": "no owner found",
    "vmalloc": "the kernel itself",
    "kernel-stacks": "the kernel itself",
    "page-tables": "the kernel itself",
    "hugetlb": "in use by nobody that was found",
    "compressed": "lost between compressed pages",
}
"""By bucket, what is left."""


def owner(one: Owner, lang: str) -> str:
    """Who it is, in a few words."""
    facts = one.facts
    match one.kind:
        case "process" | "command" | "user" | "cgroup":
            return _group(one, lang)
        case "slab":
            return _slab(one, lang)
        case "zram" if facts.get("swap"):
            text = OWNERS["zram-swap"]
        case kind:
            text = OWNERS[kind]
    pages = f"{facts.get('pages', '?')} × {amount(float(facts.get('page_bytes', 0)), 'bytes')}"
    if one.bytes is not None and facts.get("page_bytes"):
        each = int(facts["page_bytes"])
        pages = f"{one.bytes // each:,} × {amount(each, 'bytes')}"
    held = facts.get("orig_bytes")
    said = tr(lang, text).format(
        name=safe(one.name),
        id=one.id,
        count=f"{facts.get('count', 0):,}",
        held="?" if held is None else amount(float(held), "bytes"),
        pages=pages,
    )
    if "held_bytes" in facts:
        holds = amount(float(facts["held_bytes"]), "bytes")
        said += ", " + tr(lang, "holding {size} in RAM and swap").format(size=holds)
    return said + _holder(one, lang)


def _group(one: Owner, lang: str) -> str:
    facts = one.facts
    name = safe(one.name)
    if "pid" in facts:
        name += f" [{facts['pid']}]"
    elif "processes" in facts:
        name += " " + tr(lang, "({count} processes)").format(count=f"{facts['processes']:,}")
    if "threads" in facts:
        name += " " + tr(lang, "{count} threads").format(count=f"{facts['threads']:,}")
    if "shared_bytes" in facts:
        shared = amount(float(facts["shared_bytes"]), "bytes")
        name += ", " + tr(lang, "maps {size} of shared ones").format(size=shared)
    return name


def _slab(one: Owner, lang: str) -> str:
    facts = one.facts
    said = safe(one.name)
    if "objects" in facts:
        text = tr(lang, "{count} × {size}, {share} in use")
        said += "  " + text.format(
            count=f"{facts['objects']:,}",
            size=amount(float(facts["object_bytes"]), "bytes"),
            share=f"{float(facts.get('in_use', 0)):.0%}",
        )
    elif "names" in facts:
        said += "  " + tr(lang, "{count} names").format(count=f"{facts['names']:,}")
    if "negative" in facts:
        text = tr(lang, "{count} of missing files (negative)")
        said += ", " + text.format(count=f"{facts['negative']:,}")
    return said


def _holder(one: Owner, lang: str) -> str:
    facts = one.facts
    if "holder" not in facts:
        return ""
    who = f"{safe(str(facts['holder']))} [{facts['pid']}]"
    if one.kind == "tmpfs":
        return ", " + tr(lang, "in the mount namespace of {who}").format(who=who)
    more = int(facts.get("holders", 1)) - 1
    if more > 0:
        return ", " + tr(lang, "{who} and {count} more").format(who=who, count=f"{more:,}")
    return f", {who}"
