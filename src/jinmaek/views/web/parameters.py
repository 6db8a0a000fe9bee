"""What may be asked: each query parameter with its bounds, for reading it and for the schema alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, assert_never

from jinmaek.i18n import LANGUAGES
from jinmaek.views.web.accounts import GROUPS

Number = TypeVar("Number", int, float)

LONGEST = 2048
"""Characters of a query: what is longer is no question of ours."""
END_OF_TIME = 4_102_444_800.0
"""The year 2100, in seconds since the epoch."""


class Refused(Exception):
    """A request that is not answered: its status and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter. Without a ``default`` it is None where it is not given."""

    name: str
    kind: Literal["number", "integer", "choice"]
    help: str
    default: float | int | str | None = None
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        made: dict[str, Any] = {"type": "string" if self.kind == "choice" else self.kind}
        if self.choices:
            made["enum"] = list(self.choices)
        if self.least is not None:
            made["minimum"] = self.least
        if self.most is not None:
            made["maximum"] = self.most
        if self.default is not None:
            made["default"] = self.default
        return {
            "name": self.name,
            "in": "query",
            "required": False,
            "description": self.help,
            "schema": made,
        }

    def read(self, text: str) -> float | int | str:
        """A value. Raises ``Refused``."""
        match self.kind:
            case "choice":
                if text not in self.choices:
                    raise Refused(400, f"{self.name}: one of {', '.join(self.choices)}")
                return text
            case "integer":
                if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 12):
                    raise Refused(400, f"{self.name}: a whole number")
                return self._bounded(int(text))
            case "number":
                try:
                    value = float(text) if text.isascii() and "_" not in text else math.nan
                except ValueError:
                    value = math.nan
                if not math.isfinite(value):
                    raise Refused(400, f"{self.name}: a number")
                return self._bounded(value)
            case _:
                assert_never(self.kind)

    def _bounded(self, value: Number) -> Number:
        low = -math.inf if self.least is None else self.least
        high = math.inf if self.most is None else self.most
        if not low <= value <= high:
            raise Refused(400, f"{self.name}: from {low:.0f} to {high:.0f}")
        return value


LANG = Parameter("lang", "choice", "language of the text", "en", choices=LANGUAGES)
AT = Parameter("at", "number", "a moment, seconds since the epoch; now without it", least=0, most=END_OF_TIME)
SINCE = Parameter(
    "since",
    "number",
    "from, seconds since the epoch; without it 900 s before until",
    least=0,
    most=END_OF_TIME,
)
UNTIL = Parameter(
    "until", "number", "to, seconds since the epoch; without it the last reading", least=0, most=END_OF_TIME
)
POINTS = Parameter("points", "integer", "at most so many moments", 300, least=2, most=2000)
BY = Parameter("by", "choice", "what processes are put together by", "command", choices=GROUPS)


def read(query: Iterable[tuple[str, str]], wanted: tuple[Parameter, ...]) -> Mapping[str, Any]:
    """Every wanted parameter. Raises ``Refused`` of anything else, and of what is given twice."""
    known = {one.name: one for one in wanted}
    found: dict[str, Any] = {one.name: one.default for one in wanted}
    given = set()
    for name, text in query:
        if name not in known:
            raise Refused(400, "there is no such parameter here; see /api/v1/openapi.json")
        if name in given:
            raise Refused(400, f"{name}: given twice")
        given.add(name)
        found[name] = known[name].read(text)
    return found
