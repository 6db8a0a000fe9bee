"""The task table: one columnar type, filled from /proc, and the tables counted from it."""

from __future__ import annotations

from jinmaek.tasks.census import TABLES

__all__ = ["TABLES"]
