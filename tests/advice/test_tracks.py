"""What is kept of processes between scans: with and without details, born, ended, moved and idle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinmaek.advice.capacity.tracks import FAULTS, Tracks
from jinmaek.root import Root
from jinmaek.tasks.table import Scan, TaskTable

MIB = 1 << 20


def status(root: Path, pid: int, anon: int, swap: int = 0) -> None:
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text(
        f"Uid:\t0\t0\t0\t0\nVmSize:\t9999 kB\nRssAnon:\t{anon >> 10} kB\nRssFile:\t8 kB\nRssShmem:\t0 kB\n"
        f"VmSwap:\t{swap >> 10} kB\nThreads:\t3\n"
    )
    (folder / "cgroup").write_text("0::/web\n")


def scan(tasks: Mapping[int, tuple[int, int]], details: Mapping[int, int] | None = None) -> Scan:
    """Of each pid its page faults and resident bytes; ``details`` gives what is anonymous."""
    pids = sorted(tasks)
    told: dict[str, list[int | None]] = {}
    if details is not None:
        told = {
            "rss_anon": [details[pid] for pid in pids],
            "vm_swap": [0 for _ in pids],
            "rss_shmem": [0 for _ in pids],
            "rss_file": [8192 for _ in pids],
        }
    table = TaskTable(
        pid=pids,
        tgid=pids,
        start_time=[float(pid) for pid in pids],
        comm=[f"p{pid}" for pid in pids],
        minflt=[tasks[pid][0] for pid in pids],
        majflt=[0 for _ in pids],
        resident=[tasks[pid][1] for pid in pids],
        vsize=[9999 << 10 for _ in pids],
        num_threads=[3 for _ in pids],
        **told,  # type: ignore[arg-type]
    )
    return Scan("procfs", 0.0, table, (), {}, {}, 0.0)


def test_only_those_that_fault_are_asked_again(tmp_path: Path) -> None:
    tracks = Tracks(Root(str(tmp_path)), MIB)
    tracks.add(scan({7: (0, MIB), 8: (0, MIB)}, {7: MIB, 8: MIB}), 0.0)
    for n in range(1, 5):
        status(tmp_path, 7, MIB + n * MIB)
        # 8 grows too, and nothing of what is asked of every process shows it: it is not looked at.
        status(tmp_path, 8, MIB + n * MIB)
        tracks.add(scan({7: (n * FAULTS, MIB), 8: (1, MIB)}), float(n))
    (grown,) = [one for one in tracks.processes() if one.pid == 7]
    assert list(grown.anon) == [MIB, 2 * MIB, 3 * MIB, 4 * MIB, 5 * MIB]
    assert grown.cgroup == "/web"
    assert [track.pid for track in tracks.growers(MIB)] == [7]


def test_memory_that_is_given_back_is_noticed_without_a_fault(tmp_path: Path) -> None:
    tracks = Tracks(Root(str(tmp_path)), MIB)
    status(tmp_path, 7, 64 * MIB)
    tracks.add(scan({7: (5, 64 * MIB)}), 0.0)
    status(tmp_path, 7, MIB)
    tracks.add(scan({7: (5, MIB)}), 1.0)
    (one,) = tracks.processes()
    assert list(one.anon) == [64 * MIB, MIB]


def test_growth_in_swap_is_seen(tmp_path: Path) -> None:
    tracks = Tracks(Root(str(tmp_path)), MIB)
    status(tmp_path, 7, 4 * MIB)
    tracks.add(scan({7: (5, 4 * MIB)}), 0.0)
    status(tmp_path, 7, 4 * MIB, swap=16 * MIB)
    tracks.add(scan({7: (500, 4 * MIB)}), 1.0)
    (one,) = tracks.processes()
    assert list(one.anon) == [4 * MIB, 20 * MIB]


def test_one_that_was_born_and_one_that_ended(tmp_path: Path) -> None:
    tracks = Tracks(Root(str(tmp_path)), MIB)
    for pid in (7, 8, 9):
        status(tmp_path, pid, 2 * MIB)
    tracks.add(scan({7: (0, 2 * MIB)}), 0.0)
    status(tmp_path, 8, 9 * MIB)
    tracks.add(scan({7: (0, 2 * MIB), 8: (99, 9 * MIB), 9: (9, MIB)}), 1.0)
    status(tmp_path, 8, 30 * MIB)
    tracks.add(scan({8: (999, 30 * MIB), 9: (9, MIB)}), 2.0)
    tracks.add(scan({7: (0, 2 * MIB)}), 3.0)
    (one,) = tracks.processes()
    assert (one.pid, one.alive, list(one.times)) == (8, False, [1.0, 2.0])
    assert list(one.anon) == [9 * MIB, 30 * MIB]
    assert [one["p8"] for one in tracks.counts] == [0, 1, 1, 0]


def test_idle_processes_are_kept_only_where_they_were_asked_for(tmp_path: Path) -> None:
    for focus, kept in ((None, []), (7, [7])):
        tracks = Tracks(Root(str(tmp_path)), MIB, focus)
        status(tmp_path, 7, MIB)
        for n in range(5):
            tracks.add(scan({7: (0, MIB)}, {7: MIB}), float(n))
        assert [one.pid for one in tracks.processes()] == kept


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    tracks = Tracks(Root(str(tmp_path)), MIB)
    tracks.add(scan({7: (0, MIB)}), 0.0)
    assert not tracks.there
