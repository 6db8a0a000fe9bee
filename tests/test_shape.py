"""The program looks at itself: every reader has a capture, every rule its cases, names are for ever."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from jinmaek import kernel
from jinmaek.catalog import refs
from jinmaek.columns import Reader, TreeReader
from jinmaek.diagnosis.rule import Rule
from jinmaek.root import Root
from jinmaek.rules import rules
from jinmaek.sampling import expand

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src" / "jinmaek"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST = 400
REFUSED = {"base", "common", "data", "globals", "helper", "helpers", "info", "manager", "util", "utils"}
NOT_CAPTURED = {
    "pressure_irq": "no kernel we could run is built with CONFIG_IRQ_TIME_ACCOUNTING",
    "arcstats": "no kernel we could run has OpenZFS; its tests read another host's file",
    "abdstats": "no kernel we could run has OpenZFS; its tests read another host's file",
    "kmsg_kill": "a kernel log tells more of a host than a capture should",
    "edac": "virtual machines have no memory controller of their own",
    "thermal_throttle": "virtual machines do not get hot",
}


@pytest.mark.parametrize("reader", kernel.readers(), ids=lambda reader: reader.table)
def test_every_reader_has_a_raw_capture(reader: Reader | TreeReader) -> None:
    trees = [Root(str(tree)) for tree in (HERE / "captures").iterdir() if tree.is_dir()]
    held = [
        path
        for tree in trees
        for pattern in reader.paths
        for path in expand(tree, pattern)
        if Path(tree.path(path)).is_file()
    ]
    assert held or reader.table in NOT_CAPTURED, f"capture one of {reader.paths} under tests/captures"


def test_stored_names_are_for_ever() -> None:
    """A column may be added; one that was ever there may not go or change its kind or unit."""
    golden = (HERE / "columns.txt").read_text().splitlines()
    today = [f"{ref.name} {ref.column.kind} {ref.column.unit}" for ref in refs()]
    gone = sorted(set(golden) - set(today))
    new = sorted(set(today) - set(golden))
    assert not gone, f"stored names changed: {gone}"
    assert not new, f"add to tests/columns.txt: {new}"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_rule_has_cases(rule: Rule) -> None:
    folder, name = rule.id.replace("-", "_").split(".")
    assert (HERE / "rules" / folder / f"{name}.yaml").is_file()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_are_one_idea_each(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST
    assert path.stem not in REFUSED
    tree = ast.parse(text)
    if path.name != "__init__.py" or tree.body:
        assert ast.get_docstring(tree), "says in a line what it is"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_shell_no_eval_no_pickle(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name(id="eval" | "exec" | "compile" | "__import__")):
                pytest.fail(f"line {node.lineno}")
            case ast.Import(names=names):
                assert not {name.name for name in names} & {"pickle", "marshal", "shelve", "subprocess"}
            case ast.ImportFrom(module="pickle" | "marshal" | "shelve" | "subprocess"):
                pytest.fail(f"line {node.lineno}")
            case ast.ExceptHandler(type=None | ast.Name(id="Exception" | "BaseException"), body=body):
                assert isinstance(body[-1], ast.Raise), f"line {node.lineno}: swallows everything"
