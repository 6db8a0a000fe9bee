"""What runs in a process, by the files it maps: an interpreter or a virtual machine, and its allocator."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Name = Literal["cpython", "jvm", "node", "go", "native"]

PYTHON = re.compile(r"(?:libpython|python|cpython-)(3)\.?(\d{1,2})(?!\d)")
LIBPYTHON = re.compile(r"/libpython\d[^/]*\.so[^/]*$")
EXTENSION = re.compile(r"\.cpython-\d+[^/]*\.so$")
JVM = re.compile(r"/libjvm\.so$")
NODE = re.compile(r"/libnode\.so[^/]*$")
ALLOCATORS = (
    ("jemalloc", re.compile(r"/libjemalloc[^/]*\.so")),
    ("tcmalloc", re.compile(r"/libtcmalloc[^/]*\.so")),
    ("mimalloc", re.compile(r"/libmimalloc[^/]*\.so")),
    ("musl", re.compile(r"/ld-musl-[^/]*\.so")),
    ("glibc", re.compile(r"/libc(?:-2\.\d+)?\.so(?:\.6)?$")),
)
JAVA_VERSION = re.compile(r'^JAVA_VERSION="([^"]{1,40})"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Runtime:
    """``native`` where nothing is recognised: C, C++, Rust and the like."""

    name: Name
    version: str | None
    evidence: tuple[str, ...]
    """The files it was told by."""
    also: tuple[Name, ...] = ()
    """Others that are in the process too."""
    allocator: str | None = None
    """Who serves malloc(), where its library is mapped; one linked into the program is not seen."""
    home: str | None = None
    """Of a JVM: the folder of its installation."""


def recognise(
    program: str, files: Collection[str], go: str | None = None, release: str | None = None
) -> Runtime:
    """``program`` is where /proc/PID/exe points, ``files`` the paths of its mappings.

    ``go`` is the answer of ``elf.go_version`` for the program, ``release`` the text of a JVM's release file.
    """
    exe = program.removesuffix(" (deleted)")
    base = exe.rpartition("/")[2]
    mapped = [path.removesuffix(" (deleted)") for path in dict.fromkeys(files) if path.startswith("/")]
    found: list[tuple[bool, Name, str | None, str]] = []
    """Whether the program itself is the runtime, its name and version, and the file that shows it."""
    library = _first(JVM, mapped)
    if library:
        version = JAVA_VERSION.search(release or "")
        found.append((base in ("java", "jsvc"), "jvm", version[1] if version else None, library))
    if base in ("node", "nodejs") or _first(NODE, mapped):
        found.append((True, "node", None, exe if base.startswith("node") else _first(NODE, mapped) or exe))
    if go is not None:
        found.append((True, "go", go or None, f"{exe}: .go.buildinfo"))
    python = _first(LIBPYTHON, mapped) or _first(EXTENSION, mapped)
    if base.startswith("python") or python:
        shown = python or exe
        found.append((base.startswith("python"), "cpython", _python_version(exe, mapped), shown))
    found.sort(key=lambda one: not one[0])
    allocator = next((name for name, pattern in ALLOCATORS if _first(pattern, mapped)), None)
    if not found:
        return Runtime("native", None, (exe,), allocator=allocator)
    _, name, version_of, _ = found[0]
    return Runtime(
        name=name,
        version=version_of,
        evidence=tuple(file for _, _, _, file in found),
        also=tuple(other for _, other, _, _ in found[1:]),
        allocator=allocator,
        home=java_home(mapped),
    )


def java_home(files: Collection[str]) -> str | None:
    """HOME of HOME/lib/server/libjvm.so; up to Java 8 HOME/jre/lib/amd64/server/libjvm.so."""
    library = _first(JVM, files)
    if library is None:
        return None
    home = library.rpartition("/lib/")[0]
    return home.removesuffix("/jre") or None


def _first(pattern: re.Pattern[str], files: Collection[str]) -> str | None:
    return next((path for path in files if pattern.search(path)), None)


def _python_version(exe: str, files: Collection[str]) -> str | None:
    for path in (*(path for path in files if LIBPYTHON.search(path)), exe, *files):
        match = PYTHON.search(path.rpartition("/")[2]) or PYTHON.search(path)
        if match:
            return f"{match[1]}.{match[2]}"
    return None
