"""Rules about the load average and what it is made of."""
