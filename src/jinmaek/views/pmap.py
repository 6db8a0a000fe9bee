"""``pmap``: the mappings of a process, in the three forms of procps' pmap."""

from __future__ import annotations

from jinmaek.i18n import tr
from jinmaek.views.plain import safe
from jinmaek.views.units import amount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinmaek.kernel.pid_smaps import Vma
    from jinmaek.kernel.pid_stat import PidStat
    from jinmaek.kernel.pid_status import PidStatus

KIB = 1024
UNSHOWN = {
    "KernelPageSize",
    "MMUPageSize",
    "Shared_Clean",
    "Shared_Dirty",
    "Private_Clean",
    "Private_Dirty",
    "AnonHugePages",
}
"""Sizes that ``-X`` leaves out."""
UNITLESS = "THPeligible"
LABELS = ("Address", "Perm", "Offset", "Device", "Inode")


def title(pid: int, command: str) -> str:
    """The line above the mappings of each process."""
    return f"{pid}:   {safe(command)}"


def short(vmas: Sequence[Vma], *, quiet: bool, paths: bool) -> Iterator[str]:
    """Address, size, mode and what is mapped."""
    for vma in vmas:
        yield f"{vma.start:016x} {_kib(vma):>6}K {_mode(vma)} {_name(vma, paths)}"
    if not quiet:
        yield f" total {sum(_kib(vma) for vma in vmas):>16}K"


def extended(vmas: Sequence[Vma], *, quiet: bool, paths: bool) -> Iterator[str]:
    """``-x``: also what is in RAM, and how much of that is modified."""
    if not quiet:
        yield "Address           Kbytes     RSS   Dirty Mode  Mapping"
    size = rss = dirty = 0
    for vma in vmas:
        here = vma.sizes.get
        in_ram = here("Rss", 0) // KIB
        modified = (here("Shared_Dirty", 0) + here("Private_Dirty", 0)) // KIB
        size, rss, dirty = size + _kib(vma), rss + in_ram, dirty + modified
        yield f"{vma.start:016x} {_kib(vma):>7} {in_ram:>7} {modified:>7} {_mode(vma)} {_name(vma, paths)}"
    if not quiet:
        yield "---------------- ------- ------- ------- "
        yield f"total kB         {size:>7} {rss:>7} {dirty:>7}"


def everything(vmas: Sequence[Vma], *, quiet: bool, paths: bool) -> Iterator[str]:
    """``-X``: the sizes the kernel gives, under its names."""
    if not vmas:
        return
    names = [name for name in vmas[0].sizes if name not in UNSHOWN]
    cells = [_cells(vma, names) for vma in vmas]
    sums = [str(sum(int(cell[n]) for cell in cells)) for n in range(len(LABELS), len(LABELS) + len(names))]
    heads = [*LABELS, *names]
    wide = [cells] if quiet else [cells, [heads], [[""] * len(LABELS) + sums]]
    widths = [max(len(row[n]) for rows in wide for row in rows) for n in range(len(heads))]
    if not quiet:
        yield " ".join(map(str.rjust, heads, widths)) + " Mapping"
    for vma, row in zip(vmas, cells, strict=True):
        what = vma.path if paths else vma.path.rpartition("/")[2]
        yield " ".join(map(str.rjust, row, widths)) + f" {safe(what)}"
    if not quiet:
        margin = " " * (sum(widths[: len(LABELS)]) + len(LABELS))
        yield margin + "".join("=" * width + " " for width in widths[len(LABELS) :])
        figures = zip(sums, widths[len(LABELS) :], strict=True)
        yield margin + "".join(f"{text:>{width}} " for text, width in figures) + "KB "


def data(pid: int, command: str, vmas: Sequence[Vma]) -> dict[str, object]:
    """One process in bytes."""
    return {
        "pid": pid,
        "command": command,
        "mappings": [
            {
                "start": vma.start,
                "end": vma.end,
                "perms": vma.perms,
                "offset": vma.offset,
                "device": vma.device,
                "inode": vma.inode,
                "path": vma.path,
                "size_bytes": vma.end - vma.start,
                **{
                    f"{name}_bytes": size
                    for name, size in vma.sizes.items()
                    if name not in ("Size", UNITLESS)
                },
            }
            for vma in vmas
        ],
        "size_bytes": sum(vma.end - vma.start for vma in vmas),
    }


def explain(stat: PidStat, status: PidStatus, vmas: Sequence[Vma], lang: str) -> Iterator[str]:
    """What the figures of this process mean, each with its own numbers."""
    if status.VmSize is None:
        yield tr(lang, "It has no memory of its own: a kernel thread, or a process that has ended.")
        return
    committed = sum(vma.end - vma.start for vma in vmas if vma.perms[1] == "w" and vma.perms[3] == "p")
    shared = sum(vma.sizes.get(name, 0) for vma in vmas for name in ("Shared_Clean", "Shared_Dirty"))
    said = {
        "virt": status.VmSize,
        "res": status.VmRSS,
        "anon": status.RssAnon,
        "file": status.RssFile,
        "shmem": status.RssShmem,
        "commit": committed,
        "swap": status.VmSwap,
        "shared": shared,
        "tables": status.VmPTE,
    }
    words = {name: "?" if size is None else amount(size, "bytes") for name, size in said.items()}
    words |= {"minor": f"{stat.minflt:,}", "major": f"{stat.majflt:,}"}
    for text in (
        tr(
            lang,
            "VIRT {virt} is address space: what the process may touch, not what it uses. "
            "It costs page tables ({tables}) and nothing else.",
        ),
        tr(
            lang,
            "RES {res} is in RAM now: {anon} its own (anonymous), {file} page cache of files it maps, "
            "{shmem} shared memory. {shared} of it other processes map too; {swap} is in swap.",
        ),
        tr(
            lang,
            "Commit: {commit} is private and writable. The kernel has promised it; RAM is given page by page "
            "at the first touch, so the promises of all processes may exceed RAM.",
        ),
        tr(
            lang,
            "Page faults: {minor} minor (a page was set up without reading) and {major} major (a page was "
            "read from disk or swap, the process waited). Only major ones are slow.",
        ),
        tr(
            lang,
            "Copy-on-write: after fork parent and child share every page until one of them writes; then that "
            "page is copied. A fork is cheap, writing everywhere after it may double {anon}.",
        ),
    ):
        yield text.format(**words)


def _cells(vma: Vma, names: Sequence[str]) -> list[str]:
    head = [f"{vma.start:08x}", vma.perms, f"{vma.offset:08x}", vma.device, str(vma.inode)]
    return head + [str(vma.sizes.get(name, 0) // (1 if name == UNITLESS else KIB)) for name in names]


def _kib(vma: Vma) -> int:
    return (vma.end - vma.start) // KIB


def _mode(vma: Vma) -> str:
    return vma.perms.replace("p", "-") + "-"


def _name(vma: Vma, paths: bool) -> str:
    if vma.path.startswith("/SYSV") and not vma.major:
        return f"  [ shmid=0x{vma.inode:x} ]"
    if "/" in vma.path:
        at = vma.path.index("/") if paths else vma.path.rindex("/") + 1
        return safe(vma.path[at:] or "/")
    return "  [ stack ]" if vma.path == "[stack]" else "  [ anon ]"
