"""Chapter 3: the load average and what it is made of."""
