"""What all tests share: outside tools, and the captures taken from other hosts."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine may stand still for seconds: how long an example takes says nothing of what is tested.
settings.register_profile(
    "busy", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")

CAPTURES = Path(__file__).parent / "captures"
OTHER_HOSTS = Path(__file__).parents[2] / "shared" / "captures"


@pytest.fixture(scope="session")
def peer() -> Callable[[str], str]:
    """The path of another program to compare with: a skip on a user's machine, a failure in CI."""

    def find(tool: str) -> str:
        path = shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if path:
            return path
        reason = f"{tool} is not installed here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return find


def pytest_configure() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would all programs started here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is measured on the running machine is disturbed by whatever else runs there: such a test is made
    again, twice at most, and the summary names it."""
    for item in items:
        if item.get_closest_marker("kernel") or "peer" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))
