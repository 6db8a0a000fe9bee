"""What could not be read, in words."""

from __future__ import annotations

from jinmaek.i18n import tr
from jinmaek.views.plain import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.model import Gap


def said(gap: Gap, lang: str) -> str:
    """The source, why, and the detail where there is one."""
    detail = f" ({safe(gap.detail)})" if gap.detail else ""
    return f"{safe(gap.source)} {tr(lang, gap.kind)}{detail}"
