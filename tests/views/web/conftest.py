"""One server and one browser for all tests of the page."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from tests.views.web.serving import Server, hostile_process, start


def needed(module: str) -> Any:
    """A library the tests need: a skip on a user's machine, a failure in CI."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        reason = f"{missing.name} is not installed here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def hostile() -> Iterator[int]:
    """The pid of a process with a hostile name."""
    with hostile_process() as pid:
        yield pid


@pytest.fixture(scope="session")
def server(hostile: int) -> Iterator[Server]:
    """The page of this host."""
    needed("uvicorn")
    needed("starlette")
    made = start()
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.stop()
