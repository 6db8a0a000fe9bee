"""The kernel's columns: what a row of a kernel table is made of, and what reads it.

A table is a kernel file, a column is a field of it under the kernel's own name, and
``table.column`` is the one name of that quantity in rules, recordings and documents.
Rows are frozen and slotted. ``dataclasses`` and ``typing`` are not imported on purpose:
together they cost more than the whole of ``jinmaek free``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal, TypeVar, dataclass_transform

    Kind = Literal["counter", "gauge"]
    Unit = Literal["seconds", "bytes", "ratio", "count", "pages"]
    Parse = Callable[[str], Iterable[object]]
    ParseTree = Callable[[Mapping[str, str]], Iterable[object]]
    T = TypeVar("T")
else:

    def dataclass_transform(**_: object) -> object:
        return lambda decorator: decorator


class Malformed(ValueError):
    """A kernel file is not in the form this reader knows. ``line`` counts from 1, 0 is the whole file."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


class Metric:
    """The Prometheus name of a column.

    ``labels`` are fixed labels of the series, ``rename`` maps our label names to the exporter's,
    ``factor`` is what the exported number must be multiplied by to be in our unit.
    """

    __slots__ = ("factor", "labels", "name", "rename")

    def __init__(
        self,
        name: str,
        labels: Mapping[str, str] | None = None,
        *,
        rename: Mapping[str, str] | None = None,
        factor: float = 1,
    ) -> None:
        self.name = name
        self.labels: Mapping[str, str] = labels or {}
        self.rename: Mapping[str, str] = rename or {}
        self.factor = factor


class Column:
    """One quantity: kind, base unit, meaning, and its Prometheus name where an exporter has one.

    ``unlimited``: None is no gap here, it says that there is no limit.
    """

    __slots__ = ("help", "kind", "metric", "name", "unit", "unlimited")

    def __init__(
        self, kind: Kind, unit: Unit, help: str, metric: Metric | None, *, unlimited: bool = False
    ) -> None:
        self.name = ""
        self.kind = kind
        self.unit = unit
        self.help = help
        self.metric = metric
        self.unlimited = unlimited


def counter(unit: Unit, help: str, metric: str | Metric | None = None) -> Any:
    """A quantity that only grows until the machine restarts."""
    return Column("counter", unit, help, Metric(metric) if isinstance(metric, str) else metric)


def gauge(unit: Unit, help: str, metric: str | Metric | None = None) -> Any:
    """A quantity that goes up and down."""
    return Column("gauge", unit, help, Metric(metric) if isinstance(metric, str) else metric)


def ceiling(unit: Unit, help: str, metric: str | Metric | None = None) -> Any:
    """The most there may be of something: a gauge that is None where there is no limit."""
    return Column("gauge", unit, help, Metric(metric) if isinstance(metric, str) else metric, unlimited=True)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(counter, gauge, ceiling))
def row(cls: type[T]) -> type[T]:
    """Make a frozen, slotted, keyword-only row type out of annotated fields.

    A field set to ``counter(...)`` or ``gauge(...)`` is a column, any other field a label.
    A column annotated ``| None`` may be left out: this kernel does not have it.
    """
    notes: dict[str, str] = cls.__annotations__
    names = tuple(notes)
    declared: dict[str, Column] = {}
    for name in names:
        column = cls.__dict__.get(name)
        if isinstance(column, Column):
            column.name = name
            declared[name] = column
    optional = frozenset(name for name in names if "None" in notes[name])
    put = object.__setattr__

    def __init__(self: Any, **values: Any) -> None:  # noqa: N807 - it becomes the row's own
        for name in names:
            if name in values:
                put(self, name, values[name])
            elif name in optional:
                put(self, name, None)
            else:
                raise TypeError(f"{cls.__name__} needs {name}")
        if len(values) > len(names) or any(name not in notes for name in values):
            raise TypeError(f"{cls.__name__} has no {', '.join(sorted(set(values) - set(names)))}")

    body: dict[str, Any] = {k: v for k, v in cls.__dict__.items() if k not in names}
    for slot in ("__dict__", "__weakref__"):
        body.pop(slot, None)
    body.update(
        __slots__=names,
        __init__=__init__,
        __setattr__=_frozen,
        __delattr__=_frozen,
        __eq__=_equal,
        __hash__=_hash,
        __repr__=_repr,
        __match_args__=names,
        columns=declared,
        labels=tuple(name for name in names if name not in declared),
    )
    made: Any = type(cls.__name__, cls.__bases__, body)
    return made  # type: ignore[no-any-return]


def _frozen(self: object, *_: object) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen")


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in self.__slots__)


def _equal(self: Any, other: object) -> bool:
    return type(self) is type(other) and _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{n}={v!r}" for n, v in zip(self.__slots__, _values(self), strict=True))
    return f"{type(self).__name__}({shown})"


def columns_of(row_type: type) -> Mapping[str, Column]:
    """The columns of a row type by name, in the order of declaration."""
    declared: Mapping[str, Column] = row_type.columns  # type: ignore[attr-defined]
    return declared


def labels_of(row_type: type) -> tuple[str, ...]:
    """The names of the fields that tell rows of a table apart."""
    names: tuple[str, ...] = row_type.labels  # type: ignore[attr-defined]
    return names


class Reader:
    """One kernel file as a table. ``path`` is relative: ``proc/meminfo``, ``sys/...``."""

    __slots__ = ("parse", "path", "row", "table")

    def __init__(self, *, table: str, path: str, row: type, parse: Parse) -> None:
        self.table = table
        self.path = path
        self.row = row
        self.parse = parse

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)


class TreeReader:
    """Several small files as one table: sysctls, hugepage pools, cgroups.

    ``paths`` are relative and may hold ``*`` (one level) or ``**`` (any depth);
    ``parse`` is given the text of every file that could be read, by relative path. ``devices``: a kernel
    without any of the files has none of these devices, which is a table without rows.
    """

    __slots__ = ("devices", "parse", "paths", "row", "table")

    def __init__(
        self, *, table: str, paths: tuple[str, ...], row: type, parse: ParseTree, devices: bool = False
    ) -> None:
        self.devices = devices
        self.table = table
        self.paths = paths
        self.row = row
        self.parse = parse
