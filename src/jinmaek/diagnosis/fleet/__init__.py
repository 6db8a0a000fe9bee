"""A rule as a query over all hosts that an engine knows, and what its answers say of each of them."""
