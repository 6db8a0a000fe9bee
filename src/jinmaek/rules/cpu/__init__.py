"""Rules about processors."""
