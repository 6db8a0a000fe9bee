"""Chapter 2: what top shows of processes."""
