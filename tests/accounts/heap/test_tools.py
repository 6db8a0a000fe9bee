"""The next command, whole and for that pid."""

from __future__ import annotations

from typing import Any

import pytest

from jinmaek.accounts.heap.regions import Kind
from jinmaek.accounts.heap.runtime import Name, Runtime
from jinmaek.accounts.heap.tools import Subject, hand_over


def commands(name: Name, kind: Kind | None = "anonymous", *, growing: bool = True, **more: Any) -> list[str]:
    version, allocator = more.pop("version", None), more.pop("allocator", "glibc")
    subject = Subject(
        pid=4711, runtime=Runtime(name, version, ("x",), allocator=allocator), uid=0, own_uid=0, **more
    )
    return [one.command for one in hand_over(subject, kind, growing=growing, window=10)]


def test_python() -> None:
    memray = "memray attach --aggregate --trace-python-allocators --duration 60 -o /tmp/heap.bin 4711"
    assert commands("cpython", version="3.11") == [
        memray,
        "py-spy dump --pid 4711",
        "gcore -o /var/tmp/heap 4711",
    ]
    assert "python3.14 -m pdb -p 4711" in commands("cpython", version="3.14")
    inside = commands("cpython", inner=7, other_mounts=True)[0]
    assert inside == "nsenter -t 4711 -m -p -- " + memray.replace("4711", "7")


def test_java() -> None:
    assert commands("jvm", "java-heap")[:3] == [
        "jcmd 4711 GC.heap_info",
        "jcmd 4711 GC.class_histogram",
        "-XX:NativeMemoryTracking=summary",
    ]
    tracked = commands("jvm", "java-heap", words=("java", "-XX:NativeMemoryTracking=summary"))
    assert "jcmd 4711 VM.native_memory summary" in tracked
    # What is not its heap is not in its histogram: the native view comes first.
    assert commands("jvm", "arena")[0].startswith("perf record -e page-faults")


def test_a_jvm_answers_its_own_user() -> None:
    subject = Subject(pid=4711, runtime=Runtime("jvm", None, ()), uid=1000, own_uid=0)
    first = hand_over(subject, "java-heap", growing=True, window=10)[0]
    assert first.command == "sudo -u '#1000' jcmd 4711 GC.heap_info"
    subject = Subject(
        pid=4711, runtime=Runtime("jvm", None, ()), uid=1000, own_uid=0, inner=1, other_mounts=True
    )
    first = hand_over(subject, "java-heap", growing=True, window=10)[0]
    assert first.command == "nsenter -t 4711 -m -p -S 1000 -- jcmd 1 GC.heap_info"


def test_node_is_sent_no_signal_it_does_not_catch() -> None:
    assert commands("node", "v8-heap", caught={10: True, 12: False})[0] == "kill -USR1 4711"
    for caught in ({10: False, 12: False}, {}):
        assert not any(one.startswith("kill") for one in commands("node", "v8-heap", caught=caught))
    flag = ("node", "--heapsnapshot-signal=SIGUSR2", "a.js")
    assert commands("node", "v8-heap", words=flag, caught={10: True, 12: True})[0] == "kill -USR2 4711"
    variable = {"NODE_OPTIONS": "--heapsnapshot-signal=SIGUSR2"}
    assert commands("node", "v8-heap", environment=variable, caught={12: True})[0] == "kill -USR2 4711"
    assert commands("node", "v8-heap", words=flag, caught={10: True, 12: False})[0] == "kill -USR1 4711"


def test_go() -> None:
    assert commands("go", "go-heap", ports=("127.0.0.1:9090",))[0] == (
        "go tool pprof -top http://127.0.0.1:9090/debug/pprof/heap"
    )
    assert commands("go", "go-heap", ports=("127.0.0.1:9090",), other_net=True)[0].startswith(
        "nsenter -t 4711 -n -- go tool pprof"
    )
    assert commands("go", "go-heap")[:2] == ['import _ "net/http/pprof"', "GODEBUG=gctrace=1"]
    assert "GODEBUG=gctrace=1" not in commands("go", "go-heap", environment={"GODEBUG": "gctrace=1"})


def test_glibc() -> None:
    trim = "gdb -p 4711 -batch -ex 'call (int)malloc_trim(0)'"
    assert commands("native", "arena")[1:3] == [trim, "MALLOC_ARENA_MAX=2"]
    assert "MALLOC_ARENA_MAX=2" not in commands("native", "arena", environment={"MALLOC_ARENA_MAX": "4"})
    assert trim in commands("native", "heap")
    assert "MALLOC_ARENA_MAX=2" not in commands("native", "heap")
    assert trim not in commands("native", "anonymous")
    assert trim not in commands("native", "arena", allocator="jemalloc")


def test_jemalloc() -> None:
    assert any(one.startswith("MALLOC_CONF=prof:true") for one in commands("native", allocator="jemalloc"))
    profiled = {"MALLOC_CONF": "prof:true"}
    assert not any(
        one.startswith("MALLOC_CONF")
        for one in commands("native", allocator="jemalloc", environment=profiled)
    )


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("memfd", "ls -l /proc/4711/fd"),
        ("shm", "ls -lS /dev/shm"),
        ("sysv", "ipcs -m -p"),
        ("thread-stack", "ls /proc/4711/task | wc -l"),
        ("file", "jinmaek pmap -x 4711"),
    ],
)
def test_what_is_no_heap(kind: Kind, command: str) -> None:
    assert commands("cpython", kind)[0] == command


def test_not_growing_asks_for_a_longer_look_first() -> None:
    assert commands("native", growing=False)[0] == "jinmaek heap 4711 --for 10m"
    subject = Subject(pid=1, runtime=Runtime("native", None, ()), uid=0, own_uid=0)
    assert hand_over(subject, None, growing=False, window=600)[0].command == "jinmaek heap 1 --for 100m"


def test_whatever_stops_a_process_says_so() -> None:
    for name in ("cpython", "jvm", "node", "go", "native"):
        subject = Subject(
            pid=1, runtime=Runtime(name, "3.14", (), allocator="glibc"), uid=0, own_uid=0, caught={10: True}
        )
        for kind in ("arena", "anonymous", "thread-stack"):
            for one in hand_over(subject, kind, growing=True, window=10):
                stops = one.command.startswith(("gdb", "gcore", "memray", "kill")) or "pdb" in one.command
                assert one.caution is not None or not stops, one.command
