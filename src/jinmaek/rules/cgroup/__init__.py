"""Rules about control groups and their limits."""
