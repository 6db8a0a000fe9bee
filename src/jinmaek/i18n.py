"""Text for people in English and Korean. The English sentence is the key."""

from __future__ import annotations

import gettext
import os
from functools import cache

LANGUAGES = ("en", "ko")


@cache
def catalogue(lang: str, domain: str = "jinmaek") -> gettext.NullTranslations:
    """The translations into ``lang``; English translates to itself, and so does a missing catalogue."""
    folder = os.path.join(os.path.dirname(__file__), "locale")
    return gettext.translation(domain, folder, languages=[lang], fallback=True)


def tr(lang: str, text: str) -> str:
    """``text`` in ``lang``."""
    return catalogue(lang).gettext(text) if text else text


def explained(lang: str, text: str) -> str:
    """A text of an explanation, or the help of a column, in ``lang``: they are a catalogue of their own,
    larger than all the rest and loaded only where something is explained."""
    return catalogue(lang, "explain").gettext(text) if text else text


def from_locale() -> str:
    """The language of the environment (LC_ALL, LC_MESSAGES, LANG in this order), ``en`` unless Korean."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "ko" if value.startswith("ko") else "en"
    return "en"
