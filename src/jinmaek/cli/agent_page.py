"""The page beside an agent's metrics: ``jinmaek agent --web``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jinmaek.agent.running import Page, Settings
from jinmaek.views.web.application import application
from jinmaek.views.web.archive import Archive, NotThere
from jinmaek.views.web.live import Live


@contextmanager
def page(settings: Settings) -> Iterator[Page]:
    """The page over the running host, and over what was recorded before the agent started.

    Raises ``choose.Refused``.
    """
    live = Live(settings.rules, settings.way)
    live.start()
    archive = None
    try:
        try:
            archive = Archive(settings.recording, settings.rules)
        except (OSError, NotThere):
            archive = None  # nothing was recorded yet: the live page knows the last hour
        app = application(live, archive, settings.rules)
        yield Page(app, app.state.hub.end)
    finally:
        live.stop()
        if archive is not None:
            archive.close()
