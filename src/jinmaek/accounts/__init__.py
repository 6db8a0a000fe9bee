"""Sums that close: where the memory went, what the load is made of, who holds swap and page cache."""
