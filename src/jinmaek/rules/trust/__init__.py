"""Rules about whether the numbers can be believed at all."""
