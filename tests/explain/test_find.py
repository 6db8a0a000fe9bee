"""From a word to what it means: exact, in other letters, ambiguous, unknown, hostile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinmaek.explain.find import find, in_table, in_topic, in_view, nearest, siblings, subjects
from jinmaek.explain.vocabulary import known


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("MemAvailable", "meminfo.MemAvailable"),
        ("memavailable", "meminfo.MemAvailable"),
        ("meminfo.MemAvailable", "meminfo.MemAvailable"),
        ("available", "meminfo.MemAvailable"),
        ("free.available", "meminfo.MemAvailable"),
        ("top.avail Mem", "meminfo.MemAvailable"),
        ("Active(anon)", "meminfo.Active_anon"),
        ("buff/cache", "free.buff/cache"),
        ("-/+ buffers/cache", "free.-/+ buffers/cache"),
        ("vmstat.si", "vmstat.si"),
        ("vmstat.pswpin", "vmstat.pswpin"),
        ("D", "state.D"),
        ("T", "state.T"),
        ("t", "state.t"),
        ("vm.swappiness", "sys_vm.swappiness"),
        ("swappiness", "sys_vm.swappiness"),
        ("/proc/sys/vm/swappiness", "sys_vm.swappiness"),
        ("vm.page-cluster", "sys_vm.page_cluster"),
        ("kernel.threads-max", "sys_kernel.threads_max"),
        ("status.VmRSS", "pid_status.VmRSS"),
        ("RES", "pid_status.VmRSS"),
        ("%CPU", "top.%CPU"),
        ("TIME+", "pid_stat.utime"),
        ("  load   average ", "loadavg.load1"),
        ("swap", "meminfo.SwapTotal"),
        ("좀비", "state.Z"),
        ("페이지 캐시", "meminfo.Cached"),
        ("부하 평균", "loadavg.load1"),
        ("쓰기 시 복사", "idea.copy on write"),
        ("메모리 증설", "idea.memory growth"),
        ("await", "diskstats.read_ticks"),
    ],
)
def test_a_word_is_the_thing_it_names(word: str, name: str) -> None:
    assert [one.name for one in find(word).subjects] == [name]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("si", {"top.si", "vmstat.si"}),
        ("free", {"meminfo.MemFree", "hugepages.free", "file_nr.free"}),
        ("S", {"top.S", "state.S"}),
    ],
)
def test_a_word_of_several_things_gives_all_of_them(word: str, names: set[str]) -> None:
    found = find(word)
    assert {one.name for one in found.subjects} == names
    assert not found.also


def test_a_claimed_word_still_tells_what_else_bears_it() -> None:
    assert "pid_status.VmSwap" in {one.name for one in find("swap").also}


def test_columns_of_one_entry_are_one_answer() -> None:
    (steal,) = find("steal").subjects
    assert steal.name == "stat.steal"
    assert siblings(steal) == ("stat_cpu.steal",)


def test_every_full_name_is_found_as_itself() -> None:
    for name in subjects():
        assert [one.name for one in find(name).subjects] == [name]


def test_every_column_is_found_by_its_own_name() -> None:
    for name in known():
        word = name.partition(".")[2]
        found = find(word)
        entries = {one.entry for one in (*found.subjects, *found.also)}
        there = {one.name for one in (*found.subjects, *found.also)}
        assert name in there or subjects()[name].entry in entries, name


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("MemAvalable", "MemAvailable"), ("swapines", "swappiness"), ("pgmajfalt", "pgmajfault")],
)
def test_the_nearest_words_are_suggested(typed: str, meant: str) -> None:
    assert not find(typed).subjects
    assert meant in nearest(typed)


def test_rules_are_suggested_too() -> None:
    assert nearest("swap.activ", ["swap.active", "swap.stale"])[0] == "swap.active"


@given(st.text(max_size=200))
def test_any_word_is_answered(word: str) -> None:
    found = find(word)
    assert isinstance(found.subjects, tuple)
    assert len(nearest(word)) <= 5


@pytest.mark.parametrize(
    "word", ["", " ", "*", "%s", "{0}", "\x1b[31m", "\udcff", "a" * 1_000_000, "../../etc"]
)
def test_hostile_words_mean_nothing(word: str) -> None:
    assert not find(word).subjects
    assert len(nearest(word)) <= 5


def test_lists_of_tables_views_and_topics() -> None:
    assert [one.name for one in in_table("loadavg")][:2] == ["loadavg.load1", "loadavg.load5"]
    assert next(one.name for one in in_table("pid_statm")) == "pid_statm.size"
    assert not in_table("nothing of the kind")
    assert [name for name, _ in in_view("vmstat")][:3] == ["r", "b", "swpd"]
    assert not in_view("nothing of the kind")
    assert {one.name for one in in_topic("states")} >= {"state.R", "state.D", "top.S"}
    assert not in_topic("nothing of the kind")
