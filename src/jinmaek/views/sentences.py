"""Sentences of verdicts, said in a language with their numbers formatted."""

from __future__ import annotations

from jinmaek.accounts.memory_titles import TITLES
from jinmaek.i18n import tr
from jinmaek.views.plain import safe
from jinmaek.views.units import amount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinmaek.diagnosis.sentence import Sentence, Value


def say(sentence: Sentence, lang: str) -> str:
    """The sentence; an amount called ``x_bytes`` is followed by ``x_owner``, where there is one."""
    values = sentence.values
    return tr(lang, sentence.text).format(**{name: _said(name, values, lang) for name in values})


def _said(name: str, values: Mapping[str, Value], lang: str) -> str:
    value = values[name]
    if name in ("first", "second"):
        return tr(lang, TITLES[str(value)])
    if isinstance(value, str):
        return safe(tr(lang, value) if name == "kind" else value)
    if name == "share":
        return amount(value, "ratio")
    if name.endswith("rate"):
        return amount(value, "pages/s")
    if not name.endswith("bytes"):
        return f"{value:,}"
    text = amount(value, "bytes")
    owner = values.get(f"{name.removesuffix('bytes')}owner")
    if owner is None:
        return text
    held = amount(float(values[f"{name.removesuffix('bytes')}owner_bytes"]), "bytes")
    return f"{text} ({safe(str(owner))}: {held})"
