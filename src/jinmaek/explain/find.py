"""From a word somebody typed to what it means: one subject, several, or the nearest there are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinmaek.explain.entry import Entry
from jinmaek.explain.topics import topics
from jinmaek.explain.views import COLUMNS
from jinmaek.explain.vocabulary import Known, known

Kind = str
SYSCTLS = ("sys_vm", "sys_kernel")
KINDS: Mapping[str, Kind] = {"state": "state", "idea": "idea", "smaps": "field"}
"""By the first part of a name that is no column; all others are columns of views."""
PREFIXES = {"vm.": "sys_vm.", "kernel.": "sys_kernel."}
LONGEST = 80
"""Characters of a word for which near ones are looked up."""
CLOSE = 0.6
SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that has a meaning. ``column`` is None where it is no column, ``entry`` where only its help
    tells of it."""

    name: str
    kind: Kind
    meaning: str
    entry: Entry | None
    column: Known | None
    shown: tuple[str, ...]
    """Columns of views that show it."""


@cache
def subjects() -> Mapping[str, Subject]:
    """Everything that is explained, by full name."""
    found: dict[str, Subject] = {}
    for _, _, entries in topics():
        for entry in entries:
            for subject in _of_entry(entry):
                found[subject.name] = subject
    for name, column in known().items():
        if name not in found:
            found[name] = Subject(name, _kind(column), column.column.help, None, column, ())
    return found


def _of_entry(entry: Entry) -> Iterator[Subject]:
    columns = entry.columns()
    first = True
    for name in (*columns, *(name for name in entry.names if name not in columns and "*" not in name)):
        column = known().get(name)
        kind = _kind(column) if column else KINDS.get(name.partition(".")[0], "view")
        meaning = column.column.help if column else entry.meaning
        yield Subject(name, kind, meaning, entry, column, (entry.shown if first else ()) + _in_pmap(name))
        first = False


def _in_pmap(name: str) -> tuple[str, ...]:
    """pmap -X shows lines of smaps under their own names."""
    table, _, line = name.partition(".")
    return (f"pmap.{line}",) if table == "smaps" and line in COLUMNS["pmap"] else ()


def _kind(column: Known) -> Kind:
    if column.table in SYSCTLS:
        return "sysctl"
    return "field" if column.of_process else "column"


@cache
def _index() -> Mapping[str, tuple[Subject, ...]]:
    """Subjects by every word they answer to, as it is spelled."""
    found: dict[str, dict[str, Subject]] = {}
    for subject in subjects().values():
        for word in _words(subject):
            found.setdefault(word, {})[subject.name] = subject
    return {word: tuple(those.values()) for word, those in found.items()}


def _words(subject: Subject) -> Iterator[str]:
    for name in (subject.name, *subject.shown):
        yield name
        yield name.partition(".")[2]
    for mine, theirs in PREFIXES.items():
        if subject.name.startswith(theirs):
            yield mine + subject.name.removeprefix(theirs)
    if subject.column is not None and subject.column.of_process:
        yield subject.name.removeprefix("pid_")
    if subject.entry is not None and subject is subjects()[_leader(subject.entry)]:
        yield from subject.entry.words


def _leader(entry: Entry) -> str:
    """The subject of an entry that answers to its words: the first of its names."""
    return next(iter(entry.columns()), entry.names[0])


@cache
def _folded() -> Mapping[str, tuple[str, ...]]:
    """The words of the index by the word without regard to case."""
    found: dict[str, list[str]] = {}
    for word in _index():
        found.setdefault(word.casefold(), []).append(word)
    return {word: tuple(those) for word, those in found.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """What a word means. ``also`` are other things of the same name, where one was meant above them."""

    subjects: tuple[Subject, ...]
    also: tuple[Subject, ...] = ()


def find(word: str) -> Found:
    """Nothing, one subject, or several that must be told apart.

    A full name is that thing alone. A word that an entry claims is that entry, whatever else has a field of
    that name. A word spelled exactly wins over one in other letters: ``T`` is a state and ``t`` another. Of
    columns that share an entry the first stands for all.
    """
    word = _normal(word)
    if word in subjects():
        return Found((subjects()[word],))
    matches = _index().get(word) or tuple(
        dict.fromkeys(
            subject for spelled in _folded().get(word.casefold(), ()) for subject in _index()[spelled]
        )
    )
    first: dict[int, Subject] = {}
    for subject in matches:
        first.setdefault(id(subject.entry) if subject.entry else id(subject), subject)
    candidates = tuple(first.values())
    claimed = tuple(one for one in candidates if _claims(one, word))
    if len(claimed) == 1:
        return Found(claimed, tuple(one for one in candidates if one not in claimed))
    return Found(candidates)


def _claims(subject: Subject, word: str) -> bool:
    return subject.entry is not None and word.casefold() in map(str.casefold, subject.entry.words)


def shown(view: str, column: str) -> Subject:
    """What a column of a view shows. Raises ``KeyError``."""
    return _index()[f"{view}.{column}"][0]


def _normal(word: str) -> str:
    """``Active(anon)`` as the column is called, a path under /proc/sys as sysctl writes it."""
    word = " ".join(word.split())
    word = re.sub(r"\((anon|file)\)$", r"_\1", word)
    if word.startswith(("/proc/sys/", "proc/sys/")):
        word = word.partition("proc/sys/")[2].replace("/", ".")
    return word.replace("-", "_") if word.startswith(tuple(PREFIXES)) else word


def siblings(subject: Subject) -> tuple[str, ...]:
    """Other columns that the same entry explains."""
    if subject.entry is None:
        return ()
    return tuple(one.name for one in _of_entry(subject.entry) if one.name != subject.name)


def nearest(word: str, more: Sequence[str] = ()) -> list[str]:
    """Words that are close to one that is not known, best first; ``more`` are further words there are."""
    folded = word.casefold()
    if not folded or len(folded) > LONGEST:
        return []
    spelled = {one.casefold(): one for one in (*more, *_index())}
    within = sorted((one for one in spelled if len(folded) > 2 and folded in one), key=len)
    near = difflib.get_close_matches(folded, spelled, n=SUGGESTED, cutoff=CLOSE)
    return [spelled[one] for one in dict.fromkeys((*near, *within))][:SUGGESTED]


def in_table(table: str) -> tuple[Subject, ...]:
    """All columns of a kernel table or of one file of a process, in its own order; none if it is no table."""
    return tuple(subjects()[name] for name, column in known().items() if column.table == table)


def in_topic(topic: str) -> tuple[Subject, ...]:
    """All subjects of a family of entries; none if there is no such family."""
    return tuple(
        subjects()[one.name]
        for name, _, entries in topics()
        if name == topic
        for entry in entries
        for one in _of_entry(entry)
    )


def in_view(view: str) -> tuple[tuple[str, Subject], ...]:
    """All columns of a view by the name it gives them, with what each shows."""
    return tuple((column, shown(view, column)) for column in COLUMNS.get(view, ()))


def table_names() -> tuple[str, ...]:
    """Kernel tables and files of a process that have columns."""
    return tuple(dict.fromkeys(column.table for column in known().values()))
