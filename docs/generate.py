"""Writes the pages of ``docs/rules`` from the rules, and the API of the page from its code: ``make docs``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jinmaek.i18n import LANGUAGES
from jinmaek.rules import rules
from jinmaek.views.rules_markdown import index, page

HEAD = {
    "en": "# Rules\n\nWritten by `make docs` from the rules. `jinmaek rules show ID` prints the same.\n\n",
    "ko": "# 규칙\n\n`make docs`가 규칙에서 만든 것입니다. `jinmaek rules show ID`와 내용이 같습니다.\n\n",
}


def pages() -> dict[str, str]:
    """The text of each page by its path below ``docs/rules``."""
    found: dict[str, str] = {}
    for lang in LANGUAGES:
        found[f"{lang}/README.md"] = HEAD[lang] + index(rules(), lang)
        found.update({f"{lang}/{rule.id}.md": page(rule, lang) for rule in rules()})
    return found


def main() -> int:
    """Write what has changed, and remove pages of rules there are no more."""
    folder = Path(__file__).parent / "rules"
    wanted = pages()
    for path in folder.glob("*/*.md"):
        if str(path.relative_to(folder)) not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    try:
        from jinmaek.views.web.schema import document
    except ModuleNotFoundError as missing:
        sys.stderr.write(f"docs/openapi.json stays as it is: {missing.name} is not installed\n")
        return 0
    api = json.dumps(document(), indent=1) + "\n"
    (folder.parent / "openapi.json").write_text(api, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
