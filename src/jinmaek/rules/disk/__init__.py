"""Rules about block devices and what is written to them."""
