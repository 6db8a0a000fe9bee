"""A capture is the host again: same tables, none of its secrets, whole or not there."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path

import pytest

from jinmaek import procfile
from jinmaek.capture import capture, process_files
from jinmaek.catalog import tables
from jinmaek.cli.main import main
from jinmaek.root import LIVE, Root
from jinmaek.sampling import Snapshot, take

TREES = sorted(path for path in (Path(__file__).parent / "captures").iterdir() if path.is_dir())
KTHREAD = 0x00200000
SECRETS = ("acme", "s3cret", "kundeX", "we)ird", "new\nline", "oracle", "wolpertinger", "\udcff")
"""Parts of every name in ``hostile_tree`` that nobody else may learn."""


def look(root: Root) -> Snapshot:
    return take(root, tables())


def put(base: Path, path: str, text: str) -> None:
    file = base / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))


def add_process(
    base: Path, pid: int, comm: str, *, state: str = "S", flags: int = 0x400000, rss: int = 9
) -> None:
    line = f"{pid} ({comm}) {state} 1 1 1 0 -1 {flags} " + "0 " * 14 + f"{rss} 0\n"
    escaped = comm.replace("\\", "\\\\").replace("\n", "\\n")
    for path in (f"proc/{pid}/stat", f"proc/{pid}/task/{pid}/stat"):
        put(base, path, line)
    put(base, f"proc/{pid}/status", f"Name:\t{escaped}\nState:\t{state}\nVmSwap:\t       4 kB\n")
    put(
        base,
        f"proc/{pid}/cgroup",
        "4:memory:/acme/db\n1:name=systemd:/acme/db\n0::/system.slice/acme.service\n",
    )
    put(base, f"proc/{pid}/environ", "PASSWORD=s3cret")
    put(base, f"proc/{pid}/cmdline", "oracle\0--password=s3cret")


@pytest.fixture
def hostile_tree(tmp_path: Path) -> Path:
    base = tmp_path / "host"
    add_process(base, 2, "kworker/u8:1-ev", flags=KTHREAD)
    add_process(base, 70, "we)ird (x) S 1", state="D")
    add_process(base, 71, "new\nline")
    add_process(base, 72, "oracle", rss=4000)
    add_process(base, 73, "oracle", rss=5)
    add_process(base, 74, "\udcff\udcfe")
    put(base, "proc/meminfo", "MemTotal:  1024 kB\nMemFree:  512 kB\n")
    put(base, "proc/sys/kernel/hostname", "wolpertinger\n")
    put(base, "proc/sys/kernel/random/boot_id", "5ecre7-acme\n")
    put(base, "proc/version", "Linux version 6.1 (oracle@acme) (gcc 12) #1 SMP\n")
    put(
        base,
        "proc/self/mounts",
        "/dev/mapper/acme-root / ext4 rw,errors=remount-ro 0 0\n"
        "//nas/acme /srv/kundeX cifs rw,username=oracle,password=s3cret,uid=0 0 0\n"
        "tmpfs /dev/shm tmpfs rw,size=1024k 0 0\n",
    )
    put(
        base,
        "proc/self/mountinfo",
        "30 1 254:0 / / rw - ext4 /dev/mapper/acme-root rw\n"
        "31 30 0:30 /acme /srv/kundeX rw,relatime shared:1 - cifs //nas/acme rw,password=s3cret\n",
    )
    put(base, "proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/srv/acme\\040swap file 1024 0 -2\n")
    put(
        base,
        "proc/diskstats",
        "   8       1 sda1 1 0 8 1 0 0 0 0 0 1 1\n 253       0 acme 1 0 8 1 0 0 0 0 0 1 1\n",
    )
    put(base, "proc/net/dev", "Inter-|   Receive\n face |bytes\n  eth0: 1 2\nvpn-acme: 3 4\n")
    put(base, "proc/interrupts", "      CPU0\n 24:      1   PCI-MSI 1-edge      vpn-acme-rx-0\n")
    put(base, "proc/slabinfo", "slabinfo - version: 2.1\ndentry(812:acme.service) 1 1 192 21 1\n")
    put(
        base,
        "sys/fs/cgroup/cpu,cpuacct/acme.slice/kundeX/cpu.stat",
        "nr_periods 1\nnr_throttled 1\nthrottled_time 1\n",
    )
    (base / "sys/fs/cgroup/cpu").symlink_to("cpu,cpuacct")
    return base


def names_and_text(base: Path) -> list[tuple[str, bytes]]:
    return [(str(path.relative_to(base)), path.read_bytes()) for path in base.rglob("*") if path.is_file()]


def comm_of(base: Path, pid: int) -> str:
    text = (base / f"proc/{pid}/stat").read_text()
    return text[text.index("(") + 1 : text.rindex(")")]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_a_copy_of_a_tree_gives_its_tables(tree: Path, tmp_path: Path) -> None:
    capture(Root(str(tree)), str(tmp_path / "copy"))
    before, after = look(Root(str(tree))), look(Root(str(tmp_path / "copy")))
    assert after.tables == before.tables
    assert after.gaps == before.gaps
    assert after.boot_id == before.boot_id


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_a_redacted_copy_gives_the_same_numbers(tree: Path, tmp_path: Path) -> None:
    capture(Root(str(tree)), str(tmp_path / "copy"), redacted=True)
    before, after = look(Root(str(tree))), look(Root(str(tmp_path / "copy")))
    assert after.gaps == before.gaps
    assert {name: len(rows) for name, rows in after.tables.items()} == {
        name: len(rows) for name, rows in before.tables.items()
    }
    for table in ("meminfo", "vmstat", "zoneinfo", "slabinfo", "stat", "sys_vm", "interrupts"):
        assert after.tables[table] == before.tables[table]
    assert after.boot_id != before.boot_id or not before.boot_id


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_every_tree_kept_here_is_read_without_fault(tree: Path) -> None:
    seen = look(Root(str(tree)))
    assert {gap.kind for gap in seen.gaps.values()} <= {"absent"}
    assert {"meminfo", "vmstat", "stat", "loadavg", "zoneinfo", "slabinfo"} <= set(seen.tables)


def test_this_host(tmp_path: Path) -> None:
    still = ("mounts", "sys_kernel", "transparent_hugepage")
    for turn in range(5):
        target = tmp_path / f"copy-{turn}"
        before, done, live = look(LIVE), capture(LIVE, str(target)), look(LIVE)
        if set(before.tables) == set(live.tables) and all(
            before.tables.get(table) == live.tables.get(table) for table in still
        ):
            break  # nobody has mounted anything meanwhile
    copied = look(Root(str(target)))
    assert set(copied.tables) == set(live.tables) - {"kmsg_kill"}, "a kernel log is never copied"
    for table in still:
        assert copied.tables.get(table) == live.tables.get(table)
    assert copied.boot_id == live.boot_id
    assert (target / "proc/self/mountinfo").is_file()
    assert (target / f"proc/{os.getpid()}/task/{os.getpid()}/wchan").is_file()
    assert done.files == len(names_and_text(target)) - 1


def test_this_host_redacted(tmp_path: Path) -> None:
    capture(LIVE, str(tmp_path / "copy"), redacted=True)
    checked = 0
    for file in (tmp_path / "copy/proc").glob("[0-9]*/**/stat"):
        text = file.read_bytes().decode("latin-1")
        name, words = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 1 :].split()
        assert int(words[6]) & KTHREAD or re.fullmatch(r"p\d+", name)
        checked += 1
    assert checked
    assert (tmp_path / "copy/proc/sys/kernel/hostname").read_text() == "host1\n"


def test_files_that_hold_secrets_or_stop_a_process_are_never_read(
    hostile_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = procfile.read_bytes

    def watched(path: str) -> bytes:
        read.append(path.rpartition("/")[2])
        return real(path)

    monkeypatch.setattr(procfile, "read_bytes", watched)
    capture(Root(str(hostile_tree)), str(tmp_path / "copy"))
    assert "status" in read
    assert not {"environ", "cmdline", "maps", "smaps", "smaps_rollup", "mem"} & {*read, *process_files()}


def test_redaction_leaves_no_name(hostile_tree: Path, tmp_path: Path) -> None:
    capture(Root(str(hostile_tree)), str(tmp_path / "copy"), redacted=True)
    copied = names_and_text(tmp_path / "copy")
    for secret in (word.encode("utf-8", "surrogateescape") for word in SECRETS):
        for path, text in copied:
            assert secret not in text, path
            assert secret not in os.fsencode(path), path


def test_redaction_is_consistent_and_parseable(hostile_tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    capture(Root(str(hostile_tree)), str(copy), redacted=True)
    names = {pid: comm_of(copy, pid) for pid in (2, 70, 71, 72, 73, 74)}
    assert names[2] == "kworker/u8:1-ev"
    assert names[72] == names[73]
    assert len({names[pid] for pid in (70, 71, 72, 74)}) == 4
    for pid, name in names.items():
        assert (copy / f"proc/{pid}/status").read_text().startswith(f"Name:\t{name}\nState:")
        assert f"({name}) " in (copy / f"proc/{pid}/task/{pid}/stat").read_text()
    member = (copy / "proc/72/cgroup").read_text()
    found = re.fullmatch(
        r"4:memory:/(c\d+)/c\d+\n1:name=systemd:/\1/c\d+\n0::/system\.slice/c\d+\.service\n", member
    )
    assert found
    assert (copy / "proc/diskstats").read_text().splitlines()[0] == "   8       1 sda1 1 0 8 1 0 0 0 0 0 1 1"
    device = re.escape((copy / "proc/self/mountinfo").read_text().split()[8])
    assert re.match(
        rf"{device} / ext4 rw,errors=remount-ro 0 0\nd\d /m1 cifs rw,username=o\d,password=o\d,uid=0 0 0\n"
        r"tmpfs /dev/shm tmpfs rw,size=1024k 0 0\n\Z",
        (copy / "proc/self/mounts").read_text(),
    )
    assert "i1-rx-0" in (copy / "proc/interrupts").read_text()
    assert "  eth0: 1 2\ni1: 3 4" in (copy / "proc/net/dev").read_text()


def test_hostile_names_survive_an_open_copy(hostile_tree: Path, tmp_path: Path) -> None:
    capture(Root(str(hostile_tree)), str(tmp_path / "copy"))
    for pid in (70, 71, 72, 74):
        same = f"proc/{pid}/stat"
        assert (tmp_path / "copy" / same).read_bytes() == (hostile_tree / same).read_bytes()


def test_the_links_of_cgroup_v1_stay_links(hostile_tree: Path, tmp_path: Path) -> None:
    put(hostile_tree, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n")
    capture(Root(str(hostile_tree)), str(tmp_path / "copy"))
    before, after = look(Root(str(hostile_tree))), look(Root(str(tmp_path / "copy")))
    assert before.tables["cgroup_cpu"]
    assert after.tables["cgroup_cpu"] == before.tables["cgroup_cpu"]


def test_nobody_else_may_read_it(hostile_tree: Path, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        capture(Root(str(hostile_tree)), str(tmp_path / "copy"))
    finally:
        os.umask(old)
    for path in (tmp_path / "copy", *(tmp_path / "copy").rglob("*")):
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("exists", [True, False])
def test_an_interrupted_capture_leaves_nothing(hostile_tree: Path, tmp_path: Path, *, exists: bool) -> None:
    target = tmp_path / "copy"
    if exists:
        target.mkdir()

    def interrupt(files: int) -> None:
        if files == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture(Root(str(hostile_tree)), str(target), progress=interrupt)
    assert target.exists() is exists
    assert sorted(os.listdir(tmp_path)) == (["copy", "host"] if exists else ["host"])
    assert not exists or not os.listdir(target)


def test_what_cannot_be_read_is_listed(
    hostile_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = procfile.read_bytes

    def failing(path: str) -> bytes:
        if path.endswith("/meminfo"):
            raise procfile.Unreadable("denied", path)
        if path.endswith("/swaps"):
            raise OSError(errno.EIO, "Input/output error", path)
        if path.endswith("/73/stat"):
            raise procfile.Unreadable("gone", path)
        return real(path)

    monkeypatch.setattr(procfile, "read_bytes", failing)
    capture(Root(str(hostile_tree)), str(tmp_path / "copy"))
    note = json.loads((tmp_path / "copy/gaps.json").read_text())
    assert {"path": "proc/meminfo", "kind": "denied"} in note["gaps"]
    assert {"path": "proc/swaps", "kind": "absent"} in note["gaps"]
    assert not [gap for gap in note["gaps"] if gap["path"].startswith("proc/73/")]
    assert not (tmp_path / "copy/proc/73").exists()


@pytest.mark.parametrize(("words", "left"), [([], 6), (["--tasks", "2"], 2), (["--no-tasks"], 0)])
def test_the_number_of_processes(hostile_tree: Path, tmp_path: Path, words: list[str], left: int) -> None:
    target = tmp_path / "copy"
    assert main(["capture", str(target), "--root", str(hostile_tree), *words]) == 0
    pids = {name for name in os.listdir(target / "proc") if name.isdecimal()}
    assert len(pids) == left
    assert left != 2 or pids == {"70", "72"}  # the one in D, the largest


def test_a_folder_with_something_in_it_is_refused(
    hostile_tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "full"
    put(target, "mine", "precious")
    assert main(["capture", str(target), "--root", str(hostile_tree)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert os.listdir(target) == ["mine"]
    assert main(["capture", str(target / "mine"), "--root", str(hostile_tree)]) == 2
    assert main(["capture", str(tmp_path / "a/b"), "--root", str(hostile_tree)]) == 2
    assert main(["capture", str(tmp_path / "new"), "--root", str(tmp_path / "full")]) == 3
    assert not (tmp_path / "new").exists()


def test_an_empty_folder_is_filled_and_closed(
    hostile_tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "empty"
    target.mkdir(mode=0o755)
    inode = target.stat().st_ino
    assert main(["capture", str(target), "--root", str(hostile_tree), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == len(names_and_text(target)) - 1
    assert (target.stat().st_ino, stat.S_IMODE(target.stat().st_mode)) == (inode, 0o700)
    assert sorted(os.listdir(target)) == ["gaps.json", "proc", "sys"]
