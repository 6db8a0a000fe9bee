"""The tool that comes next, as the command to type for this very process, with what it does to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jinmaek.accounts.heap.regions import SHARED, Kind
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.said import Said, say

MALLOC: tuple[Kind, ...] = ("heap", "arena")
SIGUSR1, SIGUSR2 = 10, 12
SIGNALS = {"SIGUSR1": SIGUSR1, "USR1": SIGUSR1, "SIGUSR2": SIGUSR2, "USR2": SIGUSR2}
PORTS = 3
ENVIRONMENT = (
    "GODEBUG",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LD_PRELOAD",
    "MALLOC_ARENA_MAX",
    "MALLOC_CONF",
    "NODE_OPTIONS",
)
"""All that is looked at of a process' environment."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the choice of a tool depends on."""

    pid: int
    runtime: Runtime
    uid: int
    """Whose it is."""
    own_uid: int
    """Who we are."""
    inner: int | None = None
    """Its pid in its own pid namespace, where that is another."""
    other_mounts: bool = False
    """It sees other files than we: a container."""
    other_net: bool = False
    words: tuple[str, ...] = ()
    """Its command line."""
    environment: Mapping[str, str] = field(default_factory=dict)
    caught: Mapping[int, bool | None] = field(default_factory=dict)
    """Signals: whether it has a handler."""
    ports: tuple[str, ...] = ()

    @property
    def options(self) -> str:
        """Command line and options from the environment in one text, to look for flags in."""
        more = (self.environment.get(name, "") for name in ENVIRONMENT)
        return " ".join((*self.words, *more))


@dataclass(frozen=True, slots=True)
class Next:
    """One command."""

    command: str
    why: Said
    caution: Said | None = None


def hand_over(subject: Subject, kind: Kind | None, *, growing: bool, window: float) -> tuple[Next, ...]:
    """The commands, most telling first. ``kind`` is that of the region that grows, or is largest."""
    found: list[Next] = []
    if not growing:
        longer = f"{max(10, round(window * 10 / 60))}m"
        found.append(
            Next(f"jinmaek heap {subject.pid} --for {longer}", say("a longer look sees a slower leak"))
        )
    if kind == "thread-stack":
        found += _threads(subject)
    elif kind in SHARED:
        found += _shared(subject, kind)
    elif kind == "file":
        found.append(
            Next(f"jinmaek pmap -x {subject.pid}", say("its files, and how much of each is in memory"))
        )
    else:
        if kind in MALLOC and subject.runtime.name in ("native", "jvm", "node"):
            # Memory the runtime's own profiler does not see comes first.
            found += [*_native(subject), *_malloc(subject, kind), *_runtime(subject, native=True)]
        else:
            found += [*_runtime(subject, native=False), *_malloc(subject, kind)]
        found.append(_core(subject))
    return tuple(found)


def _runtime(subject: Subject, *, native: bool) -> Iterator[Next]:
    match subject.runtime.name:
        case "cpython":
            yield from _python(subject)
        case "jvm":
            yield from _java(subject, native=native)
        case "node":
            yield from _node(subject)
        case "go":
            yield from _go(subject)
        case "native":
            if not native:
                yield from _native(subject)


def _python(subject: Subject) -> Iterator[Next]:
    pid = subject.pid
    yield Next(
        _inside(
            subject,
            "memray attach --aggregate --trace-python-allocators --duration 60 -o /tmp/heap.bin {pid}",
        ),
        say("where Python allocates what it keeps; then: memray flamegraph --leaks /tmp/heap.bin"),
        say(
            "memray must be installed in the environment of the process, and gdb or lldb beside it; it stops "
            "the process for a moment and slows it down for the minute"
        ),
    )
    yield Next(
        f"py-spy dump --pid {pid}", say("which code runs now"), say("pauses the process for milliseconds")
    )
    version = subject.runtime.version
    if version is not None and tuple(map(int, version.split("."))) >= (3, 14):
        yield Next(
            _inside(subject, f"python{version} -m pdb -p {{pid}}"),
            say("a debugger inside it: gc.get_objects() by type"),
            say("the process stands still until you leave it with q"),
        )


def _java(subject: Subject, *, native: bool) -> Iterator[Next]:
    if "-XX:NativeMemoryTracking=" in subject.options:
        memory = Next(_jcmd(subject, "VM.native_memory summary"), say("what the JVM uses beside its heap"))
    else:
        memory = Next(
            "-XX:NativeMemoryTracking=summary",
            say("at its next start: then jcmd PID VM.native_memory summary shows what is not heap"),
            say("5 to 10 % slower"),
        )
    heap = (
        Next(_jcmd(subject, "GC.heap_info"), say("how full the Java heap is, and how large it may become")),
        Next(
            _jcmd(subject, "GC.class_histogram"),
            say("which classes hold the heap; twice, some minutes apart, shows which grow"),
            say("collects all garbage first: every thread of it waits, seconds for a large heap"),
        ),
    )
    yield from (memory, *heap) if native else (*heap, memory)


def _node(subject: Subject) -> Iterator[Next]:
    pid = subject.pid
    _, given, rest = subject.options.partition("--heapsnapshot-signal=")
    name = rest.split(" ", 1)[0] if given else ""
    pause = say("it stands still while the snapshot is written, and needs as much memory again")
    if given and subject.caught.get(SIGNALS.get(name, 0)):
        yield Next(
            f"kill -{name.removeprefix('SIG')} {pid}",
            say(
                "writes Heap.*.heapsnapshot into its folder; two of them, compared in Chrome, show the growth"
            ),
            pause,
        )
    elif subject.caught.get(SIGUSR1):
        yield Next(
            f"kill -USR1 {pid}",
            say("opens its inspector on 127.0.0.1:9229; then chrome://inspect, Memory, heap snapshot"),
            pause,
        )
    else:
        yield Next(
            "NODE_OPTIONS=--heapsnapshot-signal=SIGUSR2",
            say("at its next start: then kill -USR2 writes a heap snapshot"),
            say("it has no handler for SIGUSR1: that signal would end it"),
        )


def _go(subject: Subject) -> Iterator[Next]:
    enter = f"nsenter -t {subject.pid} -n -- " if subject.other_net else ""
    for address in subject.ports[:PORTS]:
        yield Next(
            f"{enter}go tool pprof -top http://{address}/debug/pprof/heap",
            say("which code holds the heap, if it serves net/http/pprof at this port"),
        )
    if not subject.ports:
        yield Next(
            'import _ "net/http/pprof"', say("it listens nowhere: with this it would serve its heap profile")
        )
    if "gctrace=1" not in subject.environment.get("GODEBUG", ""):
        yield Next(
            "GODEBUG=gctrace=1",
            say("at its next start: the live heap after every collection, on its standard error"),
        )


def _native(subject: Subject) -> Iterator[Next]:
    yield Next(
        f"perf record -e page-faults -c 1 -g -o /tmp/heap.perf -p {subject.pid} -- sleep 30",
        say("which code touches new memory first; then: perf report -i /tmp/heap.perf"),
        say("stacks are whole only where the program keeps frame pointers; otherwise --call-graph dwarf"),
    )
    if subject.runtime.allocator == "jemalloc" and "prof:true" not in subject.environment.get(
        "MALLOC_CONF", ""
    ):
        yield Next(
            "MALLOC_CONF=prof:true,lg_prof_interval:30", say("at its next start: heap profiles for jeprof")
        )


def _malloc(subject: Subject, kind: Kind | None) -> Iterator[Next]:
    if kind not in MALLOC or subject.runtime.allocator != "glibc":
        return
    yield Next(
        f"gdb -p {subject.pid} -batch -ex 'call (int)malloc_trim(0)'",
        say("retention or leak: what it gives back nobody used, what stays is held"),
        say(
            "stops the process for a moment, and hangs it for good if the thread it stops is inside malloc: "
            "on one replica, not on the only one"
        ),
    )
    if kind == "arena" and "MALLOC_ARENA_MAX" not in subject.environment:
        yield Next(
            "MALLOC_ARENA_MAX=2",
            say("at its next start: fewer arenas keep less; threads wait more for each other"),
        )


def _threads(subject: Subject) -> Iterator[Next]:
    pid = subject.pid
    yield Next(f"ls /proc/{pid}/task | wc -l", say("how many threads; again in a minute"))
    match subject.runtime.name:
        case "jvm":
            yield Next(_jcmd(subject, "Thread.print"), say("what each thread is for"))
        case "cpython":
            yield Next(f"py-spy dump --pid {pid}", say("what each thread is for"))
        case _:
            yield Next(
                f"gdb -p {pid} -batch -ex 'thread apply all bt'",
                say("what each thread is for"),
                say("stops the process while it prints"),
            )


def _shared(subject: Subject, kind: Kind) -> Iterator[Next]:
    if kind == "sysv":
        yield Next("ipcs -m -p", say("who made the segment, and who attached to it last"))
    elif kind == "shm":
        yield Next("ls -lS /dev/shm", say("the files, largest first: they stay when the process has gone"))
    else:
        yield Next(
            f"ls -l /proc/{subject.pid}/fd",
            say("who still holds it: memory of a memfd goes with its last descriptor"),
        )


def _core(subject: Subject) -> Next:
    return Next(
        f"gcore -o /var/tmp/heap {subject.pid}",
        say("all of its memory in a file, for a debugger to look into"),
        say("stops the process while it writes all it has in memory; the file holds every secret it knows"),
    )


def _inside(subject: Subject, command: str) -> str:
    """Run where its files are, with the pid it has there."""
    if not subject.other_mounts and subject.inner is None:
        return command.format(pid=subject.pid)
    inner = subject.pid if subject.inner is None else subject.inner
    return f"nsenter -t {subject.pid} -m -p -- {command.format(pid=inner)}"


def _jcmd(subject: Subject, what: str) -> str:
    """As its user: a JVM answers nobody else before Java 11."""
    inside = subject.other_mounts or subject.inner is not None
    if subject.uid == subject.own_uid:
        return _inside(subject, f"jcmd {{pid}} {what}")
    if inside:
        inner = subject.pid if subject.inner is None else subject.inner
        return f"nsenter -t {subject.pid} -m -p -S {subject.uid} -- jcmd {inner} {what}"
    return f"sudo -u '#{subject.uid}' jcmd {subject.pid} {what}"
