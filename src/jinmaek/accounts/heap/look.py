"""One process looked at twice: where it grew, what is in the pages that came, and what to do next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jinmaek import procfile
from jinmaek.accounts.heap import reading
from jinmaek.accounts.heap.about import about
from jinmaek.accounts.heap.account import Account, Cost, Refused, totals
from jinmaek.accounts.heap.content import Content, mapped, summarise
from jinmaek.accounts.heap.layout import java_heap
from jinmaek.accounts.heap.malloc import Chunks
from jinmaek.accounts.heap.options import environment, max_heap
from jinmaek.accounts.heap.pages import Chosen, came, choose, present
from jinmaek.accounts.heap.regions import MIB, Region, group, own
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.tools import MALLOC, hand_over
from jinmaek.accounts.heap.verdict import Seen, judge
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_smaps, pid_stat
from jinmaek.kernel.pid_smaps import Vma
from jinmaek.kernel.pid_stat import PidStat
from jinmaek.kernel.pid_status import PidStatus
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.guarded import Guard
from jinmaek.tasks.process_memory import Pages

WALK = 30.0
"""Seconds smaps may take of a process that holds no lock: it was asked for by name, and may be large."""
SHARE = 0.05
"""Of the window that both walks of its page tables may take: its mmap_lock is ours for so long."""
PACE = 1.0
MOST_SAMPLES = 120
FILES = ("smaps", "cmdline", "environ")
MALLOC_SHARE = 0.25
"""Of what the process has, in malloc's heaps: with less, what is free in them explains nothing."""
PF_KTHREAD = 0x00200000

Progress = Callable[[float, int | None], None]
"""Told the seconds left (0 at the end) and the bytes it grew by so far."""


@dataclass(slots=True)
class _Work:
    """What is gathered on the way."""

    root: Root
    pid: int
    stat: PidStat
    gaps: list[Gap] = field(default_factory=list)
    samples: list[tuple[float, int]] = field(default_factory=list)
    smaps_s: list[float] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    """When each look was."""
    pagemap_s: float = 0.0
    read_bytes: int = 0
    words: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def note(self, gap: Gap | None) -> None:
        if gap is not None and gap not in self.gaps:
            self.gaps.append(gap)


def look(
    root: Root,
    pid: int,
    *,
    window: float,
    sample: int,
    content: bool,
    progress: Progress | None = None,
) -> Account:
    """Look, wait, look again. Raises ``Refused``; what else is not known is among the gaps.

    ``sample`` bytes of its memory are read at most, none where it is 0; ``content`` keeps what texts say.
    """
    began, cpu = time.monotonic(), time.process_time()
    work = _Work(root, pid, _identify(root, pid))
    asked = window
    first = _first_look(work)
    before = _pages_before(work, first) if sample else None
    window = max(window, 2 * (work.smaps_s[0] + work.pagemap_s) / SHARE)
    threads = _wait(work, window, progress)
    last = _last_look(work, first)
    status = _status(work)
    vmas = last or first
    runtime, gap = reading.recognised(root, pid, vmas)
    work.note(gap)
    limit = max_heap(work.words, work.environment)
    grouped = group((first, vmas), runtime.name, reading.stack_pointers(root, pid), limit)
    regions = grouped if last is not None else None
    subject = _subject(grouped)
    told, chunks = None, None
    if sample and subject is not None and last is not None:
        told, chunks = _contents(work, grouped, subject, vmas, before or (), sample, runtime, content=content)
    _same(work)
    reserved = java_heap(vmas, limit) if runtime.name == "jvm" else None
    sums = totals(grouped, status, complete=last is not None)
    shown = work.at[-1] - work.at[0]
    verdict = judge(
        Seen(
            pid=pid,
            window=shown,
            regions=regions,
            samples=work.samples,
            runtime=runtime,
            content=told,
            chunks=chunks,
            threads=threads,
            java_reserved=reserved[1] - reserved[0] if reserved else None,
        )
    )
    grows = verdict.state == "growing"
    return Account(
        pid=pid,
        start_time=work.stat.starttime,
        name=work.stat.comm,
        runtime=runtime,
        window=shown,
        asked=asked,
        regions=regions,
        totals=sums,
        subject=subject,
        content=told,
        chunks=chunks,
        verdict=verdict,
        next=hand_over(
            about(root, pid, runtime, work.words, work.environment),
            subject.kind if subject else None,
            growing=grows,
            window=shown,
        ),
        gaps=tuple(work.gaps),
        cost=Cost(
            time.process_time() - cpu,
            time.monotonic() - began,
            tuple(work.smaps_s),
            work.pagemap_s,
            work.read_bytes,
        ),
    )


def _identify(root: Root, pid: int) -> PidStat:
    who = f"process {pid}"
    try:
        stat = pid_stat.parse(procfile.read(root.path(f"proc/{pid}/stat")))
    except procfile.Unreadable:
        raise Refused(who, "there is none", "jinmaek top shows those there are") from None
    except Malformed as fault:
        raise Refused(who, str(fault), "is it the kernel's file?") from None
    if stat.flags & PF_KTHREAD:
        raise Refused(who, "a kernel thread has no memory of its own", "jinmaek slabtop shows the kernel's")
    if stat.state in "ZX":
        raise Refused(who, "it has ended and holds no memory", f"its parent, {stat.ppid}, has to take it")
    return stat


def _same(work: _Work) -> None:
    """That the pid still means the same process; raises ``Refused``."""
    try:
        now = pid_stat.parse(procfile.read(work.root.path(f"proc/{work.pid}/stat")))
        alive = now.starttime == work.stat.starttime and now.state not in "ZX"
    except procfile.Unreadable:
        alive = False
    if not alive:
        raise Refused(f"process {work.pid}", _ended(work), "start earlier, or take a shorter --for")


def _ended(work: _Work) -> str:
    if len(work.samples) < 2:
        return "it ended during the look"
    (_, before), (at, after) = work.samples[0], work.samples[-1]
    return f"it ended during the look; {after - before:+,} bytes in the {at:.0f} s it was seen"


def _first_look(work: _Work) -> tuple[Vma, ...]:
    texts, gap = _read(work, FILES)
    if gap is not None:
        raise _unreadable(gap)
    smaps, words, variables = texts
    work.words = tuple(words.rstrip(b"\0").decode("utf-8", "backslashreplace").split("\0"))
    work.environment = environment(variables)
    vmas = _parsed(smaps)
    if not vmas:
        raise Refused(
            f"process {work.pid}",
            "it maps no memory",
            "where its main thread has ended, give the id of another of its threads",
        )
    return vmas


def _unreadable(gap: Gap) -> Refused:
    todo = {
        "denied": "run it as root, or as the user of the process",
        "timed out": "the process, or one that changes its mappings, is stuck: try again, look at its wchan",
        "gone": "see jinmaek top for those there are",
    }
    words = {"denied": "permission denied", "gone": "it has ended", "absent": "there is no such file"}
    why = words.get(gap.kind, gap.kind)
    if gap.kind == "timed out" and "mmap_lock" in gap.detail:
        why = f"lock held: {gap.detail}"
    elif gap.detail:
        why = f"{why}, {gap.detail}"
    return Refused(gap.source, why, todo.get(gap.kind, "is this the kernel's file?"))


def _last_look(work: _Work, first: Sequence[Vma]) -> tuple[Vma, ...] | None:
    _same(work)
    texts, gap = _read(work, FILES[:1])
    if gap is not None:
        _same(work)
        work.note(gap)
        return None
    vmas = _parsed(texts[0])
    if _stack_end(vmas) != _stack_end(first):
        raise Refused(
            f"process {work.pid}", "it started another program (exec) during the look", "look again"
        )
    return vmas


def _stack_end(vmas: Sequence[Vma]) -> int | None:
    """Random for each program a process runs."""
    return next((vma.end for vma in vmas if vma.path == "[stack]"), None)


def _read(work: _Work, files: tuple[str, ...]) -> tuple[tuple[bytes, ...], Gap | None]:
    """The files, and why not; how long smaps took is noted."""
    began = time.monotonic()
    key = (work.pid, work.stat.starttime)
    read = Guard(work.root, files, walk=WALK).read([(key, work.pid)])[key]
    work.smaps_s.append(time.monotonic() - began)
    work.at.append(read.at)
    if read.missed is not None:
        return (), read.missed.gap()
    return read.texts, None


def _parsed(text: bytes) -> tuple[Vma, ...]:
    try:
        return tuple(pid_smaps.parse(text.decode("utf-8", "backslashreplace")))
    except Malformed as fault:
        raise Refused("smaps", str(fault), "is it the kernel's file, whole and unedited?") from None


def _pages_before(work: _Work, first: Sequence[Vma]) -> tuple[Pages, ...] | None:
    ranges, too_many = reading.watched_ranges(first)
    source = f"proc/{work.pid}/pagemap"
    if too_many:
        work.note(Gap("absent", source, f"not asked: it maps more than {reading.SPAN >> 30} GiB"))
        return None
    told = _states(work, ranges)
    work.note(told.gap)
    return told.states if told.gap is None else None


def _states(work: _Work, ranges: Sequence[tuple[int, int]]) -> reading.Told:
    began = time.monotonic()
    told = reading.page_states(work.root, work.pid, ranges)
    work.pagemap_s += time.monotonic() - began
    return told


def _wait(work: _Work, window: float, progress: Progress | None) -> tuple[int | None, int | None]:
    """Sample its size until the window is over; threads at first and at last. Takes no lock of its."""
    began = time.monotonic()
    pace = max(PACE, window / MOST_SAMPLES)
    threads: list[int | None] = []
    while True:
        at = time.monotonic() - began
        try:
            now = reading.size(work.root, work.pid)
        except (procfile.Unreadable, Malformed):
            _same(work)
            break
        threads.append(now.status.Threads)
        if now.own is not None:
            work.samples.append((at, now.own))
        else:
            _same(work)
        left = window - at
        if progress is not None:
            grown = work.samples[-1][1] - work.samples[0][1] if work.samples else None
            progress(max(0.0, left), grown)
        if left <= 0:
            break
        time.sleep(min(pace, left))
    return (threads[0], threads[-1]) if threads else (None, None)


def _status(work: _Work) -> PidStatus | None:
    try:
        return reading.size(work.root, work.pid).status
    except (procfile.Unreadable, Malformed):
        return None


def _subject(regions: Sequence[Region]) -> Region | None:
    """The region that grew most, or else the largest that is not a file's."""
    able = [one for one in regions if one.kind != "kernel" and own(one.kind, one.last) > 0]
    grown = [one for one in able if one.growth > 0]
    if grown:
        return grown[0]
    return max(
        (one for one in able if one.kind != "file"), key=lambda one: own(one.kind, one.last), default=None
    )


def _contents(
    work: _Work,
    regions: Sequence[Region],
    subject: Region,
    vmas: Sequence[Vma],
    before: Sequence[Pages],
    sample: int,
    runtime: Runtime,
    *,
    content: bool,
) -> tuple[Content | None, Chunks | None]:
    """What is in the region, and how much of malloc's heaps is free."""
    heaps = [one for one in regions if one.kind in MALLOC]
    held, whole = (sum(own(one.kind, one.last) for one in some) for some in (heaps, regions))
    if runtime.allocator != "glibc" or held < max(MIB, whole * MALLOC_SHARE):
        heaps = []
    wanted = sorted(
        {(vma.start, vma.end) for one in (subject, *heaps) for vma in one.mappings if vma.sizes.get("Rss")}
    )
    told = _states(work, wanted)
    if told.gap is not None:
        work.note(told.gap)
        return None, None
    of_subject = {vma.start for vma in subject.mappings}
    states = [state for state in told.states if state[0] in of_subject]
    runs = came(before, states) if before and subject.growth > 0 else []
    chosen: Chosen = choose(runs, sample, new=True) if runs else choose(present(states), sample, new=False)
    read = reading.memory(work.root, work.pid, chosen)
    work.note(read.gap)
    work.read_bytes += sum(len(data) for _, data in read.pieces)
    said = summarise(read.pieces, mapped(vmas), new=chosen.new, of=chosen.of, content=content)
    chunks = (
        reading.malloc_heaps(work.root, work.pid, heaps, told.states, sample)
        if heaps and read.gap is None
        else None
    )
    return said, chunks
