"""The two ways of a pass: which is taken, what makes it grow or give up, and what is left then."""

from __future__ import annotations

import errno
import os
from array import array
from collections.abc import Iterator

import pytest
from tests.tasks.children import THREADS, child, descriptors, given_back

from jinmaek.tasks import bpf, bpf_calls, bpf_passes
from jinmaek.tasks.bpf import TaskIterator, Unavailable
from jinmaek.tasks.bpf_record import SIZE
from jinmaek.tasks.bpf_records import Records
from jinmaek.tasks.bpf_walk import HEAD


@pytest.fixture
def walking() -> Iterator[TaskIterator]:
    try:
        opened = TaskIterator()
    except Unavailable as why:
        pytest.skip(f"no task iterator here: {why}")
    with opened:
        if not opened.open_coded:
            pytest.skip("no open-coded task iterator here")
        yield opened


@pytest.mark.kernel
class TestOpenCoded:
    def test_the_memory_grows_with_the_tasks(
        self, walking: TaskIterator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bpf_passes, "FEWEST", 4)
        monkeypatch.setattr(bpf, "threads_counted", lambda root: 4)
        before = descriptors()
        with TaskIterator() as small, child(THREADS, "200") as pid:
            assert small.open_coded
            held = descriptors()
            scan = small.scan(details=False, threads=True)
            assert scan.threads is not None
            assert scan.threads.tgid.count(pid) == 201
            assert small.open_coded
            given_back(held)
        given_back(before)

    def test_too_many_to_walk_are_read_like_a_file(
        self, walking: TaskIterator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with child(THREADS, "40") as pid:
            first = walking.scan(details=False)
            monkeypatch.setattr(bpf_passes, "MOST", len(walking.read()) + 100)
            monkeypatch.setattr(bpf_passes, "FEWEST", 4)
            with TaskIterator() as small:
                assert small.open_coded
                with child(THREADS, "900") as other:
                    scan = small.scan(details=False)
                    assert not small.open_coded
                    assert scan.processes.num_threads[scan.processes.pid.index(other)] == 901
                    with TaskIterator() as late:
                        assert not late.open_coded
            assert pid in first.processes.pid
            assert first.processes.comm[first.processes.pid.index(pid)]

    def test_a_kernel_that_refuses_the_program_has_the_older_way(
        self, walking: TaskIterator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, call = descriptors(), bpf_calls.call
        for failing in (bpf_calls.MAP_CREATE, bpf_calls.PROG_LOAD):

            def refuse(command: int, attributes: bytes, failing: int = failing) -> int:
                # The kinds of map and of program are the first word.
                kind = int.from_bytes(attributes[:4], "little")
                if command == failing and kind in (bpf_calls.ARRAY, bpf_calls.SYSCALL):
                    raise OSError(errno.EINVAL, "no")
                return call(command, attributes)

            with monkeypatch.context() as patch:
                patch.setattr(bpf_calls, "call", refuse)
                with TaskIterator() as other:
                    assert not other.open_coded
                    assert os.getpid() in other.scan(details=False).processes.pid
            given_back(before)

    def test_a_run_that_fails_falls_back_too(
        self, walking: TaskIterator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(program: int) -> None:
            raise OSError(errno.EAGAIN, "no")

        monkeypatch.setattr(bpf_calls, "execute", refuse)
        assert os.getpid() in walking.scan(details=False).processes.pid
        assert not walking.open_coded
        walking.close()

    def test_both_ways_tell_the_same(self, walking: TaskIterator) -> None:
        with TaskIterator(open_coded=False) as other, child(THREADS, "20") as pid:
            assert not other.open_coded
            ours, theirs = walking.read(), other.read()

        def mine(records: Records) -> list[tuple[int, ...]]:
            words = zip(
                *(records.array(name) for name in ("pid", "tgid", "leads", "ppid", "uid")), strict=True
            )
            return sorted(one for one in words if one[1] == pid)

        assert mine(ours) == mine(theirs)
        assert len(mine(ours)) == 21


class Kernel:
    """Stands for bpf(2): a map is a file, a run writes what it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, counts: list[int]) -> None:
        """``counts`` are the tasks there are at each run."""
        self.counts, self.rooms = counts, list[int]()
        monkeypatch.setattr(bpf_calls, "make_memory", self.memory)
        monkeypatch.setattr(bpf_calls, "load", lambda function, code: os.open(os.devnull, os.O_RDONLY))
        monkeypatch.setattr(bpf_calls, "execute", self.run)

    def memory(self, size: int) -> int:
        self.rooms.append((size - HEAD) // SIZE)
        handle = os.memfd_create("map")
        os.truncate(handle, size)
        self.handle = handle
        return handle

    def run(self, program: int) -> None:
        there = self.counts.pop(0)
        written = min(there, self.rooms[-1])
        os.pwrite(self.handle, bpf_passes.COUNTS.pack(written, there - written), 0)
        for at in range(written):
            os.pwrite(self.handle, (at + 1).to_bytes(8, "little"), HEAD + at * SIZE)


def test_what_found_no_room_has_room_in_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpf_passes, "FEWEST", 1)
    before = descriptors()
    # Tasks may come faster than room is made.
    kernel = Kernel(monkeypatch, [100, 101, 3])
    made: list[int] = []

    def code(memory: int, room: int) -> bytes:
        made.append(room)
        return b""

    walk = bpf_passes.OpenCoded(code, 4)
    words = array("q")
    assert walk.fill(words) == 101 * SIZE // 8
    assert words[:: SIZE // 8].tolist() == list(range(1, 102))
    assert kernel.rooms == [5, 125]
    assert walk.fill(words) == 3 * SIZE // 8
    assert made == kernel.rooms
    walk.close()
    walk.close()
    given_back(before)


def test_more_than_may_be_walked_are_refused_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpf_passes, "FEWEST", 1)
    before = descriptors()
    Kernel(monkeypatch, [bpf_passes.MOST + 1])
    with pytest.raises(Unavailable, match=f"{bpf_passes.MOST + 1} threads"):
        bpf_passes.OpenCoded(lambda memory, room: b"", bpf_passes.MOST + 1)
    walk = bpf_passes.OpenCoded(lambda memory, room: b"", 4)
    with pytest.raises(Unavailable, match="threads"):
        walk.fill(array("q"))
    given_back(before)
