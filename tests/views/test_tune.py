"""How judgements of knobs are shown: worst first, each misfit with its pair, the way there and back."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console, RenderableType
from tests.advice.made_host import MIB, SWAP_ON_ZRAM, cgroup, host, knob, thp

from jinmaek.advice import setting, tuning
from jinmaek.advice.measure import compared
from jinmaek.advice.setting import Applied, Change
from jinmaek.catalog import tables
from jinmaek.views import tune, tune_applied, tune_json
from jinmaek.views.tune_applied import Comparison

WHERE = tune.Where("web-7", "6.12.1", "live", 10.0, 86400.0)
SLOW_DISK: dict[str, Any] = {"now": {"vmstat.nr_dirty": 240_000}, "grew": {"vmstat.nr_written": 25_600}}


def printed(shown: RenderableType, width: int = 100) -> str:
    console = Console(width=width, highlight=False, markup=False, emoji=False, record=True, file=None)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def test_a_misfit_stands_first_with_its_pair_and_both_ways() -> None:
    found = tuning.everything(host(**SLOW_DISK))
    lines = printed(tune.overview(found, WHERE, "en")).splitlines()
    assert lines[0].startswith("jinmaek tune  web-7  Linux 6.12.1  watched for 10.0 s")
    assert lines[1].startswith("misfit 1  ·  irrelevant here ")
    assert lines[3].startswith(" misfit  vm.dirty_ratio = 20 %  the kernel's default")
    text = "\n".join(lines)
    assert "vmstat.nr_dirty = 240,000 pages" in text
    assert "vmstat.nr_written = 25,600 pages in this look" in text
    assert "sysctl -w vm.dirty_bytes=52428800" in text
    assert "sysctl -w vm.dirty_ratio=20" in text
    assert "jinmaek tune --measure --revert --apply dirty_bytes=52428800" in text
    assert "line 'vm.dirty_bytes = 52428800' in /etc/sysctl.d/90-jinmaek.conf" in text


def test_what_is_not_the_default_is_marked() -> None:
    found = tuning.everything(host({"sys_vm.swappiness": 10}))
    text = printed(tune.overview(found, WHERE, "en"))
    assert "vm.swappiness = 10 *" in text
    assert "* not the kernel's default" in text
    assert "vm.vfs_cache_pressure = 100 *" not in text
    own = host(rows={"transparent_hugepage": (thp("never"),)})
    plain = printed(tune.overview(tuning.everything(own), WHERE, "en"))
    assert "*" not in plain


def test_knobs_of_one_sentence_share_it() -> None:
    text = printed(tune.overview(tuning.everything(host()), WHERE, "en"))
    assert text.count("It is 0: the other of the pair counts.") == 1
    assert text.count("It counts only under overcommit_memory=2") == 1


def test_evidence_since_boot_says_so() -> None:
    seen = host({"vmstat.pswpin": 9000, "vmstat.swap_ra": 8000, "vmstat.swap_ra_hit": 800})
    text = printed(tune.overview(tuning.everything(seen), WHERE, "en"))
    assert "vmstat.swap_ra = 8,000 pages since boot" in text
    assert "before the value was last changed" in text


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_json_of_a_misfit(lang: str) -> None:
    found = tuning.everything(host(**SLOW_DISK))
    first = tune_json.document(WHERE, found, lang)["knobs"][0]
    assert (first["name"], first["answer"]) == ("dirty_ratio", "misfit")
    assert first["try"] == {
        "name": "dirty_bytes",
        "value": 52428800,
        "command": "sysctl -w vm.dirty_bytes=52428800",
        "revert": ["sysctl -w vm.dirty_ratio=20"],
        "persist": {"line": "vm.dirty_bytes = 52428800", "file": "/etc/sysctl.d/90-jinmaek.conf"},
    }
    dirty = next(fact for fact in first["evidence"] if fact["column"] == "vmstat.nr_dirty")
    assert dirty == {"column": "vmstat.nr_dirty", "value": 240_000.0, "unit": "pages", "span": "now"}


def test_words_are_set_by_echo_and_kept_by_tmpfiles() -> None:
    seen = host(
        {"vmstat.thp_fault_alloc": 500, "vmstat.thp_split_page": 400},
        rows={"transparent_hugepage": (thp("always"),)},
    )
    text = printed(tune.overview(tuning.everything(seen), WHERE, "en"), 160)
    assert "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" in text
    assert "echo always > /sys/kernel/mm/transparent_hugepage/enabled" in text
    assert "w /sys/kernel/mm/transparent_hugepage/enabled - - - - madvise" in text
    assert "/etc/tmpfiles.d/" in text


def test_long_form_tells_what_this_host_changes_about_it() -> None:
    seen = host(
        rows={
            "swaps": SWAP_ON_ZRAM,
            "cgroup_memory": (cgroup("/a", 100 * MIB, 0, 60), cgroup("/b\x1b[31m", MIB, 0, 5)),
            "lru_gen": (_row("lru_gen", enabled=7),),
            "zram": (_row("zram", device="zram0", orig_data_size=30 * MIB, mem_used_total=10 * MIB),),
        }
    )
    text = " ".join(printed(tune.long_form(tuning.judged(knob("swappiness"), seen), "en")).split())
    assert "Swap is compressed memory here" in text
    assert "multi-generational LRU is at work" in text
    assert "Cgroups of version 1 (2 at the top) hold" in text
    assert "1 of them have another value than this one, the first: /b?[31m 5." in text
    assert "zram holds 30.0 MiB in 10.0 MiB of RAM." in text


def _row(table: str, **columns: Any) -> object:
    return tables()[table].row(**columns)


def test_a_what_if_shows_both_values_and_the_refusal() -> None:
    tried = tuning.tried(knob("min_free_kbytes"), host(), 1_000_000)
    text = " ".join(printed(tune.what_if(tried, "en")).split())
    assert "vm.min_free_kbytes: 11584 KiB → 1000000 KiB" in text
    assert "zone 0/Normal: min: 2,896 pages → 250,000 pages" in text
    assert "--apply: 976.6 MiB is 11.9 % of memory" in text


def test_what_could_not_be_read_is_named() -> None:
    seen = host(look=None)
    text = printed(tune.overview(tuning.everything(seen), WHERE, "en"), 160)
    assert "vmstat.nr_dirtied: one reading is not enough for a rate" in text


DONE = Applied(
    Change("dirty_bytes", "proc/sys/vm/dirty_bytes", 0, 1000),
    (Change("dirty_ratio", "proc/sys/vm/dirty_ratio", 20, 0),),
    (("dirty_ratio", "proc/sys/vm/dirty_ratio", 20),),
    verified=True,
)


def test_applied_tells_what_moved_along_and_the_way_back() -> None:
    text = printed(tune_applied.applied(knob("dirty_bytes"), DONE, None, force_back=False, lang="en"))
    assert "vm.dirty_bytes: 0 bytes → 1000 bytes  written and read back" in text
    assert "dirty_ratio: 20 → 0" in text
    assert "jinmaek tune --apply dirty_ratio=20 " in text
    assert "--force" not in text
    assert text.count("sysctl -w vm.dirty_ratio=20") == 1
    forced = printed(tune_applied.applied(knob("dirty_bytes"), DONE, None, force_back=True, lang="en"))
    assert "jinmaek tune --apply dirty_ratio=20 --force" in forced


def test_what_the_first_write_does_not_bring_back_has_its_own_command() -> None:
    path = "sys/kernel/mm/transparent_hugepage/enabled"
    done = Applied(
        Change("transparent_hugepage/enabled", path, "madvise", "never"),
        (Change("min_free_kbytes", "proc/sys/vm/min_free_kbytes", 67584, 19826),),
        (("transparent_hugepage/enabled", path, "madvise"),),
        verified=True,
    )
    back = list(tune_applied.back(knob("thp.enabled"), done, None, force=False))
    assert back[-1] == "sysctl -w vm.min_free_kbytes=67584"


def test_a_cgroup_with_a_hostile_name_is_quoted() -> None:
    path = "sys/fs/cgroup/memory/a; reboot"
    change = Change("swappiness", f"{path}/memory.swappiness", 60, 10)
    done = Applied(change, (), (("swappiness", change.path, 60),), verified=True)
    ours, plain = tune_applied.back(knob("swappiness"), done, path, force=False)
    assert ours == "jinmaek tune --apply swappiness=60 --cgroup '/sys/fs/cgroup/memory/a; reboot'"
    assert plain == "echo 60 > '/sys/fs/cgroup/memory/a; reboot/memory.swappiness'"


def test_comparison() -> None:
    of = knob("swappiness")
    before = host(grew={"vmstat.pgscan_anon": 5000, "vmstat.pgscan_file": 5000}).snapshots
    after = host(grew={"vmstat.pgscan_anon": 500, "vmstat.pgscan_file": 9500}).snapshots
    found = Comparison(10.0, compared(of.watch, before, after), "down", "as predicted", reverted=False)
    text = printed(tune_applied.compared(found, "en"))
    assert "50.0 %" in text
    assert "5.0 %" in text
    assert "0.10" in text
    assert "predicted: anonymous share of the pages scanned goes down; seen: as predicted" in text
    alone = Comparison(10.0, compared(of.watch, before, before), None, None, reverted=False)
    assert "predicted" not in printed(tune_applied.compared(alone, "en"))


def test_nothing_here_writes() -> None:
    """Views show commands; only ``setting`` opens a file for writing."""
    assert setting.put.__module__ == "jinmaek.advice.setting"
    for module in (tune, tune_applied, tune_json):
        assert not hasattr(module, "os")
