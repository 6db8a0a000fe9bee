"""io.stat of every cgroup of version 2, blkio.throttle.io_service_bytes and io_serviced of version 1.

    254:0 rbytes=180224 wbytes=4096 rios=3 wios=1 dbytes=0 dios=0

    254:0 Read 180224
    254:0 Write 4096
    Total 184320

block/blk-cgroup.c blkcg_print_one_stat(), block/blk-throttle.c tg_print_rwstat(). In version 1 with all
cgroups below it where the kernel says so (``_recursive``), and pages that are written back later are the
root's there, not the writer's.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, TreeReader, counter, row
from jinmaek.kernel.cgroup_files import by_cgroup
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BYTES, REQUESTS = "blkio.throttle.io_service_bytes", "blkio.throttle.io_serviced"
FILES = ("io.stat", BYTES, f"{BYTES}_recursive", REQUESTS, f"{REQUESTS}_recursive")
VERSION_1 = {"Read": "r", "Write": "w", "Discard": "d"}


@row
class CgroupIo:
    """I/O of one cgroup with all below it, to one device."""

    cgroup: str
    device: str
    """Its numbers: 254:0."""
    rbytes: int | None = counter("bytes", "read")
    wbytes: int | None = counter("bytes", "written")
    dbytes: int | None = counter("bytes", "discarded (4.20)")
    rios: int | None = counter("count", "reads")
    wios: int | None = counter("count", "writes")
    dios: int | None = counter("count", "discards (4.20)")


COLUMNS = ("rbytes", "wbytes", "dbytes", "rios", "wios", "dios")


def _is_device(word: str) -> bool:
    major, _, minor = word.partition(":")
    return major.isdecimal() and minor.isdecimal()


def _v2(text: str, found: dict[str, dict[str, int]]) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or not _is_device(words[0]):
            continue
        values = found.setdefault(words[0], {})
        for word in words[1:]:
            name, _, value = word.partition("=")
            if name in COLUMNS:
                values[name] = unsigned(value, number)


def _v1(text: str, what: str, found: dict[str, dict[str, int]]) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or not _is_device(words[0]):
            continue
        if len(words) < 3:
            raise Malformed(number, "no number")
        if words[1] in VERSION_1:
            found.setdefault(words[0], {})[VERSION_1[words[1]] + what] = unsigned(words[2], number)


def parse(tree: Mapping[str, str]) -> Iterator[CgroupIo]:
    """One row for each cgroup and device."""
    for cgroup, files in by_cgroup(tree).items():
        found: dict[str, dict[str, int]] = {}
        _v2(files.get("io.stat", ""), found)
        for name, what in ((BYTES, "bytes"), (REQUESTS, "ios")):
            _v1(files.get(f"{name}_recursive", files.get(name, "")), what, found)
        for device, values in found.items():
            yield CgroupIo(cgroup=cgroup, device=device, **values)


READERS = (
    TreeReader(
        table="cgroup_io",
        paths=tuple(f"sys/fs/cgroup/**/{name}" for name in FILES),
        row=CgroupIo,
        parse=parse,
    ),
)
