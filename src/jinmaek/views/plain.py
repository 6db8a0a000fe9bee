"""Text from outside, made harmless: a process may be called anything, escape sequences too."""

from __future__ import annotations


def safe(text: str) -> str:
    """``text`` with ``?`` for each character that would steer a terminal or cannot be seen.

    Those are control characters (C0, DEL, C1), marks that turn or hide text, separators of lines and
    paragraphs, lone surrogates, and what Unicode does not assign. Letters of every script stay.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
