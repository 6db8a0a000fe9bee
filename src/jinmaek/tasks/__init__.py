"""The task table: one columnar type, filled from /proc, and the tables counted from it."""

from __future__ import annotations

from jinmaek.tasks import census, descriptors

TABLES = (*census.TABLES, *descriptors.TABLES)
"""Those that come with the task scan, not from a file of their own."""
