"""jinmaek (진맥, taking the pulse): a doctor for Linux hosts."""

__version__ = "0.1.0"
