"""The site of documents builds, its generated pages are those of the objects, and what it says is there."""

from __future__ import annotations

import importlib.util
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from jinmaek.catalog import refs
from jinmaek.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TOLD = sorted(path for path in DOCS.rglob("*.md") if not {"rules", "reference"} & set(path.parts))


def test_the_reference_pages_are_of_these_objects() -> None:
    wanted: dict[str, str] = runpy.run_path(str(DOCS / "generate.py"))["reference"]()
    there = {path.name: path.read_text("utf-8") for path in (DOCS / "reference").glob("*.md")}
    assert there == wanted, "make docs"


def test_every_column_and_command_has_its_line() -> None:
    columns = (DOCS / "reference" / "columns.en.md").read_text("utf-8")
    for ref in refs():
        assert f"| `{ref.column.name}` |" in columns
    commands = (DOCS / "reference" / "commands.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"## jinmaek {name}\n" in commands


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("mkdocs is not installed (extra docs)")
    site = ["--site-dir", str(tmp_path / "site")]
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", *site],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]*\.(?:js|css|woff2?)", home), (
        "nothing from elsewhere"
    )


@pytest.mark.parametrize("path", TOLD, ids=lambda path: str(path.relative_to(DOCS)))
def test_commands_that_are_told_are_there(path: Path) -> None:
    said = re.findall(r"(?:^    |`)(?:\$ )?jinmaek ([a-z]+)", path.read_text("utf-8"), flags=re.MULTILINE)
    for word in said:
        assert word in COMMANDS, word


def test_what_is_told_in_english_is_told_in_korean() -> None:
    english = {
        path.name for path in (*DOCS.glob("how-to/*.md"), *DOCS.glob("tutorial/*.md"), DOCS / "index.md")
    }
    assert english == {path.name for path in DOCS.glob("ko/*.md")}
