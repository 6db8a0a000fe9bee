"""Where this kernel keeps what the task program copies: offsets by name from BTF, remembered by kernel.

Parsing takes tens of milliseconds, so the outcome is kept in a private file of the user. A wrong one could
only mislead, never harm (the kernel's verifier checks each access); a foreign or odd one is not used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import pwd
import tempfile
from dataclasses import asdict, dataclass, field

from jinmaek.tasks import btf

BTF = "/sys/kernel/btf/vmlinux"
LARGEST = 1 << 16
"""Bytes of a remembered layout; a real one has two thousand."""
NOTES = "/sys/kernel/notes"

REQUIRED = (
    "bpf_iter__task.meta", "bpf_iter__task.task", "bpf_iter_meta.seq",
    "task_struct.pid", "task_struct.tgid", "task_struct.comm", "task_struct.exit_state", "task_struct.flags",
    "task_struct.start_boottime", "task_struct.utime", "task_struct.stime", "task_struct.se.sum_exec_runtime",
    "task_struct.prev_cputime.utime", "task_struct.prev_cputime.stime",
    "task_struct.min_flt", "task_struct.maj_flt",
    "task_struct.prio", "task_struct.static_prio", "task_struct.rt_priority", "task_struct.policy",
    "task_struct.in_iowait", "task_struct.real_parent", "task_struct.real_cred", "task_struct.signal",
    "task_struct.mm", "cred.euid.val", "mm_struct.total_vm", "mm_struct.rss_stat.count",
    "signal_struct.nr_threads", "signal_struct.tty", "signal_struct.utime", "signal_struct.stime",
    "signal_struct.sum_sched_runtime", "signal_struct.cutime", "signal_struct.cstime",
    "signal_struct.prev_cputime.utime", "signal_struct.prev_cputime.stime",
    "signal_struct.min_flt", "signal_struct.maj_flt",
)  # fmt: skip
EITHER = (
    ("task_struct.__state", "task_struct.state"),  # the first since 5.14
    ("task_struct.thread_info.cpu", "task_struct.cpu"),  # the first everywhere since 5.16
)
OPTIONAL = (
    "task_struct.sched_info.run_delay",
    "task_struct.ioac.read_bytes",
    "task_struct.ioac.write_bytes",
    "signal_struct.ioac.read_bytes",
    "signal_struct.ioac.write_bytes",
    "task_struct.cgroups",
    "css_set.dfl_cgrp",
    "cgroup.kn",
    "kernfs_node.id",
    "tty_struct.driver",
    "tty_struct.index",
    "tty_driver.major",
    "tty_driver.minor_start",
    "mm_struct.rss_stat.counters",  # since 6.2
    "task_struct.worker_private",  # since 5.17, before it a kernel thread's set_child_tid
    "task_struct.set_child_tid",
    "kthread.full_name",
    "kthread.data",
    "worker.pool",
    "worker.desc",
    "worker.current_work",
    "bpf_array.pptrs",
    "bpf_iter_meta.seq_num",
)
COUNTER = "percpu_counter"

ABSENT = {
    "run_delay": "task_struct.sched_info.run_delay",
    "read_bytes": "signal_struct.ioac.read_bytes",
    "write_bytes": "signal_struct.ioac.write_bytes",
    "cgroup_id": "task_struct.cgroups",
    "tty_nr": "tty_struct.driver",
}
"""Columns a kernel built without these members cannot fill."""

FUNCTION = "bpf_iter_task"
TOGETHER = "percpu_counter_destroy_many"
"""Where this exists (6.6) the per-CPU parts of one mm's four counters lie side by side."""
FORMATTED = "format_worker_id"
"""Where this exists (6.10) a worker is shown by its whole name, not by its comm."""

OPEN_CODED = (
    "bpf_iter_task_new", "bpf_iter_task_next", "bpf_iter_task_destroy",
    "bpf_rcu_read_lock", "bpf_rcu_read_unlock",
)  # fmt: skip
"""Functions for programs (kfuncs) that walk the list of tasks themselves, since 6.7."""
EVERY_THREAD = "BPF_TASK_ITER_ALL_THREADS"

NAMES = (*REQUIRED, *(name for names in EITHER for name in names), *OPTIONAL)


@dataclass(frozen=True, slots=True)
class Layout:
    """Offsets in bytes by ``type.member``; of the bit field ``in_iowait`` also which bit of its byte."""

    offsets: dict[str, int]
    iowait_bit: int
    function: int
    counter_size: int
    """Bytes from one of an mm's counters to the next; 8 before 6.2."""
    together: bool
    formatted: bool
    open_coded: dict[str, int] = field(default_factory=dict)
    """BTF ids of the functions ``OPEN_CODED`` and the flag ``EVERY_THREAD`` by name; nothing before 6.7."""


def resolve(data: bytes) -> Layout:
    """Look everything up. Raises ``btf.Malformed`` and, with the name of what is missing, LookupError."""
    names = {name.partition(".")[0] for name in NAMES}
    types = btf.parse(
        data,
        [(btf.STRUCT, name) for name in (*sorted(names), COUNTER)]
        + [(btf.FUNC, name) for name in (FUNCTION, TOGETHER, FORMATTED, *OPEN_CODED)],
    )
    places = {name: types.place(*name.split(".", 1)) for name in NAMES}
    for name, *other in [(name,) for name in REQUIRED] + [*EITHER]:
        if not any(places[one] for one in (name, *other)):
            raise LookupError(name)
    functions = types.ids(btf.FUNC, FUNCTION)
    if not functions:
        raise LookupError(FUNCTION)
    walking = {name: ids[0] for name in OPEN_CODED if (ids := types.ids(btf.FUNC, name))}
    every_thread = types.constant(EVERY_THREAD)
    whole = len(walking) == len(OPEN_CODED) and every_thread is not None and every_thread >= 0
    iowait = places["task_struct.in_iowait"]
    assert iowait is not None
    # Before 6.2, and with one CPU only, rss_stat holds plain 64-bit numbers.
    split = places["mm_struct.rss_stat.counters"] is not None
    return Layout(
        offsets={name: place.offset for name, place in places.items() if place is not None},
        iowait_bit=iowait.shift,
        function=functions[0],
        counter_size=types.size(types.ids(btf.STRUCT, COUNTER)[0]) if split else 8,
        together=bool(types.ids(btf.FUNC, TOGETHER)),
        formatted=bool(types.ids(btf.FUNC, FORMATTED)),
        open_coded=walking | {EVERY_THREAD: every_thread} if whole and every_thread is not None else {},
    )


def remembered() -> Layout:
    """The layout of the running kernel, from the user's cache or from its BTF, then put there.

    Raises OSError where BTF cannot be read, ``btf.Malformed`` and LookupError as ``resolve``.
    """
    path = _cache_path()
    layout = _load(path) if path else None
    if layout is None:
        with open(BTF, "rb", buffering=0) as file:
            layout = resolve(file.readall())
        if path:
            _keep(path, layout)
    return layout


def _cache_path() -> str | None:
    """One file per kernel build and per set of names; None where the build cannot be told."""
    try:
        with open(NOTES, "rb") as file:
            build = file.read()
        size = os.stat(BTF).st_size
        folder = os.environ.get("XDG_CACHE_HOME", "")
        # sudo keeps HOME: the cache belongs to who runs this.
        folder = folder if folder.startswith("/") else f"{pwd.getpwuid(os.geteuid()).pw_dir}/.cache"
    except (OSError, KeyError):
        return None
    told = repr((platform.release(), platform.version(), platform.machine(), size, NAMES, OPEN_CODED))
    return f"{folder}/jinmaek/btf-{hashlib.sha256(build + told.encode()).hexdigest()[:32]}.json"


def _load(path: str) -> Layout | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            state = os.fstat(handle)
            if state.st_uid != os.geteuid() or state.st_mode & 0o077 or state.st_size > LARGEST:
                return None
            told = json.loads(os.read(handle, LARGEST))
        finally:
            os.close(handle)
        layout = Layout(**told)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return layout if _sound(layout) else None


def _sound(layout: Layout) -> bool:
    numbers = (layout.iowait_bit, layout.function, layout.counter_size)
    return (
        all(type(number) is int and 0 <= number < 1 << 31 for number in numbers)
        and layout.iowait_bit < 8
        and type(layout.together) is type(layout.formatted) is bool
        and type(layout.offsets) is dict
        and layout.offsets.keys() >= set(REQUIRED)
        and all(layout.offsets.keys() & {*names} for names in EITHER)
        and all(type(offset) is int and 0 <= offset < 1 << 15 for offset in layout.offsets.values())
        and type(layout.open_coded) is dict
        and layout.open_coded.keys() in (set(), {*OPEN_CODED, EVERY_THREAD})
        and all(type(number) is int and 0 <= number < 1 << 31 for number in layout.open_coded.values())
    )


def _keep(path: str, layout: Layout) -> None:
    """Whole or not at all; a cache that cannot be written is no loss."""
    with contextlib.suppress(OSError):
        folder = os.path.dirname(path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=folder)
        try:
            with open(handle, "w", encoding="ascii") as file:
                json.dump(asdict(layout), file)
            os.replace(made, path)
        except OSError:
            os.unlink(made)
            raise
