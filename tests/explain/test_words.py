"""Nothing is left unexplained, in either language; what is explained exists, and exists once."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from jinmaek.cli.main import COMMANDS
from jinmaek.explain.entry import Entry
from jinmaek.explain.find import find, in_view, shown, subjects
from jinmaek.explain.sources import TABLES
from jinmaek.explain.topics import topics
from jinmaek.explain.views import COLUMNS
from jinmaek.explain.vocabulary import known
from jinmaek.views import free, pmap, slabtop, smem, vmstat
from jinmaek.views import top as top_view
from jinmaek.views.top_frame import MODES

PO = Path(__file__).parents[2] / "src/jinmaek/locale/ko/LC_MESSAGES/explain.po"
ENTRIES = [entry for _, _, entries in topics() for entry in entries]

LETTERS = "RSDTtZIXP"
"""fs/proc/array.c task_state_array[], and idle."""
ROWS_OF_FREE = ("Mem", "Swap", "Low", "High", "Total", "Comm")
SMAPS = (
    *("Size", "KernelPageSize", "MMUPageSize", "Rss", "Pss", "Pss_Dirty", "Shared_Clean", "Shared_Dirty"),
    *("Private_Clean", "Private_Dirty", "Referenced", "Anonymous", "KSM", "LazyFree", "AnonHugePages"),
    *("ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss", "Locked"),
    *("THPeligible", "ProtectionKey", "VmFlags"),
)
"""Lines of smaps up to Linux 6.18."""


def korean() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="ko")


def texts() -> Iterator[tuple[str, str]]:
    """Every English text of an explanation, and where it is from."""
    for name, column in known().items():
        yield column.column.help, name
    for view in COLUMNS:
        yield COMMANDS[view], view
    for topic, title, entries in topics():
        yield title, topic
        for entry in entries:
            for text in (entry.meaning, entry.text, entry.here):
                if text:
                    yield text, entry.names[0]


def declared() -> Iterator[tuple[str, str]]:
    """The columns the views declare themselves: view, and name."""
    yield from (("free", name) for name in (*free.NARROW, *free.WIDE, *ROWS_OF_FREE))
    for active in (False, True):
        yield from (("vmstat", name) for name in vmstat.shown(wide=True, active=active))
    yield from (("top", name) for name in (*top_view.COLUMNS, *top_view.KEYS, *MODES))
    for fields in (smem.PROCESS, smem.USER, smem.MAPPING):
        yield from (("smem", name) for name in fields)
    yield from (("slabtop", name) for name in slabtop.COLUMNS)
    heads = [*next(iter(pmap.extended((), quiet=False, paths=False))).split(), *pmap.LABELS]
    yield from (("pmap", name) for name in heads)
    for size in SMAPS:
        if size not in pmap.UNSHOWN and size != "VmFlags":
            yield "pmap", size


def test_every_column_has_a_line_of_meaning() -> None:
    assert not [name for name in known() if not subjects()[name].meaning]


def test_a_paragraph_once_written_stays() -> None:
    """A new column may do with its help; one that matters gets a paragraph, and its name in the list."""
    golden = set((Path(__file__).parent / "paragraphs.txt").read_text().split("\n")) - {""}
    today = {name for name in known() if (entry := subjects()[name].entry) and entry.text}
    assert len(golden) > 600
    assert not golden - today


def test_every_column_of_every_view_is_explained() -> None:
    missing = [f"{view}.{name}" for view, name in declared() if not _explained(view, name)]
    assert not missing


def test_the_lists_of_the_views_name_what_the_views_show() -> None:
    for view, name in declared():
        assert name in COLUMNS[view], f"add {name} to explain/views.py"
    for view in COLUMNS:
        assert {name for name, _ in in_view(view)} == set(COLUMNS[view])


def _explained(view: str, name: str) -> bool:
    try:
        subject = shown(view, name)
    except KeyError:
        return False
    return bool(subject.meaning and subject.entry and subject.entry.text)


def test_the_heads_of_slabtop_are_those_it_declares() -> None:
    assert slabtop.HEADING.split() == " ".join(slabtop.COLUMNS).split()


@pytest.mark.parametrize("view", ["free", "vmstat", "slabtop"])
def test_explain_puts_each_of_their_columns_into_a_sentence(view: str) -> None:
    for of, name in declared():
        if of == view and name not in ("Mem", "Low", "High", "Total"):
            entry = shown(view, name).entry
            assert entry
            assert entry.here, name


@pytest.mark.parametrize("letter", LETTERS)
def test_every_state_letter_is_explained(letter: str) -> None:
    assert subjects()[f"state.{letter}"].entry


@pytest.mark.parametrize("name", SMAPS)
def test_every_line_of_smaps_is_explained(name: str) -> None:
    assert subjects()[f"smaps.{name}"].meaning


def test_every_text_has_its_korean() -> None:
    catalogue = korean()
    missing = [
        f"{place}: {text}" for text, place in texts() if not getattr(catalogue.get(text), "string", "")
    ]
    assert not missing


def test_the_korean_is_of_texts_there_are() -> None:
    there = {text for text, _ in texts()}
    assert not [message.id for message in korean() if message.id and message.id not in there]


def test_the_korean_fills_the_same_blanks() -> None:
    for message in korean():
        if message.id and "{" in str(message.id):
            assert _blanks(str(message.string)) == _blanks(str(message.id)), message.id
        assert "fuzzy" not in message.flags


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_korean_is_korean() -> None:
    there = [text for text, _ in texts() if len(text) > 40]
    catalogue = korean()
    for text in there:
        message = catalogue.get(text)
        assert message
        assert any("가" <= letter <= "힣" for letter in str(message.string)), text


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.names[0])
def test_an_entry_is_about_things_there_are(entry: Entry) -> None:
    tables = {column.table for column in known().values()}
    for name in entry.names:
        head, _, tail = name.partition(".")
        assert tail
        if "*" in name:
            assert [one for one in entry.columns() if one.startswith(head)], name
        elif name not in known():
            assert head in {"state", "idea", "smaps", *COLUMNS}, name
            assert entry.meaning
            assert head not in tables or head in COLUMNS
    if any(name in known() for name in entry.columns()):
        assert not entry.meaning, "a column's meaning is its help"
    for name in entry.shown:
        assert name.partition(".")[2] in COLUMNS[name.partition(".")[0]], name
    for name in entry.see:
        assert len(find(name).subjects) == 1, name
    steps = {step.name for step in entry.steps}
    for blank in entry.blanks():
        assert blank in known() or blank in steps or blank in ("value", "NAME", *smem.SIZES), blank
    if "value" in entry.blanks():
        assert entry.steps or entry.columns()
    assert not entry.exact or (entry.steps and entry.names[0] in known())


def test_nothing_is_explained_twice() -> None:
    names = [name for entry in ENTRIES for name in (*entry.columns(), *_plain(entry), *entry.shown)]
    assert not [name for name, times in Counter(names).items() if times > 1]
    claimed = Counter(word.casefold() for entry in ENTRIES for word in set(map(str.casefold, entry.words)))
    assert not [word for word, times in claimed.items() if times > 1]


def _plain(entry: Entry) -> list[str]:
    return [name for name in entry.names if "*" not in name and name not in known()]


def test_sources_are_of_tables_there_are() -> None:
    assert set(TABLES) <= {column.table for column in known().values()}
