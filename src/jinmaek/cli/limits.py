"""``--set RULE.LIMIT=VALUE``: another limit than the rule's own, where rules are judged or shown."""

from __future__ import annotations

import argparse
import math

from jinmaek.cli.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.diagnosis.rule import Rule


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        dest="limits",
        type=setting,
        action="append",
        default=[],
        metavar="RULE.LIMIT=VALUE",
        help="another limit than the rule's own, in seconds, bytes, or a share (0.9, 90%%); "
        "rules show RULE names them",
    )


def setting(text: str) -> tuple[str, float]:
    """``cpu.saturated.busy=90%`` is ``("cpu.saturated.busy", 0.9)``."""
    name, equals, number = text.partition("=")
    scale = 100.0 if number.endswith("%") else 1.0
    try:
        value = float(number.removesuffix("%")) / scale
    except ValueError:
        value = math.nan
    if not (equals and name and math.isfinite(value)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not RULE.LIMIT=NUMBER, such as cpu.saturated.busy=0.95"
        )
    return name, value


def chosen(args: argparse.Namespace) -> tuple[Rule, ...]:
    """The catalogue with the limits that were asked for."""
    from jinmaek.diagnosis.limits import UnknownLimit, with_limits
    from jinmaek.rules import rules

    try:
        return with_limits(rules(), dict(args.limits))
    except UnknownLimit as unknown:
        name = str(unknown.args[0])
        raise Usage(f"--set {name}", "there is no such limit", _nearest(name, list(unknown.known))) from None


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    rule = name.rpartition(".")[0]
    own = [one.removeprefix(f"{rule}.") for one in known if one.rpartition(".")[0] == rule]
    if own:
        return f"{rule} has {', '.join(own)}"
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else "jinmaek rules show RULE names those of a rule"
