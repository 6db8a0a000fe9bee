"""BTF: types made by hand, every way to cut or bend them, and the running kernel's."""

from __future__ import annotations

import json
import os
import random
import struct
from pathlib import Path

import pytest

from jinmaek.tasks import bpf_layout, btf

LIVE = Path(bpf_layout.BTF)


class Made:
    """BTF under construction."""

    def __init__(self) -> None:
        self.strings = b"\0"
        self.types: list[bytes] = []

    def name(self, text: str) -> int:
        if not text:
            return 0
        self.strings += text.encode() + b"\0"
        return len(self.strings) - len(text) - 1

    def add(
        self, kind: int, name: str, count: int, other: int, after: bytes = b"", *, flag: bool = False
    ) -> int:
        info = kind << 24 | count | flag << 31
        self.types.append(struct.pack("<III", self.name(name), info, other) + after)
        return len(self.types)

    def struct(
        self,
        name: str,
        size: int,
        members: list[tuple[str, int, int]],
        kind: int = btf.STRUCT,
        *,
        flag: bool = False,
    ) -> int:
        after = b"".join(struct.pack("<III", self.name(word), type_id, bit) for word, type_id, bit in members)
        return self.add(kind, name, len(members), size, after, flag=flag)

    def bytes(self) -> bytes:
        types = b"".join(self.types)
        sizes = (24, 0, len(types), len(types), len(self.strings))
        return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, *sizes) + types + self.strings


def example() -> bytes:
    made = Made()
    number = made.add(btf.INT, "int", 0, 4, struct.pack("<I", 32))
    pair = made.struct("pair", 8, [("a", number, 0), ("b", number, 32)])
    union = made.struct("", 8, [("x", number, 0), ("inner", pair, 0)], btf.UNION)
    alias = made.add(btf.TYPEDEF, "pair_t", 0, pair)
    constant = made.add(btf.CONST, "", 0, alias)
    several = made.add(btf.ARRAY, "", 0, 0, struct.pack("<III", pair, number, 4))
    colours = [("red", 7), ("green", 1 << 31)]
    after = b"".join(struct.pack("<II", made.name(word), value) for word, value in colours)
    made.add(btf.ENUM, "colour", 2, 4, after)
    flags = [("first", number, 3 << 24 | 64), ("second", number, 1 << 24 | 75)]
    bits = made.struct("", 4, [(word, kind, where - 64) for word, kind, where in flags], flag=True)
    made.struct(
        "outer",
        64,
        [("", union, 32), ("later", constant, 128), ("row", several, 192), ("", bits, 448)],
    )
    made.struct("twice", 4, [("old", number, 0)])
    made.struct("twice", 8, [("new", number, 32)])
    made.add(btf.FUNC, "outer", 0, 0)
    return made.bytes()


WANTED = [(btf.STRUCT, "outer"), (btf.STRUCT, "twice"), (btf.FUNC, "outer"), (btf.STRUCT, "pair")]


@pytest.mark.parametrize(
    ("path", "offset"),
    [
        ("x", 4),
        ("inner.b", 8),
        ("later", 16),
        ("later.b", 20),
        ("row", 24),
        ("row.b", 28),
        ("first", 56),
        ("second", 57),
    ],
)
def test_members_are_found_through_nameless_ones_typedefs_and_arrays(path: str, offset: int) -> None:
    place = btf.parse(example(), WANTED).place("outer", path)
    assert place is not None
    assert place.offset == offset


def test_a_bit_field_tells_its_bits() -> None:
    place = btf.parse(example(), WANTED).place("outer", "second")
    assert place is not None
    assert (place.offset, place.shift, place.bits) == (57, 3, 1)


def test_what_is_not_there_is_none() -> None:
    types = btf.parse(example(), WANTED)
    assert types.place("outer", "nothing") is None
    assert types.place("outer", "x.deeper") is None
    assert types.place("nothing", "x") is None
    assert types.ids(btf.VAR, "outer") == ()


def test_of_types_of_one_name_the_one_with_the_member_counts() -> None:
    types = btf.parse(example(), WANTED)
    new = types.place("twice", "new")
    assert new is not None
    assert new.offset == 4
    assert [types.size(one) for one in types.ids(btf.STRUCT, "twice")] == [4, 8]
    assert len(types.ids(btf.FUNC, "outer")) == 1


def test_an_enumerator_tells_its_value() -> None:
    types = btf.parse(example(), WANTED)
    assert types.constant("red") == 7
    assert types.constant("green") == -(1 << 31)
    # Neither an enum itself, nor a member of a struct, nor what is nowhere.
    assert [types.constant(name) for name in ("colour", "x", "outer", "blue")] == [None] * 4


def test_every_cut_is_malformed() -> None:
    whole = example()
    btf.parse(whole, WANTED)
    for end in range(len(whole)):
        with pytest.raises(btf.Malformed):
            btf.parse(whole[:end], WANTED)


def test_any_bent_byte_is_either_read_or_malformed() -> None:
    whole = example()
    chance = random.Random(1)
    refused = 0
    for _ in range(20_000):
        bent = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        try:
            types = btf.parse(bytes(bent), WANTED)
            for path in ("x", "inner.b", "later.b", "row.b", "second"):
                types.place("outer", path)
            types.constant("green")
        except btf.Malformed:
            refused += 1
    assert 0 < refused < 20_000


def test_types_that_name_themselves_end() -> None:
    made = Made()
    made.add(btf.TYPEDEF, "round", 0, 1)
    made.struct("outer", 8, [("", 3, 0), ("turn", 1, 0)])
    made.struct("", 8, [("", 3, 0)])
    types = btf.parse(made.bytes(), WANTED)
    with pytest.raises(btf.Malformed):
        types.place("outer", "turn.x")


@pytest.mark.skipif(not LIVE.exists(), reason="this kernel has no BTF")
class TestLive:
    def test_offsets_of_the_running_kernel_are_sane(self) -> None:
        layout = bpf_layout.resolve(LIVE.read_bytes())
        offsets = layout.offsets
        assert offsets["task_struct.tgid"] == offsets["task_struct.pid"] + 4
        assert offsets["task_struct.stime"] == offsets["task_struct.utime"] + 8
        assert offsets["cred.euid.val"] > 0
        assert layout.function > 0
        assert 0 <= layout.iowait_bit < 8
        if layout.open_coded:
            assert layout.open_coded.keys() == {*bpf_layout.OPEN_CODED, bpf_layout.EVERY_THREAD}
            assert layout.open_coded[bpf_layout.EVERY_THREAD] == 1

    def test_a_kernel_without_one_of_the_functions_has_no_open_coded_iterator(self) -> None:
        whole = LIVE.read_bytes()
        for name in (bpf_layout.OPEN_CODED[-1], bpf_layout.EVERY_THREAD):
            other = b"\0" + b"x" * len(name) + b"\0"
            layout = bpf_layout.resolve(whole.replace(b"\0" + name.encode() + b"\0", other))
            assert layout.open_coded == {}

    def test_a_cut_kernel_blob_is_malformed(self) -> None:
        whole = LIVE.read_bytes()
        for end in (0, 10, 23, 24, 1000, len(whole) // 2, len(whole) - 1):
            with pytest.raises(btf.Malformed):
                bpf_layout.resolve(whole[:end])

    def test_a_kernel_without_a_member_says_which(self) -> None:
        whole = LIVE.read_bytes().replace(b"\0sum_exec_runtime\0", b"\0sum_exec_nothing\0")
        with pytest.raises(LookupError, match=r"task_struct\.se\.sum_exec_runtime"):
            bpf_layout.resolve(whole)


@pytest.mark.skipif(
    not LIVE.exists() or not os.access(bpf_layout.NOTES, os.R_OK), reason="no BTF or build id"
)
class TestCache:
    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        return tmp_path / "jinmaek"

    def test_the_second_time_nothing_is_parsed(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first = bpf_layout.remembered()
        (file,) = folder.iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        monkeypatch.setattr(bpf_layout, "BTF", "/sys/kernel/btf/vmlinux")
        monkeypatch.setattr(bpf_layout, "resolve", lambda data: pytest.fail("parsed again"))
        assert bpf_layout.remembered() == first

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            "null",
            '{"offsets": {}}',
            "[" * 50_000,
            "\0",
            '{"offsets": {"a": 1e99}, "function": -1}',
            "\xff",
        ],
    )
    def test_a_spoilt_file_is_ignored_and_replaced(self, folder: Path, text: str) -> None:
        first = bpf_layout.remembered()
        (file,) = folder.iterdir()
        good = file.read_text()
        file.write_text(text, encoding="latin-1")
        assert bpf_layout.remembered() == first
        assert file.read_text() == good

    @pytest.mark.parametrize("offset", ["-1", "40000", "1.5", "true", '"8"', "null"])
    def test_a_file_with_an_odd_offset_is_ignored(self, folder: Path, offset: str) -> None:
        first = bpf_layout.remembered()
        (file,) = folder.iterdir()
        number = first.offsets["task_struct.pid"]
        file.write_text(
            file.read_text().replace(f'"task_struct.pid": {number},', f'"task_struct.pid": {offset},')
        )
        assert bpf_layout.remembered() == first

    def test_a_file_with_odd_functions_is_ignored(self, folder: Path) -> None:
        first = bpf_layout.remembered()
        if not first.open_coded:
            pytest.skip("no open-coded task iterator here")
        (file,) = folder.iterdir()
        told = json.loads(file.read_text())
        number = told["open_coded"].pop(bpf_layout.EVERY_THREAD)
        for odd in ({}, {bpf_layout.EVERY_THREAD: -1}, {bpf_layout.EVERY_THREAD: "1"}, {"other": number}):
            file.write_text(json.dumps(told | {"open_coded": told["open_coded"] | odd}))
            assert bpf_layout.remembered() == first

    def test_a_file_others_may_write_is_ignored(self, folder: Path) -> None:
        first = bpf_layout.remembered()
        (file,) = folder.iterdir()
        file.write_text(file.read_text().replace('"function": ', '"function": 1'))
        assert bpf_layout.remembered() != first
        file.chmod(0o644)
        assert bpf_layout.remembered() == first

    def test_a_link_is_not_followed(self, folder: Path, tmp_path: Path) -> None:
        first = bpf_layout.remembered()
        (file,) = folder.iterdir()
        target = tmp_path / "elsewhere"
        file.rename(target)
        target.write_text(target.read_text().replace('"function": ', '"function": 1'))
        file.symlink_to(target)
        assert bpf_layout.remembered() == first

    def test_where_nothing_can_be_kept_it_still_works(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "jinmaek").write_text("in the way")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert bpf_layout.remembered().function > 0
