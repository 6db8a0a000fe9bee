"""Rules about swap space."""
