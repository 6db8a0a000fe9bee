"""/proc/slabinfo: caches of kernel objects. Readable by root only.

    slabinfo - version: 2.1
    # name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables … : slabdata …
    kmalloc-8192  132  148  8192  4  8 : tunables  0  0  0 : slabdata  37  37  0

mm/slab_common.c slab_show(). Version 1.x (2.2, 2.4) has active_slabs, num_slabs and pagesperslab in the
place of objperslab and pagesperslab. A cache takes num_slabs * pagesperslab pages.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Metric, Reader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

V1 = ("active_objs", "num_objs", "objsize", "active_slabs", "num_slabs", "pagesperslab")
V2 = ("active_objs", "num_objs", "objsize", "objperslab", "pagesperslab")


def _metric(name: str) -> Metric:
    return Metric(f"node_slabinfo_{name}", rename={"name": "slab"})


@row
class Slab:
    """One cache."""

    name: str
    active_objs: int = gauge("count", "objects in use", _metric("active_objects"))
    num_objs: int = gauge("count", "objects there is room for", _metric("objects"))
    objsize: int = gauge("bytes", "size of an object", _metric("object_size_bytes"))
    objperslab: int | None = gauge("count", "objects in a slab", _metric("objects_per_slab"))
    pagesperslab: int = gauge("count", "pages of a slab", _metric("pages_per_slab"))
    active_slabs: int = gauge("count", "slabs with objects in use; SLUB says num_slabs")
    num_slabs: int = gauge("count", "slabs")


def parse(text: str) -> Iterator[Slab]:
    """A row for every cache."""
    lines = text.splitlines()
    head, _, version = lines[0].partition("version:") if lines else ("", "", "")
    major = version.strip()[:2]
    if not head.startswith("slabinfo") or major not in ("1.", "2."):
        raise Malformed(1, "not slabinfo version 1 or 2")
    names = V1 if major == "1." else V2
    for number, line in enumerate(lines[1:], 2):
        if line.startswith("#") or not line.strip():
            continue
        left, _, rest = line.partition(" : ")
        # From the right: the names of some caches hold spaces.
        words = left.rsplit(None, len(names))
        if len(words) <= len(names):
            raise Malformed(number, f"fewer than {len(names) + 1} words")
        values = {name: unsigned(word, number) for name, word in zip(names, words[1:], strict=True)}
        if names is V2:
            data = rest.partition("slabdata")[2].split()
            if len(data) < 2:
                raise Malformed(number, "no slabdata")
            values["active_slabs"] = unsigned(data[0], number)
            values["num_slabs"] = unsigned(data[1], number)
        yield Slab(name=words[0].strip(), **values)


READERS = (Reader(table="slabinfo", path="proc/slabinfo", row=Slab, parse=parse),)
