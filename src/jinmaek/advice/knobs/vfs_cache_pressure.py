"""vm.vfs_cache_pressure: whether reclaim takes page cache or the names and inodes of files.

fs/super.c super_cache_count(), include/linux/dcache.h vfs_pressure_ratio(), mm/shrinker.c do_shrink_slab().
"""

from __future__ import annotations

from jinmaek.advice.knob import (
    Answer,
    Effect,
    Figure,
    Knob,
    Quantity,
    Value,
    fits,
    irrelevant,
    known,
    misfit,
)
from jinmaek.advice.reclaim import LEAST, SCANNED, any_reclaim, harm
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Fact, Missing, Seen
from jinmaek.model import Gap

FAIR = 100
RAISED = 200
TOO_HIGH = 1000
"""Ten times as many objects are looked for as there are, under locks."""
LITTLE = 0.01
LARGE = 0.25
SHARE_OF_FILES = 0.1
"""Share of the file pages reclaimed that went with their inode, above which inodes are taken too eagerly."""
BATCH = 1024
LIGHTEST = 1 << 12
"""At the lightest pressure a shrinker is asked for count × 4 ÷ 2 ÷ 4096, and does nothing below its batch."""
CACHES = "slabinfo.num_slabs × slabinfo.pagesperslab"
INODE_STEALS = ("vmstat.pginodesteal", "vmstat.kswapd_inodesteal")


def held(seen: Seen) -> tuple[float, tuple[Fact, ...]]:
    """Bytes of names and inodes; raises ``Missing``."""
    caches = [
        row
        for row in seen.rows("slabinfo")
        if row.name == "dentry" or row.name.endswith(("inode_cache", "_inode"))
    ]
    size = float(sum(row.num_slabs * row.pagesperslab for row in caches) * seen.page)
    return size, (Fact(CACHES, size, "bytes", "now"),)


def _bound(seen: Seen) -> tuple[float, tuple[Fact, ...], Gap | None]:
    """The same; where slabinfo is denied all reclaimable slab, which is at least as much, and the gap."""
    try:
        return *held(seen), None
    except Missing as missing:
        return seen.now("meminfo.SReclaimable"), seen.facts("meminfo.SReclaimable"), missing.gap


def _judge(seen: Seen) -> Answer:
    value = int(seen.now("sys_vm.vfs_cache_pressure"))
    memory = seen.now("meminfo.MemTotal")
    size, told, gap = _bound(seen)
    counted = seen.boot.facts("vmstat.slabs_scanned", *SCANNED)
    if not any_reclaim(seen) and not seen.boot.grew("vmstat.slabs_scanned"):
        return irrelevant(
            say(
                "Nothing was reclaimed since boot: names and inodes ({size}) stay, whatever the value.",
                size=_b(size),
            ),
            (*told, *counted),
        )
    if size < LITTLE * memory:
        return irrelevant(
            say(
                "Names and inodes hold {size}, {share} of memory: there is nothing worth taking or sparing.",
                size=_b(size),
                share=Amount(size / memory, "ratio"),
            ),
            (*told, *counted),
        )
    if gap is not None:
        return Answer("unknown", say("How much names and inodes hold could not be read."), told, gap=gap)
    window = seen.telling(*SCANNED, least=LEAST)
    evidence = (*told, *window.facts("vmstat.slabs_scanned", *SCANNED, "vmstat.workingset_refault_file"))
    scanned = window.grew("vmstat.slabs_scanned")
    if value == 0 and not scanned:
        return misfit(
            say(
                "0 forbids reclaim of names and inodes: they hold {size} ({share} of memory), and reclaim "
                "took {pages} of other memory instead.",
                size=_b(size),
                share=Amount(size / memory, "ratio"),
                pages=_b(window.grew("vmstat.pgsteal_anon", "vmstat.pgsteal_file") * seen.page),
            ),
            evidence,
            ("vfs_cache_pressure", FAIR),
        )
    missed = window.grew("vmstat.workingset_refault_file")
    if (
        value <= FAIR
        and size >= LARGE * memory
        and harm(seen, window, missed, window.grew("vmstat.pgsteal_file"))
    ):
        return misfit(
            say(
                "Too low: names and inodes hold {size} ({share} of memory), while {missed} of page cache "
                "came back after it was reclaimed.",
                size=_b(size),
                share=Amount(size / memory, "ratio"),
                missed=_b(missed * seen.page),
            ),
            evidence,
            ("vfs_cache_pressure", FAIR if value < FAIR else RAISED),
        )
    stolen, files = _with_inodes(seen) if value > FAIR else (0.0, 0.0)
    if stolen >= SHARE_OF_FILES * files > 0 and stolen * seen.page >= LITTLE * memory:
        return misfit(
            say(
                "Too high: {stolen} of page cache was thrown away because its inode was, beside {files} that "
                "was reclaimed for itself.",
                stolen=_b(stolen * seen.page),
                files=_b(files * seen.page),
            ),
            (*evidence, *seen.boot.facts(*INODE_STEALS, "vmstat.pgsteal_file")),
            ("vfs_cache_pressure", FAIR),
        )
    return fits(
        say(
            "Reclaim looked at {scanned} names, inodes and other kernel objects; they hold {size}, {share} "
            "of memory.",
            scanned=Amount(scanned, "count"),
            size=_b(size),
            share=Amount(size / memory, "ratio"),
        ),
        evidence,
    )


def _b(size: float) -> Amount:
    return Amount(size, "bytes")


def _with_inodes(seen: Seen) -> tuple[float, float]:
    """File pages thrown away with their inode, and those reclaimed for themselves, since boot."""
    return seen.boot.grew(*INODE_STEALS), seen.boot.grew("vmstat.pgsteal_file")


def _what_if(seen: Seen, value: Value) -> Effect:
    old, new = int(seen.now("sys_vm.vfs_cache_pressure")), int(value)
    size, told, _ = _bound(seen)
    evidence = (*told, *seen.facts("dentry_state.nr_unused", "inode_nr.nr_free_inodes"))
    risk = _risk(new)
    if not any_reclaim(seen):
        sentence = say(
            "Nothing was reclaimed since boot: names and inodes ({size}) stay anyway.", size=_b(size)
        )
        return Effect("nothing", sentence, (*evidence, *seen.boot.facts(*SCANNED)), risk)
    if size < LITTLE * seen.now("meminfo.MemTotal"):
        sentence = say(
            "Names and inodes hold no more than {size}: nothing to win, and nothing to lose but lookups.",
            size=_b(size),
        )
        return Effect("nothing", sentence, evidence, risk)
    unused = Amount(seen.now("dentry_state.nr_unused"), "count")
    if new > old:
        sentence = say(
            "Under pressure names and inodes would go sooner and page cache later: {unused} names are in no "
            "use now, of {size} in all. What goes has to be looked up on disk again.",
            unused=unused,
            size=_b(size),
        )
    else:
        sentence = say(
            "Under pressure names and inodes ({size}, {unused} names in no use now) would stay longer and "
            "page cache go sooner.",
            unused=unused,
            size=_b(size),
        )
    return Effect("shifts", sentence, evidence, risk)


def _risk(new: int) -> Said | None:
    if new == 0:
        return say(
            "0 never reclaims names and inodes: a find over a large file system can end in the OOM killer."
        )
    if new > TOO_HIGH:
        return say(
            "Above 1000 reclaim looks for more than ten times the objects there are, and holds locks "
            "meanwhile."
        )
    return None


def _figures(seen: Seen, value: Value) -> tuple[Figure, ...]:
    fair = seen.known("sys_vm.vfs_cache_pressure_denom") or FAIR
    figures = [
        Figure(say("share of unused names and inodes that reclaim is shown"), int(value) / fair, "ratio")
    ]
    if value:
        least = BATCH * LIGHTEST / 2 * fair / int(value)
        figures.append(
            Figure(
                say("unused names and inodes of a file system below which light reclaim skips them"),
                least,
                "count",
            )
        )
    return tuple(figures)


def _notes(seen: Seen) -> tuple[Said, ...]:
    fair = seen.known("sys_vm.vfs_cache_pressure_denom")
    if fair and fair != FAIR:
        return (
            say(
                "vm.vfs_cache_pressure_denom is {fair} here: that value, not 100, is fair.",
                fair=Amount(fair, "count"),
            ),
        )
    return ()


def _unsafe(_: Seen, value: Value) -> Said | None:
    return _risk(0) if value == 0 else None


KNOBS = (
    Knob(
        name="vfs_cache_pressure",
        path="proc/sys/vm/vfs_cache_pressure",
        most=2**31 - 1,
        default=known(FAIR),
        does=say(
            "When cache is reclaimed: whether more page cache goes, or more names (dentries) and inodes. "
            "100 is fair, less keeps names and inodes, more drops them sooner."
        ),
        formula=say(
            "Reclaim is shown unused names and inodes × value ÷ 100, of each file system and cgroup, and "
            "asks for a share that doubles with each round that freed too little: at first 1 ÷ 2048, and "
            "nothing below 1024."
        ),
        does_not=(
            say("It never starts reclaim, and leaves names and inodes in use alone."),
            say("It does not shrink other slab, nor SUnreclaim."),
            say(
                "Reads that need room for page cache under a cgroup's limit cannot reclaim names and inodes "
                "at all: readahead reclaims without entering the file system. Growing programs and kswapd "
                "do."
            ),
        ),
        sources=(
            "Documentation/admin-guide/sysctl/vm.rst",
            "fs/super.c super_cache_count(), mm/shrinker.c do_shrink_slab()",
            "25 %, 10 %, 1 % of RAM: proposed",
        ),
        judge=_judge,
        what_if=_what_if,
        figures=_figures,
        notes=_notes,
        unsafe=_unsafe,
        watch=(
            Quantity(say("names and inodes"), "level", ("dentry_state.nr_dentry", "inode_nr.nr_inodes")),
            Quantity(say("kernel objects looked at"), "rate", ("vmstat.slabs_scanned",)),
            Quantity(say("reclaimable slab"), "level", ("meminfo.SReclaimable",)),
            Quantity(say("page cache"), "level", ("meminfo.Cached",)),
            Quantity(say("file pages that came back"), "rate", ("vmstat.workingset_refault_file",)),
        ),
        watch_cgroup=(
            Quantity(say("its kernel memory"), "level", ("cgroup_memory.kernel",)),
            Quantity(say("its page cache"), "level", ("cgroup_memory.file",)),
            Quantity(say("its anonymous memory in RAM"), "level", ("cgroup_memory.anon",)),
        ),
        direction=-1,
        needs=SCANNED,
        needs_cgroup=("cgroup_memory.events_max", "cgroup_memory.pgsteal"),
    ),
)
