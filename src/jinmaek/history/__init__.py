"""Where readings over time come from: the look that is going on, a recording, another machine's store."""

from __future__ import annotations
