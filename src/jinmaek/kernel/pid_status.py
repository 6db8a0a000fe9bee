"""/proc/PID/status: one process in ``Name: value`` lines.

    VmRSS:	    1600 kB
    RssAnon:	     112 kB
    Uid:	0	0	0	0

fs/proc/array.c proc_pid_status(), fs/proc/task_mmu.c task_mem(). "kB" is KiB. A kernel thread, a zombie
and an exited leader have no Vm lines. Threads and Vm figures are of the process, context switches of
the one thread whose directory it is.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, counter, gauge, row
from jinmaek.kernel.digits import hexadecimal, unsigned

KIB = 1024
SIZES = ("VmSize", "VmHWM", "VmRSS", "RssAnon", "RssFile", "RssShmem", "VmPTE", "VmSwap", "HugetlbPages")
COUNTS = ("Threads", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


@row
class PidStatus:
    """A process; a size is None where it has no memory of its own."""

    uid: int
    """Real user."""
    euid: int
    """Effective user."""
    NSpid: tuple[int, ...]
    """Its pid in each pid namespace, the reader's first; empty before 4.1."""
    VmSize: int | None = gauge("bytes", "address space")
    VmHWM: int | None = gauge("bytes", "largest VmRSS so far")
    VmRSS: int | None = gauge("bytes", "RAM it maps: RssAnon + RssFile + RssShmem")
    RssAnon: int | None = gauge("bytes", "mapped memory without a file behind it (4.5)")
    RssFile: int | None = gauge("bytes", "mapped page cache of files (4.5)")
    RssShmem: int | None = gauge("bytes", "mapped tmpfs and shared memory (4.5)")
    VmPTE: int | None = gauge("bytes", "page tables")
    VmSwap: int | None = gauge("bytes", "anonymous memory in swap, shared memory not counted (2.6.34)")
    HugetlbPages: int | None = gauge("bytes", "huge pages it maps, not part of VmRSS (4.4)")
    Threads: int | None = gauge("count", "threads, an exited leader included")
    voluntary_ctxt_switches: int | None = counter("count", "times this thread gave the CPU away")
    nonvoluntary_ctxt_switches: int | None = counter("count", "times the CPU was taken from this thread")


def parse(text: str) -> PidStatus:
    """The one row of a status file."""
    numbers: dict[str, int] = {}
    users: list[int] | None = None
    namespaces: tuple[int, ...] = ()
    for line, content in enumerate(text.split("\n"), 1):
        key, _, value = content.partition(":")
        if key in SIZES or key in COUNTS:
            words = value.split()
            if not words:
                raise Malformed(line, f"{key} has no value")
            numbers[key] = unsigned(words[0], line) * (KIB if key in SIZES else 1)
        elif key == "Uid":
            users = [unsigned(word, line) for word in value.split()]
        elif key == "NSpid":
            namespaces = tuple(unsigned(word, line) for word in value.split())
    if users is None or len(users) < 2:
        raise Malformed(0, "no Uid line with two users")
    return PidStatus(uid=users[0], euid=users[1], NSpid=namespaces, **numbers)


def caught(text: str, number: int) -> bool | None:
    """Whether it has a handler for this signal (1 to 64), from SigCgt; None where there is no such line."""
    for line, content in enumerate(text.split("\n"), 1):
        key, _, value = content.partition(":")
        if key == "SigCgt":
            # MIPS prints 128 signals, the first 64 of them last.
            return bool(hexadecimal(value.strip()[-16:], line) >> (number - 1) & 1)
    return None
