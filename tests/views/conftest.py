"""The recording that reports are made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.views import incident as made


@pytest.fixture(scope="session")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("incident")
    made.write(folder)
    return folder
