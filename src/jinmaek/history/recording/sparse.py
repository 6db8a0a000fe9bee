"""Some samples of much time, evenly apart: what grows over days is told by some hundred of them.

Of each block only the tables and columns that are asked for are read, and none of one that no sample is taken
of.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from jinmaek.history.recording.block import Block
from jinmaek.history.recording.recording import Entry, Recording
from jinmaek.history.recording.sealed import WRONG, Sealed
from jinmaek.history.recording.snapshots import Sampled
from jinmaek.sampling import Snapshot

NS = 1_000_000_000


def snapshots(
    recording: Recording,
    boot: str,
    start: float,
    end: float,
    most: int,
    tables: Collection[str],
    columns: Collection[str],
) -> Iterator[Snapshot]:
    """About ``most`` samples of a boot from ``start`` to ``end``, seconds since boot, with these tables as
    they were last read, and these columns of tasks.

    The last sample there is is among them. A block that is damaged is left out.
    """
    parts = list(_parts(recording, boot, start, end))
    if not parts:
        return
    first, last = parts[0][1][parts[0][2]], parts[-1][1][parts[-1][3] - 1]
    step = (last - first) / NS / max(1, most - 1)
    due = first / NS
    for entry, times, begin, behind in parts:
        chosen: list[int] = []
        at = begin
        while at < behind:
            at = bisect_left(times, (due - 0.0005) * NS, at, behind)
            if at == behind:
                break
            chosen.append(at)
            due = max(due + step, times[at] / NS + step / 2)
            at += 1
        if times is parts[-1][1] and (not chosen or chosen[-1] != behind - 1):
            chosen.append(behind - 1)
        yield from _of_block(recording, entry, chosen, tables, columns)


def _parts(
    recording: Recording, boot: str, start: float, end: float
) -> Iterator[tuple[Entry, Sequence[int], int, int]]:
    """Blocks with the times of their samples, and which of those are inside."""
    for entry in recording.entries:
        if entry.boot != boot or entry.boottime[0] > end * NS or entry.boottime[1] < start * NS:
            continue
        times = recording.clocks(entry).get("boottime", [])
        begin, behind = bisect_left(times, start * NS), bisect_left(times, end * NS + 1)
        if begin < behind:
            yield entry, times, begin, behind


def _of_block(
    recording: Recording,
    entry: Entry,
    chosen: Sequence[int],
    tables: Collection[str],
    columns: Collection[str],
) -> Iterator[Snapshot]:
    found = recording.open(entry) if chosen else None
    block: Block | None
    if isinstance(found, Sealed):
        try:
            block = found.block([name for name in tables if name in found.names], tasks=False)
            if block is not None:
                block.tasks = found.tasks(columns)
        except WRONG:
            block = None
    else:
        block = found
    if block is None:
        return
    wanted = frozenset(tables)
    lacking = block.tasks is not None and "pid" not in block.tasks.columns
    sampled = Sampled(block, some=frozenset(columns))
    for at in chosen:
        made = sampled.at(at, carried=True)
        yield replace(
            made,
            tables={name: rows for name, rows in made.tables.items() if name in wanted},
            gaps={name: gap for name, gap in made.gaps.items() if name in wanted or name == "tasks"},
            tasks=None if lacking else made.tasks,
        )
