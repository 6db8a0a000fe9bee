"""Expressions in words, in English and Korean, and the unit their values are in."""

from __future__ import annotations

from typing import assert_never

from jinmaek.diagnosis.expr import (
    Aggregate,
    AllOf,
    AnyOf,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Length,
    Match,
    Named,
    Now,
    Range,
    Unless,
)
from jinmaek.diagnosis.shape import columns, seconds, subject_labels
from jinmaek.i18n import tr

__all__ = ["columns", "subject_labels", "unit", "words"]

SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}


def words(expr: Expr, lang: str) -> str:  # noqa: C901 - one match over all nodes
    """An expression as a short part of a sentence."""
    match expr:
        case Const(value):
            return f"{value:g}" if abs(value) < 1e6 else f"{value:,.0f}"
        case Now(ref, where, ago):
            return _ago(ref.name + _where(where), ago, lang)
        case Range(fn, ref, over, where, ago):
            said = _range(fn, ref.name + _where(where), lang)
            if over is not None:
                said = tr(lang, "{what} over {time}").format(what=said, time=_time(seconds(over), lang))
            return _ago(said, ago, lang)
        case Arithmetic(op, left, right):
            first = words(left, lang) if _runs_on(op, left) else _part(left, lang)
            return f"{first} {SIGNS[op]} {_part(right, lang)}"
        case Compare(op, left, right):
            return _compare(op, lang).format(left=words(left, lang), right=words(right, lang))
        case AllOf(terms):
            return tr(lang, " and ").join(_part(term, lang) for term in terms)
        case AnyOf(terms):
            return tr(lang, " or ").join(_part(term, lang) for term in terms)
        case Unless(term, vetoes):
            held = tr(lang, " or ").join(_part(veto, lang) for veto in vetoes)
            return tr(lang, "{what}, unless {veto}").format(what=words(term, lang), veto=held)
        case Named(name, _):
            return tr(lang, name)
        case Aggregate(fn, term, by):
            said = _aggregate(fn, _part(term, lang), lang)
            return said if not by else tr(lang, "{what} by {labels}").format(what=said, labels=", ".join(by))
        case _:
            assert_never(expr)


def _part(expr: Expr, lang: str) -> str:
    """A part inside a larger one: in parentheses unless nothing can be read wrong."""
    text = words(expr, lang)
    return f"({text})" if isinstance(expr, Arithmetic | AllOf | AnyOf | Unless) else text


def _runs_on(op: str, left: Expr) -> bool:
    """Whether a chain of the same kind of operators goes on: a + b − c."""
    return isinstance(left, Arithmetic) and (left.op in "+-") == (op in "+-")


def _where(where: tuple[Match, ...]) -> str:
    # A long list of kernel functions says nothing at a glance.
    short = (f"{label}{how}{text if len(text) <= 40 else text[:39] + '…'}" for label, how, text in where)
    return "{" + ", ".join(short) + "}" if where else ""


def _ago(said: str, ago: Length, lang: str) -> str:
    time = seconds(ago)
    return tr(lang, "{what} {time} ago").format(what=said, time=_time(time, lang)) if time else said


def _time(length: float, lang: str) -> str:
    if length >= 3600 and length % 3600 == 0:
        return tr(lang, "{count} h").format(count=f"{length / 3600:g}")
    if length >= 60 and length % 6 == 0:
        return tr(lang, "{count} min").format(count=f"{length / 60:g}")
    return tr(lang, "{count} s").format(count=f"{length:g}")


def _range(fn: str, column: str, lang: str) -> str:
    match fn:
        case "rate":
            return tr(lang, "{column} per second").format(column=column)
        case "increase":
            return tr(lang, "growth of {column}").format(column=column)
        case "slope":
            return tr(lang, "trend of {column} per second").format(column=column)
        case "mean":
            return tr(lang, "mean of {column}").format(column=column)
        case "highest":
            return tr(lang, "highest {column}").format(column=column)
        case "lowest":
            return tr(lang, "lowest {column}").format(column=column)
    raise AssertionError(fn)


def _compare(op: str, lang: str) -> str:
    match op:
        case ">":
            return tr(lang, "{left} above {right}")
        case ">=":
            return tr(lang, "{left} at least {right}")
        case "<":
            return tr(lang, "{left} below {right}")
        case "<=":
            return tr(lang, "{left} at most {right}")
        case "==":
            return tr(lang, "{left} equal to {right}")
    raise AssertionError(op)


def _aggregate(fn: str, what: str, lang: str) -> str:
    match fn:
        case "sum":
            return tr(lang, "sum of {what}").format(what=what)
        case "max":
            return tr(lang, "largest {what}").format(what=what)
        case "min":
            return tr(lang, "smallest {what}").format(what=what)
        case "avg":
            return tr(lang, "average {what}").format(what=what)
        case "count":
            return tr(lang, "number of {what}").format(what=what)
    raise AssertionError(fn)


def unit(expr: Expr) -> str:  # noqa: C901 - one match over all nodes
    """``ratio``, ``bytes``, ``seconds``, ``count``, ``pages``, and the same per second: ``bytes/s``.

    A plain number has none and takes that of its other side: the empty word.
    """
    match expr:
        case Const():
            return ""
        case Now(ref):
            return ref.column.unit
        case Range(fn, ref):
            base = ref.column.unit
            if fn not in ("rate", "slope"):
                return base
            return "ratio" if base == "seconds" else f"{base}/s"
        case Arithmetic("+" | "-", left, right):
            return unit(left) or unit(right)
        case Arithmetic("*", left, right):
            return _product(unit(left), unit(right))
        case Arithmetic(_, left, right):
            return _quotient(unit(left), unit(right))
        case Compare(_, left):
            return unit(left)
        case AllOf(terms) | AnyOf(terms):
            return unit(terms[0])
        case Unless(term):
            return unit(term)
        case Named(_, term, own):
            return own or unit(term)
        case Aggregate(fn, term):
            return "count" if fn == "count" else unit(term)
        case _:
            assert_never(expr)


def _product(left: str, right: str) -> str:
    """Pages times the bytes of a page are bytes; otherwise the side that is no mere number decides."""
    if "pages" in (left, right) and "bytes" in (left, right):
        return "bytes"
    if right == "seconds" and left.endswith("/s"):
        return left.removesuffix("/s")
    plain = ("", "ratio", "count")
    if left in plain and right in plain:
        return max(left, right, key=plain.index)
    return right if left in plain else left


def _quotient(left: str, right: str) -> str:
    if right in ("", "ratio"):
        return left
    if left == right:
        return "ratio"
    if left.endswith("/s") and right.endswith("/s"):
        return _quotient(left.removesuffix("/s"), right.removesuffix("/s"))
    if right == f"{left}/s" or (left, right) == ("ratio", "count/s"):
        # What there is over what goes each second; time spent each second over events each second.
        return "seconds"
    if left == f"{right}/s":
        return "count/s"
    if right == "seconds" and left and not left.endswith("/s"):
        return f"{left}/s"
    return left or "count"
