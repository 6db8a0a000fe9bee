"""Runtimes by the files they map, the build information of Go, flags, and where a process listens."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinmaek.accounts.heap.elf import AT, GO_MAGIC, HEADER, SECTION, go_version, sections
from jinmaek.accounts.heap.listening import addresses
from jinmaek.accounts.heap.options import environment, max_heap
from jinmaek.accounts.heap.runtime import recognise
from jinmaek.kernel.net_tcp import Socket
from jinmaek.kernel.pid_smaps import parse

SMAPS = Path(__file__).parent / "smaps"
LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"


def files(name: str) -> list[str]:
    return [vma.path for vma in parse((SMAPS / f"{name}.txt").read_text()) if vma.inode]


@pytest.mark.parametrize(
    ("program", "name", "version"),
    [
        ("/opt/python/bin/python3.11", "cpython", "3.11"),
        ("/usr/bin/node", "node", None),
        ("/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "jvm", "17.0.15"),
        ("/srv/app/leakc", "native", None),
    ],
)
def test_real_processes(program: str, name: str, version: str | None) -> None:
    mapped = files({"cpython": "cpython", "node": "node", "jvm": "jvm", "native": "arenas"}[name])
    told = recognise(program, mapped, release='IMPLEMENTOR="x"\nJAVA_VERSION="17.0.15"\n')
    assert (told.name, told.version, told.allocator, told.also) == (name, version, "glibc", ())
    assert told.evidence
    assert told.home == ("/usr/lib/jvm/java-17-openjdk-amd64" if name == "jvm" else None)


@pytest.mark.parametrize(
    ("program", "mapped", "name", "version"),
    [
        ("/usr/bin/python3.12", [LIBC], "cpython", "3.12"),
        ("/usr/bin/python3.9 (deleted)", [], "cpython", "3.9"),
        ("/usr/sbin/uwsgi", ["/usr/lib/libpython3.14.so.1.0"], "cpython", "3.14"),
        ("/app/server", ["/x/lib-dynload/math.cpython-313-x86_64-linux-gnu.so"], "cpython", "3.13"),
        ("/usr/bin/pypy3", [LIBC], "native", None),
        ("/usr/bin/nodejs", [], "node", None),
        ("/app/desktop", ["/usr/lib/libnode.so.115"], "node", None),
        ("/opt/app/launcher", ["/opt/jdk8/jre/lib/amd64/server/libjvm.so"], "jvm", None),
    ],
)
def test_by_program_or_library(program: str, mapped: list[str], name: str, version: str | None) -> None:
    told = recognise(program, mapped)
    assert (told.name, told.version) == (name, version)


def test_the_program_itself_comes_before_what_it_loads() -> None:
    both = ["/usr/lib/libpython3.11.so.1.0", "/usr/lib/jvm/21/lib/server/libjvm.so", LIBC]
    told = recognise("/usr/bin/python3.11", both)
    assert (told.name, told.also) == ("cpython", ("jvm",))
    assert recognise("/srv/server", both, go="go1.22.1").name == "go"


@pytest.mark.parametrize(
    ("library", "name"),
    [
        ("/usr/lib/libjemalloc.so.2", "jemalloc"),
        ("/usr/lib/libtcmalloc_minimal.so.4", "tcmalloc"),
        ("/usr/lib/libmimalloc.so.2", "mimalloc"),
        ("/lib/ld-musl-x86_64.so.1", "musl"),
        ("/lib64/libc-2.31.so", "glibc"),
        ("/usr/lib/libcurl.so.4", None),
    ],
)
def test_allocators(library: str, name: str | None) -> None:
    others = [LIBC] if name in ("jemalloc", "tcmalloc", "mimalloc") else []
    assert recognise("/srv/x", [*others, library]).allocator == name


def elf(contents: bytes, name: bytes = b".go.buildinfo") -> bytes:
    names = b"\0" + name + b"\0.shstrtab\0"
    at = HEADER.size
    table = at + len(contents) + len(names)
    ident = b"\x7fELF\2\1\1" + bytes(9)
    head = HEADER.pack(ident, 2, 62, 1, 0, 0, table, 0, 64, 0, 0, SECTION.size, 3, 2)
    rows = [
        SECTION.pack(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        SECTION.pack(1, 1, 0, 0, at, len(contents), 0, 0, 0, 0),
        SECTION.pack(len(name) + 2, 3, 0, 0, at + len(contents), len(names), 0, 0, 0, 0),
    ]
    return head + contents + names + b"".join(rows)


def version_of(data: bytes) -> str | None:
    return go_version(lambda offset, size: data[offset : offset + size])


def test_build_information_of_go() -> None:
    inline = (GO_MAGIC + b"\x08\x02").ljust(AT, b"\0") + b"\x08go1.22.1" + b"\x00"
    assert version_of(elf(inline)) == "go1.22.1"
    assert version_of(elf((GO_MAGIC + b"\x08\x00").ljust(AT, b"\0") + bytes(16))) == ""
    assert version_of(elf(b"something else that is long enough to be read")) is None
    assert version_of(elf(inline, b".text")) is None
    assert version_of(b"#!/bin/sh\n") is None


@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_broken_file_is_nothing_s(noise: bytes, at: int) -> None:
    whole = elf((GO_MAGIC + b"\x08\x02").ljust(AT, b"\0") + b"\x08go1.22.1")
    for data in (noise, whole[:at], whole[:at] + noise, b"\x7fELF\2\1" + noise):
        sections(lambda offset, size, data=data: data[offset : offset + size])  # type: ignore[misc]
        assert version_of(data) is None or isinstance(version_of(data), str)


def test_a_program_of_go_on_this_host() -> None:
    path = shutil.which("promtool") or shutil.which("docker") or shutil.which("containerd")
    if path is None:
        pytest.skip("no program made by Go is installed here")
    data = Path(path).read_bytes()
    version = version_of(data)
    assert version is not None
    assert version.startswith("go1.")
    assert struct.calcsize("P") == 8
    assert version_of(Path("/proc/self/exe").read_bytes()) is None


def test_flags_of_a_jvm() -> None:
    assert max_heap(["java", "-Xmx512m", "-Xmx2G", "-jar", "a.jar"], {}) == 2 << 30
    assert max_heap(["java"], {"JAVA_TOOL_OPTIONS": "-XX:MaxHeapSize=1048576"}) == 1 << 20
    assert max_heap(["java", "-Xmx"], {}) is None
    assert max_heap(["java"], {}) is None


def test_of_the_environment_only_what_is_asked_for_is_kept() -> None:
    text = b"PATH=/bin\0PASSWORD=secret\0GODEBUG=gctrace=1\0NODE_OPTIONS=\xff\0junk\0"
    assert environment(text) == {"GODEBUG": "gctrace=1", "NODE_OPTIONS": "\\xff"}


def test_addresses_one_can_connect_to() -> None:
    def socket(address: bytes, port: int, inode: int, state: int = 10) -> Socket:
        return Socket(address=address, port=port, state=state, inode=inode)

    sockets = [
        socket(bytes(4), 8080, 1),
        socket(bytes(16), 9090, 2),
        socket(bytes([10, 0, 0, 7]), 80, 3),
        socket(bytes(10) + b"\xff\xff\x0a\0\0\x08", 81, 4),
        socket(bytes(4), 22, 99),
        socket(bytes(4), 5000, 1, state=1),
    ]
    assert addresses(sockets, [1, 2, 3, 4]) == ("10.0.0.7:80", "10.0.0.8:81", "127.0.0.1:8080", "[::1]:9090")
