"""Writes the pages that come from the objects, of rules, columns and commands, and the API: ``make docs``."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from jinmaek.catalog import refs
from jinmaek.cli.main import COMMANDS
from jinmaek.i18n import LANGUAGES
from jinmaek.rules import rules
from jinmaek.views.reference_markdown import columns, commands
from jinmaek.views.rules_markdown import index, page

HEAD = {
    "en": "# Rules\n\nWritten by `make docs` from the rules. `jinmaek rules show ID` prints the same.\n\n",
    "ko": "# 규칙\n\n`make docs`가 규칙에서 만든 것입니다. `jinmaek rules show ID`와 내용이 같습니다.\n\n",
}
COLUMNS_HEAD = {
    "en": "# Columns\n\nWritten by `make docs` from the readers. A quantity has one name, `table.column`: "
    "the kernel's file and the kernel's own name. `jinmaek explain NAME` says more, with the host's "
    "figures.\n\n",
    "ko": "# 열\n\n`make docs`가 커널 파일을 읽는 코드에서 만든 것입니다. 값마다 이름은 하나, "
    "`테이블.열`이며 커널의 파일과 커널이 쓰는 이름 그대로입니다. `jinmaek explain 이름`이 "
    "그 호스트의 값으로 더 자세히 설명합니다.\n\n",
}
COMMANDS_HEAD = (
    "# Commands\n\nWritten by `make docs` from the parsers. Exit status: 0 done; 1 with `--fail-on` and a "
    "finding at or above it; 2 usage; 3 the source cannot be read.\n\n"
)


def pages() -> dict[str, str]:
    """The text of each page by its path below ``docs/rules``."""
    found: dict[str, str] = {}
    for lang in LANGUAGES:
        found[f"{lang}/README.md"] = HEAD[lang] + index(rules(), lang)
        found.update({f"{lang}/{rule.id}.md": page(rule, lang) for rule in rules()})
    return found


def reference() -> dict[str, str]:
    """The text of each page by its path below ``docs/reference``."""
    found = {f"columns.{lang}.md": COLUMNS_HEAD[lang] + columns(refs(), lang) for lang in LANGUAGES}
    made = []
    for name in COMMANDS:
        module = importlib.import_module(f"jinmaek.cli.{name}")
        parser = argparse.ArgumentParser(prog=f"jinmaek {name}", conflict_handler="resolve")
        module.build(parser)
        made.append((name, COMMANDS[name], parser))
    return {**found, "commands.md": COMMANDS_HEAD + commands(made)}


def main() -> int:
    """Write what has changed, and remove pages of what there is no more."""
    docs = Path(__file__).parent
    for folder, wanted in ((docs / "rules", pages()), (docs / "reference", reference())):
        for path in folder.rglob("*.md"):
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
    (docs / "openapi.json").write_text(api, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
